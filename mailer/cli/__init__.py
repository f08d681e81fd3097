"""The command `mailer`: results to standard output, messages to standard error, exit codes as the contract says."""

import sys
from typing import Annotated

import typer

from mailer import __version__
from mailer.cli import campaigns, feedback, issues, operate, people, serve
from mailer.cli.exits import guarded

app = typer.Typer(
    name="mailer",
    help="Turn a newsletter issue written in Markdown into responsive email, and send it, once, to everyone who asked for it.",
    no_args_is_help=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for part in (operate, serve, issues, campaigns, people, feedback):
    part.add_to(app)


@app.callback(invoke_without_command=True, epilog="Example: mailer init && mailer run")
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(__version__)  # noqa: T201
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())  # noqa: T201
        raise typer.Exit


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(guarded(lambda: app(sys.argv[1:], standalone_mode=False)))
