"""What marks a formula in a text, and which commands may stand in it."""

import pytest

from mailer.content import check_issue
from mailer.content.formulas.aliases import ALIASES
from mailer.content.formulas.typesetting import Typeset, typeset
from mailer.content.issue import DisplayFormula, Formula
from mailer.content.walk import all_inlines
from tests.unit.content.builders import read


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


@pytest.mark.parametrize(
    ("tex", "alike"),
    [
        (r"\text{Strau\ss e}", r"\text{Strauße}"),
        (r"\text{\ae r\o d{\aa}}", "\\text{ær\xf8d{\xe5}}"),
        (r"\reals\infin\larr", r"\mathbb{R}\infty\leftarrow"),
        (r"\tg x+\operatornamewithlimits{ess}_x", r"\operatorname{tg} x+\operatorname*{ess}_x"),
        (r"\underbar{x}\bold{y}\Alpha", r"\underline{x}\mathbf{y}\mathrm{A}"),
    ],
)
def test_names_that_katex_knows_mean_the_same_here(tex: str, alike: str) -> None:
    one, other = typeset(tex, display=True), typeset(alike, display=True)
    assert isinstance(one, Typeset)
    assert isinstance(other, Typeset)
    assert (one.svg, one.mathml, one.alt) == (other.svg, other.mathml, other.alt)


@pytest.mark.parametrize("name", ALIASES)
def test_every_alias_can_be_set(name: str) -> None:
    assert isinstance(typeset(rf"a\{name}{{b}}c", display=True), Typeset)


def test_a_formula_too_wide_for_a_phone_is_named_at_its_place() -> None:
    wide = " + ".join(f"x_{{{number}}}" for number in range(30))
    text = f"---\ntitle: T\nsubject: S\npreheader: P\n---\n\n$${wide}$$\n\n$x + y$\n\n$$\\begin{{gathered}}{wide[:90]}\\\\{wide[:90]}\\end{{gathered}}$$\n"
    assert [(found.place.line, found.code) for found in check_issue(read(text))] == [(7, "formula-wide")]


def test_a_tag_with_a_star_stands_behind_its_formula_without_brackets() -> None:
    for source in ("\\tag*{hi} x+y", "x+y \\tag*{hi}"):
        issue = read(f"# T\n\n$$\n{source}\n$$\n")
        (formula,) = (block for block in issue.blocks if isinstance(block, DisplayFormula))
        found = typeset(formula.formula.tex, display=True)
        assert isinstance(found, Typeset)
        assert (found.alt, formula.formula.number) == ("x plus y hi", "")
