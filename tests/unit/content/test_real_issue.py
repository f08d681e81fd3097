"""The real first issue parses as it is."""

import pytest

from mailer.content import Issue, plain, select
from mailer.content.issue import Formula, Heading, Link
from mailer.content.walk import all_blocks, all_inlines, inlines_of
from tests.support.samples import the_real_issue


@pytest.fixture(scope="module")
def issue() -> Issue:
    return the_real_issue()


def test_the_title_is_the_first_heading_and_is_not_doubled(issue: Issue) -> None:
    assert issue.meta.title == issue.meta.subject == "NEWSLETTER ISSUE 1"
    assert all("NEWSLETTER" not in plain(run) for block in all_blocks(issue.blocks) for run in inlines_of(block))


def test_nothing_is_found_wrong_and_the_file_is_not_ours(issue: Issue) -> None:
    assert issue.findings == ()
    assert not issue.meta.own


def test_every_heading_stands_once_with_an_anchor_of_its_own(issue: Issue) -> None:
    headings = [block for block in issue.blocks if isinstance(block, Heading)]
    written = [line for line in issue.text.split("\n") if line.startswith("#")]
    assert [plain(heading.inlines) for heading in headings] == [line.lstrip("# ") for line in written[1:]]
    assert len({heading.anchor for heading in headings}) == len(headings)


def test_its_formulas_are_formulas(issue: Issue) -> None:
    formulas = [inline for _, inline in all_inlines(issue.blocks) if isinstance(inline, Formula)]
    assert [formula.tex for formula in formulas if not formula.display] == [
        "X",
        "Y",
        r"Fq : Y \rightarrow Y",
        r"Hf : X \rightarrow X",
        r"\tilde{A} : X \rightarrow Y",
        r"\tilde{A}",
    ]
    assert len([formula for formula in formulas if formula.display]) == 2
    lines = issue.text.split("\n")
    assert all(
        lines[formula.place.line - 1][formula.place.column - 1 :].lstrip("$").startswith(formula.tex[:4])
        for formula in formulas
    )


def test_every_address_and_every_arxiv_number_is_linked(issue: Issue) -> None:
    links = [inline.href for _, inline in all_inlines(issue.blocks) if isinstance(inline, Link)]
    assert len([href for href in links if href.startswith("https://arxiv.org/abs/")]) == issue.text.count("arXiv:")
    assert len(links) == issue.text.count("<http") + issue.text.count("arXiv:") + 1


def test_every_word_is_there_once(issue: Issue) -> None:
    seen = " ".join(plain(run) for block in issue.blocks for run in inlines_of(block))
    for word in ("Schönlieb", "e0272963", "SPI-M-O", "walnut", "3729–3748"):
        assert seen.count(word) == issue.text.count(word)


def test_readers_of_any_audience_see_all_of_it(issue: Issue) -> None:
    assert select(issue, frozenset({"academic"})) == issue.blocks
