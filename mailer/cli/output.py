"""What a command prints: results on standard output, messages and progress on standard error."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Annotated, Any

import typer

JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def say(message: str) -> None:
    """A message for the person at the terminal."""
    print(message, file=sys.stderr, flush=True)  # noqa: T201


def show(text: str) -> None:
    """A line of the result."""
    print(text)  # noqa: T201


def show_json(value: object) -> None:
    """The result as one line of JSON."""
    print(json.dumps(value, ensure_ascii=False, default=_plain))  # noqa: T201


def show_either(said: str, result: object, *, json_: bool) -> None:
    """The result: in words, or as JSON."""
    if json_:
        show_json(result)
    else:
        show(said)


def show_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table with aligned columns, without lines, so that it can be cut and searched."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in [list(head), *texts]) for column in range(len(head))]
    for row in [list(head), *texts]:
        show("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def is_yes(question: str, *, yes: bool) -> bool:
    """Ask; `yes` answers without asking. Without a terminal there is nobody to ask, and the answer is no."""
    if yes:
        return True
    if not sys.stdin.isatty():
        say(f"{question} No: there is no terminal to ask at; --yes answers every question.")
        return False
    return typer.confirm(question, err=True)


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, frozenset | set | tuple):
        return list(value)
    return str(value)
