"""The issues by which what we write is judged."""

from dataclasses import replace
from pathlib import Path

import pytest

from mailer.base.settings import templates_dir
from mailer.content import Issue, read_issue
from mailer.rendering import FieldSlot, LinkSlot
from tests.support.skips import EXCUSE, SHARED

FOLDER = Path(__file__).parents[1] / "data" / "issues"
SAMPLES = ("sample", "sample in German, other theme", "real", "plain", "right-to-left", "right-to-left, other theme")


def the_real_issue() -> Issue:
    """The first issue of the programme; it is not ours to give away, and is read where it lies beside the project."""
    path = SHARED / "data" / "maths4dl-issue-1.md"
    if not path.exists():
        pytest.skip(EXCUSE)
    return read_issue(path)


def an_issue(name: str) -> Issue:
    """One of `SAMPLES`."""
    if name == "real":
        return the_real_issue()
    if name.startswith(("plain", "right-to-left")):
        issue = read_issue(FOLDER / f"{name.partition(',')[0]}.md")
        theme = "signal" if "other theme" in name else issue.meta.theme
        return replace(issue, meta=replace(issue.meta, theme=theme))
    sample = read_issue(templates_dir() / "sample")
    if name == "sample":
        return sample
    return replace(sample, meta=replace(sample.meta, theme="signal", language="de"))


def value_of(slot: FieldSlot | LinkSlot) -> str:
    """What a reader called Ada gets in a gap of a letter."""
    return "Ada" if isinstance(slot, FieldSlot) else f"https://news.test/{slot.name}/token"
