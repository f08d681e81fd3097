"""MathML of the web edition: what MathJax says by attributes that Chromium does not read is said so that it shows."""

import re

import pytest

from mailer.content.formulas.typesetting import Typeset, typeset
from mailer.rendering.mathml import for_browsers
from tests.unit.rendering.builders import from_markdown, web_page


def shown(tex: str) -> str:
    found = typeset(tex, display=True)
    assert isinstance(found, Typeset)
    return for_browsers(found.mathml)


@pytest.mark.parametrize(
    ("tex", "letters"),
    [
        (r"\mathbb{RECX}\mathbb{1}", "ℝ𝔼ℂ𝕏𝟙"),
        (r"\mathcal{LB}\mathscr{F}", "ℒℬℱ"),
        (r"\mathfrak{gCR}", "𝔤ℭℜ"),
        (r"\mathbf{Ax1\Sigma}\bm{x}\boldsymbol{\alpha\nabla}", "𝐀𝐱𝟏𝚺𝒙𝜶𝛁"),
        (r"\mathsf{T}\mathtt{c9}\mathit{hi}", "𝖳𝚌𝟿ℎ𝑖"),
        (r"\mathrm{d}x", "dx"),
    ],
)
def test_letters_of_other_alphabets_are_characters_of_their_own(tex: str, letters: str) -> None:
    made = shown(tex)
    assert "".join(re.sub("<[^>]*>", "", made).split()) == letters
    assert set(re.findall(r'mathvariant="(.*?)"', made)) <= {"normal"}


def test_words_in_a_formula_keep_their_weight_and_slant() -> None:
    made = shown(r"\textbf{bold}\textit{slanted}\texttt{code}")
    assert '<mtext style="font-weight:bold">bold</mtext><mtext style="font-style:italic">slanted</mtext>' in made
    assert '<mtext style="font-family:monospace">code</mtext>' in made


def spaced(tex: str) -> str:
    """The formula's characters, a blank for each thin space."""
    made = re.sub(r'<mspace width="0.1667em"></mspace>', " ", shown(tex))
    made = re.sub(r'<mo[^>]*lspace="(.*?)" rspace="(.*?)"[^>]*>(\w.*?)</mo>', _with_space, made)
    return re.sub("<[^>]*>", "", made).replace("\u2061", "")


def _with_space(found: re.Match[str]) -> str:
    return (" " if found[1] == "0.1667em" else "") + found[3] + (" " if found[2] == "0.1667em" else "")


@pytest.mark.parametrize(
    ("tex", "written"),
    [
        (r"\log n", "log n"),
        (r"n\log n", "n log n"),
        (r"\log(n)", "log(n)"),
        (r"\sin\theta\cos\theta", "sin θ cos θ"),
        (r"2\sin^2 x+1", "2 sin2 x+1"),
        (r"\operatorname{Tr}A", "Tr A"),
        (r"(x)\det A", "(x) det A"),
        (r"\mathrm{ReLU}(x)y\mathrm{KL}", "ReLU(x)yKL"),
        (r"\Pr(A)=\max f", "Pr(A)=max f"),
    ],
)
def test_names_of_functions_stand_off_as_in_tex(tex: str, written: str) -> None:
    assert spaced(tex) == written


def test_tables_say_their_columns_and_lines_as_styles() -> None:
    made = shown(r"\begin{array}{l|r}a&b\\\hline c&d\end{array}")
    assert "columnalign" not in made
    cells = re.findall(r'<mtd style="(.*?)">', made)
    assert ["text-align:right" in cell for cell in cells] == [False, True, False, True]
    assert ["border-left:1px solid" in cell for cell in cells] == [False, True, False, True]
    assert ["border-top:1px solid" in cell for cell in cells] == [False, False, True, True]
    assert cells[3].startswith("padding:2pt 0 0 0.5em")
    assert '<mtable style="border:1px solid">' in shown(r"\begin{array}{|c|}\hline a\\\hline\end{array}")


@pytest.mark.parametrize(
    ("tex", "style"),
    [
        (r"\boxed{x}", "border:1px solid"),
        (r"\cancel{x}", "linear-gradient(to top left"),
        (r"\xcancel{x}", "linear-gradient(to top right"),
        (r"\overline{AB}", "border-top:1px solid"),
        (r"\underline{AB}", "border-bottom:1px solid"),
        (r"a\!b", "margin-left:-0.167em"),
    ],
)
def test_frames_strikes_and_lines_are_drawn(tex: str, style: str) -> None:
    made = shown(tex)
    assert style in made
    assert "menclose" not in made


def test_a_relation_of_the_authors_stands_off() -> None:
    assert shown(r"a\mathrel{R}b").count('<mspace width="0.2778em">') == 2


def test_the_web_edition_holds_it() -> None:
    page = web_page(from_markdown("# T\n\nThe mean is $\\mathbb{E}[X]$.\n"))
    assert "<mi>𝔼</mi>" in page
    assert "data-mjx" not in page


@pytest.mark.parametrize(
    "tex",
    [
        r"\xrightarrow{abc}", r"\underbrace{a+b}_n", r"\overbrace{a+b}", r"\widehat{abc}", r"\overrightarrow{AB}", r"a\mathllap{b}c",
        r"\begin{CD} A @>a>> B \\ @VVV @| \\ C @= D \end{CD}", r"\bbox[yellow,5px]{x}", r"\cancelto{0}{w}", r"\ce{A ->[x] B}",
    ],
)  # fmt: skip
def test_what_browsers_do_not_stretch_is_drawn_in_the_colour_of_the_text_with_its_words(tex: str) -> None:
    page = web_page(from_markdown(f"$${tex}$$"))
    (drawing,) = re.findall(r"<svg.*</svg>", page, re.DOTALL)
    found = typeset(tex, display=True)
    assert isinstance(found, Typeset)
    assert f'aria-label="{found.alt}"' in drawing
    assert 'role="img"' in drawing
    assert "currentColor" in drawing
    assert "data-" not in drawing
    assert "<math" not in page


@pytest.mark.parametrize(
    "tex",
    [r"\hat{a}", r"\vec{v}", r"\overset{f}{\to}", r"\overset{!}{=}", r"\overline{AB}", r"\widehat{a}", r"\sum_{i}^n"],
)
def test_what_browsers_can_set_stays_mathml(tex: str) -> None:
    page = web_page(from_markdown(f"$${tex}$$"))
    assert "<svg" not in page
    assert "<math" in page


def test_rows_of_a_table_stand_as_far_apart_as_tex_sets_them() -> None:
    assert shown(r"\begin{gather}a\\b\end{gather}").count('<mspace width="0" height=".75em" depth=".25em">') == 2


def test_a_formula_with_colours_of_its_own_is_drawn_for_light_and_for_dark() -> None:
    page = web_page(from_markdown("$\\color{navy}{x}$ and $\\colorbox{yellow}{$y$}$"))
    assert [page.count(f'class="drawn {scheme}"') for scheme in ("on-light", "on-dark")] == [2, 2]
    light, dark = (
        re.search(rf'class="drawn {scheme}".*?fill="(#\w+|navy)"', page, re.DOTALL)
        for scheme in ("on-light", "on-dark")
    )
    assert light
    assert dark
    assert light[1] != dark[1]
