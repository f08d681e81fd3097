"""doctor: whether everything outside of mailer is as it must be."""

from dataclasses import asdict
from typing import Annotated

import typer

from mailer.app import App, settings_of
from mailer.cli.exits import DONE, FAULTS
from mailer.cli.output import JsonOption, say, show_json, show_table
from mailer.cli.workspace import WorkspaceOption, find_workspace
from mailer.doctor import Names, examine


def add_to(app: typer.Typer) -> None:
    """Give `mailer` the command of this module."""
    app.command("doctor", epilog="Example: mailer doctor --json")(doctor)


def doctor(
    nameserver: Annotated[
        str, typer.Option(metavar="ADDRESS[:PORT]", help="Ask this name server; default: the machine's own.")
    ] = "",
    workspace: WorkspaceOption = None,
    json_: JsonOption = False,
) -> int:
    """Look at database, queue, relay, clock, DNS, public address, bounces, disk and backups, and tell what to do.

    Nothing is changed, and no mail is sent. Exits with 1 where something keeps mail from leaving or from being taken.
    """
    app = App(settings_of(find_workspace(workspace)), queue=None)
    try:
        found = list(examine(app, Names(nameserver)))
    finally:
        app.close()
    faults = sum(finding.level == "error" for finding in found)
    if json_:
        show_json([asdict(finding) for finding in found])
    else:
        rows = [(finding.level, finding.about, _told(finding.message, finding.do)) for finding in found]
        show_table(("level", "about", "what is found → what to do"), rows)
        warnings = sum(finding.level == "warning" for finding in found)
        say(f"{faults} errors, {warnings} warnings")
    return FAULTS if faults else DONE


def _told(message: str, do: str) -> str:
    return f"{message} → {do}" if do else message
