"""The same input gives the same bytes: in another process, with another hash seed, zone and locale, and on another day."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
import time_machine

from mailer.base.settings import templates_dir
from mailer.content import read_issue
from mailer.rendering import Press, fill, skeleton, web_edition
from mailer.rendering.showing import slots_of
from tests.unit.rendering.builders import ARCHIVED, Anybody

PROJECT = Path(__file__).parents[3]
SETS = (("academic",), ("outreach", "industry", "academic"))
CASES = [
    {"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati", "LC_ALL": "C"},
    {"PYTHONHASHSEED": "4242", "TZ": "America/Los_Angeles", "LC_ALL": "C.UTF-8", "LANG": "de_DE.UTF-8"},
]


def digest() -> str:
    """Of the sample's letters, messages and web edition: HTML, text, MJML, pictures, calendar files."""
    issue = read_issue(templates_dir() / "sample")
    press, found = Press(issue, ARCHIVED), hashlib.sha256()
    for audiences in SETS:
        letter = press.letter(frozenset(audiences))
        message = fill(skeleton(letter, headers=[("To", "ada@x.test")]), Anybody())
        found.update(repr((letter.mjml, letter.html, letter.text, letter.subject, letter.calendars)).encode())
        found.update(message)
        found.update("".join(sorted(map(repr, slots_of(letter)))).encode())
        for picture in letter.pictures:
            found.update(picture.name.encode() + picture.content)
    edition = web_edition(issue, frozenset(SETS[1]), ARCHIVED)
    found.update(edition.html.encode() + repr(edition.calendars).encode())
    found.update("".join(picture.name for picture in edition.pictures).encode())
    return found.hexdigest()


@pytest.mark.parametrize("variables", CASES, ids=lambda case: case["TZ"])
def test_the_same_issue_gives_the_same_bytes_elsewhere_and_on_another_day(variables: dict[str, str]) -> None:
    program = (
        "import time, time_machine; time.tzset()\n"
        "from tests.unit.rendering.test_same_bytes import digest\n"
        "with time_machine.travel('2031-02-03T04:05:06Z'): print(digest())"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        check=False,
        env={**os.environ, **variables},
    )
    assert ran.returncode == 0, ran.stderr
    with time_machine.travel("2026-11-25T01:02:03Z"):
        assert ran.stdout.strip() == digest()
