"""languages …: what the subscriber's pages and notices speak."""

from typing import Annotated

import typer

from mailer.base.languages import FOLDER, Languages, missing, new_catalogue
from mailer.cli.output import JsonOption, say, show_either, show_json, show_table
from mailer.cli.workspace import WorkspaceOption, find_workspace

languages = typer.Typer(
    help="What the subscriber's pages and mails speak.", rich_markup_mode=None, no_args_is_help=True
)


def add_to(app: typer.Typer) -> None:
    """Give `mailer` the commands of this module."""
    app.add_typer(languages, name="languages", epilog="Example: mailer languages list")


@languages.command("list", epilog="Example: mailer languages list --json")
def list_languages(workspace: WorkspaceOption = None, json_: JsonOption = False) -> None:
    """All languages, and how many phrases the workspace's own catalogues leave in English."""
    own = find_workspace(workspace) / "templates"
    spoken = Languages(own)
    rows = []
    for one in spoken.offered:
        path = own / FOLDER / f"{one.code.replace('-', '_')}.po"
        rows.append(
            (one.code, one.own_name, str(path) if path.exists() else "", missing(path) if path.exists() else ())
        )
    if json_:
        show_json(
            [{"code": code, "name": name, "file": file, "missing": list(left)} for code, name, file, left in rows]
        )
        return
    show_table(
        ("code", "name", "in English", "own file"), ((code, name, len(left), file) for code, name, file, left in rows)
    )


@languages.command("add", epilog="Example: mailer languages add es")
def add(
    code: Annotated[str, typer.Argument(metavar="CODE", help="Such as es, pt_BR or zh_Hans.")],
    workspace: WorkspaceOption = None,
    json_: JsonOption = False,
) -> None:
    """Begin a catalogue: a file with every phrase, to be translated by hand or with Poedit."""
    path = new_catalogue(find_workspace(workspace) / "templates", code)
    show_either(str(path), {"file": str(path)}, json_=json_)
    say("What is not translated stays in English. The web part and the workers read it when they start.")
