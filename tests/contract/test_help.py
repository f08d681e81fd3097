"""Every command tells how it is used, by an example that could be typed."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from mailer.cli import make_app

app = make_app()

CONTRACT = """
init run web worker beat demo new check render preview test-send send audit
campaign/create campaign/schedule campaign/list campaign/show campaign/pause campaign/resume campaign/cancel campaign/report
subscribers/import subscribers/export subscribers/show subscribers/add subscribers/unsubscribe subscribers/erase
subscribers/suppress audiences/list audiences/add audiences/edit audiences/archive segments/list segments/add
segments/count feedback/read feedback/poll dkim/keygen user/add user/list user/disable user/reset token/add token/list token/revoke db/upgrade
"""
PLACES, TEXTS = ("docs", "mailer", "subscribers", "templates"), (".py", ".md", ".html")
NAMED = re.compile(r"`mailer ([a-z][a-z-]*)(?: ([a-z-]+))?")
PRINTS_RESULTS = [
    "check",
    "campaign/create",
    "campaign/show",
    "campaign/list",
    "campaign/report",
    "subscribers/show",
    "feedback/read",
    "languages/add",
    "test-send",
    "user/reset",
]


def _walk(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, below in sorted(getattr(command, "commands", {}).items()):
        yield from _walk(below, (*path, name))


PATHS = list(_walk(typer.main.get_command(app)))


def _help(path: tuple[str, ...]) -> str:
    done = CliRunner().invoke(app, [*path, "--help"], env={"COLUMNS": "200", "TERMINAL_WIDTH": "200"})
    assert done.exit_code == 0
    return done.stdout


def test_the_commands_of_the_contract_are_all_there() -> None:
    assert {tuple(name.split("/")) for name in CONTRACT.split()} <= set(PATHS)


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_every_help_has_an_example_that_could_be_typed(path: tuple[str, ...]) -> None:
    text = _help(path)
    found = re.search(r"Example: (mailer\b.*)", text, re.DOTALL)
    assert found, text
    words = shlex.split(" ".join(found[1].split()))
    assert tuple(words[1 : len(path) + 1]) == path
    options = {word.partition("=")[0] for word in words if word.startswith("--")}
    if getattr(typer.main.get_command(app), "commands", None) and path:
        missing = {option for option in options if not re.search(rf"(?m)\s{option}\b", text)}
        is_group = any(other[: len(path)] == path and other != path for other in PATHS)
        assert is_group or not missing, f"{missing} in the example, but not in the help"


def test_no_message_and_no_page_sends_anyone_to_a_command_that_is_not_there() -> None:
    root = Path(__file__).parents[2]
    texts = [
        root / "README.md",
        *(path for name in PLACES for path in (root / name).rglob("*") if path.suffix in TEXTS),
    ]
    named = {(match[1], match[2]) for path in texts for match in NAMED.finditer(path.read_text(encoding="utf-8"))}
    assert len(named) > 20
    groups = {path[0] for path in PATHS if len(path) > 1}
    assert {pair for pair in named if (pair if pair[0] in groups and pair[1] else pair[:1]) not in PATHS} == set()


@pytest.mark.parametrize("name", PRINTS_RESULTS)
def test_commands_that_print_results_print_json_too(name: str) -> None:
    assert "--json" in _help(tuple(name.split("/")))
