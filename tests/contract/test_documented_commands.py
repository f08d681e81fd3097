"""Every command that README and docs show is run, page by page, in the order in which a reader would type them.

A block marked `console` holds commands after `$ `; all that a page shows is run in one fresh folder. What is served until
Ctrl-C is started, and ended by it. The targets of make are what other tests run; here they must exist.
"""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.support.mailer_process import Start, mailer_command, run_mailer

PROJECT = Path(__file__).parents[2]
PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
PLACE = re.compile(r"`((?:mailer|subscribers|templates|tests|docs|benchmarks)/[\w./*-]*)`")
SERVES = ("run", "web", "worker", "beat", "preview")


def _commands(page: Path) -> list[str]:
    blocks = CONSOLE.findall(page.read_text(encoding="utf-8"))
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")]


@pytest.mark.parametrize("page", [page for page in PAGES if _commands(page)], ids=lambda page: page.name)
def test_the_commands_of_a_page_work_one_after_the_other(page: Path, tmp_path: Path, start_mailer: Start) -> None:
    here = tmp_path
    for command in _commands(page):
        words = shlex.split(command)
        if words[0] == "cd":
            here = here / words[1]
            assert here.is_dir(), command
        elif words[0] == "make":
            subprocess.run(["make", "--dry-run", *words[1:]], check=True, capture_output=True, cwd=PROJECT)
        elif words[0] == "mailer" and words[1] in SERVES:
            process = start_mailer(*words[1:], cwd=here)
            process.wait_for(r"http://127\.0\.0\.1:\d+|ready")
            assert process.interrupt() == 0, process.log
        elif words[0] == "mailer":
            done = run_mailer(*words[1:], cwd=here)
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        else:
            path = os.pathsep.join([str(Path(mailer_command()[0]).parent), os.environ["PATH"]])
            subprocess.run(words, check=True, cwd=here, env={**os.environ, "PATH": path})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_link_between_the_pages_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    missing = [target for target in LINK.findall(text) if not (page.parent / target).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    named = PLACE.findall(page.read_text(encoding="utf-8"))
    assert [place for place in named if not list(PROJECT.glob(place.rstrip("/")))] == []


def test_every_console_block_shows_a_command() -> None:
    for page in PAGES:
        for block in CONSOLE.findall(page.read_text(encoding="utf-8")):
            assert any(line.startswith("$ ") for line in block.splitlines()), f"{page.name}: {block}"
