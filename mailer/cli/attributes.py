"""attributes …: what can be known of a person beside name and language, and the types of the values."""

from enum import StrEnum
from typing import Annotated

import typer

from mailer.cli.output import JsonOption, show_either, show_json, show_table
from mailer.cli.workspace import WorkspaceOption, opened
from subscribers import attributes as attribute_book

ACTOR = "cli"

attributes = typer.Typer(help="What can be known of people.", rich_markup_mode=None, no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Letters, digits and underscores.")]


class AttributeKind(StrEnum):
    """The type of an attribute's values."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    YES_NO = "yes-no"


def add_to(app: typer.Typer) -> None:
    """Give `mailer` the commands of this module."""
    app.add_typer(attributes, name="attributes", epilog="Example: mailer attributes list")


@attributes.command("list", epilog="Example: mailer attributes list --json")
def list_attributes(workspace: WorkspaceOption = None, json_: JsonOption = False) -> None:
    """All that are declared, with their types."""
    with opened(workspace) as app, app.database.read() as session:
        rows = attribute_book.list_attributes(session)
    if json_:
        show_json([{"name": row.name, "type": row.kind, "label": row.label} for row in rows])
        return
    show_table(("name", "type", "label"), ((row.name, row.kind, row.label) for row in rows))


@attributes.command("add", epilog='Example: mailer attributes add joined --type date --label "Member since"')
def add_attribute(
    name: NameArgument,
    kind: Annotated[AttributeKind, typer.Option("--type", help="Of the values.")] = AttributeKind.TEXT,
    label: Annotated[str, typer.Option(metavar="TEXT", help="As the manager reads it.")] = "",
    remove_unfit: Annotated[
        bool, typer.Option("--remove-unfit", help="Take away the values that cannot be read as the type.")
    ] = False,
    workspace: WorkspaceOption = None,
    json_: JsonOption = False,
) -> None:
    """Declare an attribute, or give a declared one another type or label; the values that are there take on the type.

    Where some cannot be read as it, nothing is changed, and their number is told.
    """
    unfit: attribute_book.Unfit = "remove" if remove_unfit else "refuse"
    with opened(workspace) as app, app.database.begin() as session:
        change = attribute_book.declare(session, name, kind.value, label, unfit=unfit, now=app.clock(), actor=ACTOR)
    told = f"; {change.converted} values converted" if change.converted else ""
    told += f"; {change.removed} values removed" if change.removed else ""
    counts = {"converted": change.converted, "removed": change.removed}
    result = {"name": name, "type": kind.value, "label": label, **counts}
    show_either(f"attribute {name} is declared as {kind.value}{told}", result, json_=json_)


@attributes.command("retire", epilog="Example: mailer attributes retire joined")
def retire_attribute(name: NameArgument, workspace: WorkspaceOption = None, json_: JsonOption = False) -> None:
    """Let filters and letters know it no more; values stay with the people, and a new one declares it again as text."""
    with opened(workspace) as app, app.database.begin() as session:
        attribute_book.retire(session, name, now=app.clock(), actor=ACTOR)
    show_either(f"attribute {name} is retired", {"name": name, "retired": True}, json_=json_)
