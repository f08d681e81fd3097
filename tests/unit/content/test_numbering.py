"""Formulas that have numbers, and macros that hold for a whole text."""

import pytest

from mailer.content import plain, select
from mailer.content.issue import DisplayFormula, Formula
from mailer.content.walk import all_inlines, inlines_of
from tests.unit.content.builders import read

NUMBERED = """---
title: T
subject: S
audiences: [a, b]
---
::: audience a
$$ x = y \\label{first} $$

By \\eqref{first}.
:::

$$
\\begin{align}
p &= q \\label{two} \\\\
r &= s \\tag{7} \\label{three}
\\end{align}
$$

From \\eqref{two}, \\ref{three} and $z \\overset{\\eqref{two}}{=} w$.
"""


def shown_to(text: str, audience: str) -> list[str]:
    blocks = select(read(text), frozenset({audience}))
    return [plain(run) for block in blocks for run in inlines_of(block)]


def test_formulas_are_numbered_for_each_reader_and_references_follow() -> None:
    first, by, lines, references = shown_to(NUMBERED, "a")
    assert (first, by) == ("x = y", "By (1).")
    assert r"p &= q \qquad\text{(2)}" in lines
    assert references == r"From (2), 7 and z \overset{\text{(2)}}{=} w."
    lines, references = shown_to(NUMBERED, "b")
    assert r"p &= q \qquad\text{(1)}" in lines
    assert references == r"From (1), 7 and z \overset{\text{(1)}}{=} w."


def test_a_number_stands_beside_its_formula() -> None:
    blocks = select(
        read("# T\n\n$$a \\label{x}$$\n\n$$b \\tag{$\\ast$}\\label{y}$$\n\n\\eqref{x} \\eqref{y}"), frozenset()
    )
    assert [block.formula.number for block in blocks if isinstance(block, DisplayFormula)] == ["1", "∗"]
    assert plain(inlines_of(blocks[-1])[0]) == "(1) (∗)"


def test_a_reference_to_nothing_or_to_what_others_see_is_named() -> None:
    issue = read(NUMBERED + "\nAlso \\eqref{nope}\nand \\eqref{first}.\n")
    assert [(found.place.line, found.place.column, found.code) for found in issue.findings] == [
        (21, 6, "formula-reference"),
        (22, 5, "formula-reference"),
    ]


@pytest.mark.parametrize(
    ("macros", "tex", "expected"),
    [
        (r"{E: '\mathbb{E}\left[#1\right]'}", r"\E{X} = \E Y", r"\mathbb{E}\left[X\right] = \mathbb{E}\left[Y\right]"),
        (r"{R: '\mathbb{R}'}", r"\R^n \Rightarrow \R x", r"\mathbb{R}^n \Rightarrow \mathbb{R} x"),
        (r"{eps: '\varepsilon'}", r"\eps x", r"\varepsilon x"),
        (r"{a: '\b', b: '\alpha'}", r"\a+\b", r"\alpha+\alpha"),
        (r"{a: '\a\a'}", r"\a", None),
        (r"{p: '#1 of #2'}", r"\p{\frac{a}{b}}\pi", r"\frac{a}{b} of \pi"),
    ],
)
def test_macros_of_the_author_hold_for_every_formula(macros: str, tex: str, expected: str | None) -> None:
    issue = read(f"---\ntitle: T\nsubject: S\nmacros: {macros}\n---\n${tex}$ and\n\n$${tex}$$\n")
    found = [found.tex for _, found in all_inlines(issue.blocks) if isinstance(found, Formula)]
    assert len(found) == 2
    if expected is None:
        assert len(found[0]) < 10_000
    else:
        assert found == [expected, expected]
