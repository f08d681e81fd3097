"""dkim …: the keys that sign our mail."""

from dataclasses import asdict
from typing import Annotated

import typer

from mailer.cli.output import JsonOption, say, show, show_json
from mailer.cli.workspace import WorkspaceOption, find_workspace
from mailer.delivery.message.keygen import make_keys

dkim = typer.Typer(help="The keys that sign our mail.", rich_markup_mode=None, no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Give `mailer` the commands of this module."""
    app.add_typer(dkim, name="dkim", epilog="Example: mailer dkim keygen news.example.org")


@dkim.callback()
def _group() -> None:
    """The keys that sign our mail."""


@dkim.command(epilog="Example: mailer dkim keygen news.example.org")
def keygen(
    domain: Annotated[str, typer.Argument(metavar="DOMAIN", help="That of the From address.")],
    selector: Annotated[
        str, typer.Option(metavar="NAME", help="Of the two keys; default: mailer1, then mailer2 and so on.")
    ] = "",
    workspace: WorkspaceOption = None,
    json_: JsonOption = False,
) -> None:
    """Make an RSA and an Ed25519 key, and tell the DNS records to publish and the settings that use them."""
    home = find_workspace(workspace)
    keys = make_keys(home, domain, selector=selector)
    settings = {
        "domain": domain,
        "selector": " ".join(key.selector for key in keys),
        "key_file": " ".join(key.file for key in keys),
    }
    if json_:
        records = [{"type": "TXT", **asdict(key), "zone_line": key.zone_line} for key in keys]
        show_json({"keys": records, "settings": settings})
        return
    for key in keys:
        show(f"{key.name}  TXT\n{key.record}\n")
    show("[dkim]\n" + "\n".join(f'{name} = "{value}"' for name, value in settings.items()))
    say(f"1. Publish these TXT records in the DNS. 2. Then put the [dkim] lines into {home / 'mailer.toml'}.")
