"""What marks a formula in a text: dollars and brackets, and what may stand between them."""

import pytest

from mailer.content import Issue, StoredFiles, read_files
from mailer.content.issue import Formula
from mailer.content.walk import all_inlines


def read(text: str) -> Issue:
    return read_files(StoredFiles({"issue.md": text.encode()}))


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        (r"$x \text{ if $y$}$ and $z$", [r"x \text{ if $y$}", "z"]),
        (r"$\fcolorbox{red}{white}{$w$}$", [r"\fcolorbox{red}{white}{$w$}"]),
        (r"$\{$ and $\}$", [r"\{", r"\}"]),
        ("$a{b$ c $d$", ["a{b", "d"]),
        ("$1 {x} $2", []),
    ],
)
def test_dollars_within_braces_belong_to_the_formula(text: str, formulas: list[str]) -> None:
    issue = read(text)
    assert [found.tex for _, found in all_inlines(issue.blocks) if isinstance(found, Formula)] == formulas


@pytest.mark.parametrize("text", [r"See $\href{https://x.org/a_b}{x^2}$.", r"<p>See $\href{https://x.org}{x^2}$</p>"])
def test_a_link_within_a_formula_is_named_and_what_it_shows_stays(text: str) -> None:
    issue = read(text)
    (formula,) = (found for _, found in all_inlines(issue.blocks) if isinstance(found, Formula))
    assert formula.tex == "{x^2}"
    assert [finding.code for finding in issue.findings] == ["formula-link"]
