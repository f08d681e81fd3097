"""The command `mailer`: results to standard output, messages to standard error, exit codes as the contract says."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Final

import typer

from mailer import __version__
from mailer.cli.exits import guarded

PARTS: Final = {
    "operate": ("init", "demo", "audit", "user", "token"),
    "database": ("db",),
    "doctor": ("doctor",),
    "serve": ("run", "web", "preview"),
    "work": ("worker", "beat"),
    "issues": ("new", "check", "render", "test-send"),
    "campaigns": ("send", "campaign"),
    "people": ("subscribers", "audiences", "segments", "attributes"),
    "feedback": ("feedback",),
    "languages": ("languages",),
    "dkim": ("dkim",),
}
"""Which module of this package has which commands: only the one that is asked for is imported, which halves the start."""


def make_app(parts: Sequence[str] = tuple(PARTS)) -> typer.Typer:
    """The command line with the commands of these parts."""
    app = typer.Typer(
        name="mailer",
        help="Turn a newsletter issue written in Markdown into responsive email, "
        "and send it, once, to everyone who asked for it.",
        no_args_is_help=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True, epilog="Example: mailer init && mailer run")(_root)
    for part in parts:
        import_module(f"mailer.cli.{part}").add_to(app)
    return app


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


def parts_for(arguments: Sequence[str]) -> tuple[str, ...]:
    """The parts that a command line needs: the one that has its command, else all."""
    command = next((argument for argument in arguments if not argument.startswith("-")), "")
    if arguments[:1] == ["--version"]:
        return ("feedback",)
    return tuple(part for part, commands in PARTS.items() if command in commands) or tuple(PARTS)


def main() -> None:
    """Run the command line and leave with its exit code."""
    arguments = sys.argv[1:]
    sys.exit(guarded(lambda: make_app(parts_for(arguments))(arguments, standalone_mode=False)))
