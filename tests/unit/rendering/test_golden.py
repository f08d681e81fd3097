"""What the sample looks like, as it was last read and agreed to: `make golden` writes it anew."""

import re
from dataclasses import replace

import pytest

from mailer.base.settings import templates_dir
from mailer.content import Issue, read_issue
from mailer.rendering import Letter, Slot, fill, render, skeleton
from tests.support.golden import Golden
from tests.unit.rendering.builders import ARCHIVED, Anybody, filled_html, filled_text, web_page

SETS = [("academic",), ("industry",), ("outreach",), ("academic", "industry", "outreach")]


@pytest.fixture(scope="module")
def sample() -> Issue:
    return read_issue(templates_dir() / "sample")


def with_plain_names(made: str) -> str:
    """The pictures numbered: their names hash their bytes, which another Pillow may write another way."""
    numbers: dict[str, str] = {}
    return re.sub(
        r"\b[0-9a-f]{24}\.(png|jpg)\b", lambda name: numbers.setdefault(name[0], f"{len(numbers)}.{name[1]}"), made
    )


def lines_of(html: str) -> str:
    """One element a line, so that a review shows what changed."""
    return re.sub(r">(?=<)", ">\n", html)


@pytest.mark.parametrize("audiences", SETS, ids="-".join)
def test_the_samples_letters(sample: Issue, audiences: tuple[str, ...], golden: Golden) -> None:
    letter = render(sample, frozenset(audiences), ARCHIVED)
    name = "letter-" + "-".join(audiences)
    assert golden(f"{name}.html", lines_of(with_plain_names(filled_html(letter)))) == ""
    assert golden(f"{name}.txt", filled_text(letter)) == ""


def test_the_samples_message(sample: Issue, golden: Golden) -> None:
    letter: Letter = render(sample, frozenset({"industry"}), ARCHIVED)
    plain = replace(letter, pictures=(), html=tuple(map(_plain, letter.html)))
    headers = [("From", "Maths4DL <news@x.test>"), ("To", "Ada <ada@x.test>")]
    message = fill(skeleton(plain, headers=headers), Anybody())
    assert golden("letter-industry.eml", re.sub(rb"=_a[0-9a-f]{24}", b"=_a-boundary", message)) == ""


def _plain(segment: str | Slot) -> str | Slot:
    return with_plain_names(segment) if isinstance(segment, str) else segment


def test_the_samples_web_edition(sample: Issue, golden: Golden) -> None:
    assert golden("edition.html", with_plain_names(web_page(sample, *sample.meta.audiences, frame=ARCHIVED))) == ""
