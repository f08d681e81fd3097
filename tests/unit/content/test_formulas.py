"""Formulas: set on their baseline, refused with a reason, never wrong, never leaking into the next one."""

import io
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mailer.content.colours import contrast
from mailer.content.formulas.typesetting import FormulaError, FormulaPicture, Typeset, as_unicode, png, typeset
from mailer.content.issue import Inlines, Span, Text

VALID = [
    r"\frac{a}{b}", r"\sqrt[3]{x}", r"\sum_{n=1}^\infty n^{-2}", r"\int_0^1 f\,dx", r"\iint_D\oint", r"\begin{pmatrix}1&2\\3&4\end{pmatrix}",
    r"\begin{vmatrix}a&b\\c&d\end{vmatrix}", r"\begin{cases}1&x>0\\0\end{cases}", r"\begin{aligned}a&=b\\c&=d\end{aligned}",
    r"\begin{align}a&=b\\c&=d\end{align}", r"\hat x\tilde A\bar y\vec v\dot u\ddot u\widehat{AB}\widetilde{AB}\overline{AB}",
    r"\operatorname*{argmin}_x\operatorname{tr}\log\sin\lim_{x\to0}\max", r"\mathbb R\mathcal O\mathscr F\mathfrak g\mathbf x\mathsf x\mathtt x",
    r"\boldsymbol\beta\bm{x}", r"\text{if $x$ and \textbf{so}}", r"\Bigl(\bigl[\Big|\biggr\}", r"\left\{x\right.", r"\color{red}{x}\textcolor{blue}{y}",
    r"a\tag{3}", r"\binom nk\tbinom nk", r"\xrightarrow[a]{b}", r"\overset{!}{=}\underset{x}{y}\stackrel{a}{=}", r"\underbrace{a}_{b}\overbrace{a}^{b}",
    r"\substack{a\\b}", r"\cancel{x}\boxed{x}", r"\forall\exists\nabla\partial\infty\ell\hbar\Re\aleph", r"\implies\iff\mapsto\hookrightarrow",
    r"\ldots\cdots\vdots\ddots", r"\mathrm{d}x\,\mathrm{e}^{i\pi}", r"\lVert x\rVert\lvert x\rvert\langle x\rangle\lfloor x\rfloor", r"\llbracket x\rrbracket",
    r"\ket{\psi}", r"\ce{H2O}", r"\begin{CD}A@>>>B\end{CD}", r"\smash{x}\phantom{x}y", r"\not=\neq\notin", r"x_i''",
]  # fmt: skip


def shown(inlines: Inlines | None) -> str | None:
    if inlines is None:
        return None
    parts = []
    for part in inlines:
        assert isinstance(part, Text | Span)
        parts.append(part.text if isinstance(part, Text) else f"<{part.kind}>{shown(part.children)}</{part.kind}>")
    return "".join(parts).replace("\u00a0", " ")


def is_set(tex: str, *, display: bool = False, cache: Path | None = None) -> Typeset:
    found = typeset(tex, display=display, cache=cache)
    assert isinstance(found, Typeset), found
    return found


@pytest.mark.parametrize("tex", VALID)
def test_common_latex_is_set_with_a_size_and_words(tex: str) -> None:
    found = is_set(tex, display=True)
    assert found.width > 0
    assert found.height >= found.depth > -1
    assert found.alt
    assert "\\" not in found.alt
    assert found.mathml.startswith("<math ")


@pytest.mark.parametrize(
    ("tex", "part"),
    [
        (r"\frac{a}{b", "close brace"),
        (r"x + \foo", r"\foo"),
        ("", "empty"),
        ("שלום", "ש"),
        (r"\begin{foo}a\end{foo}", "foo"),
        ("{" * 500 + "x" + "}" * 500, "nested"),
        (r"\def\a{\a\a}\a", "macro"),
        ("x" * 5000, "longer"),
        (r"\rule{100000em}{100000em}", "large"),
        (r"\href{javascript:alert(1)}{x}", "href"),
        ("a_b_c", "subscripts"),
        ("<b>&</b>", "&"),
    ],
)
def test_what_cannot_be_set_is_refused_with_a_reason(tex: str, part: str) -> None:
    found = typeset(tex, display=False)
    assert isinstance(found, FormulaError)
    assert part in found.message


def test_an_unknown_command_is_placed() -> None:
    found = typeset(r"a + \foo{x}", display=False)
    assert isinstance(found, FormulaError)
    assert found.offset == 4


@pytest.mark.parametrize("tex", [r"\grave{a}", r"\text{à}", r"\text{\`a}", r"\mathrm{à}", "à"])
def test_a_grave_accent_sits_as_high_as_an_acute_one(tex: str) -> None:
    other = tex.replace("grave", "acute").replace("à", "á").replace("`", "'")
    assert is_set(tex).height == pytest.approx(is_set(other).height, abs=0.1)
    assert is_set(r"\grave{a}").alt == "a grave"


def test_no_macro_reaches_the_next_formula() -> None:
    for definition in (r"\def\leak{x}\leak", r"\newcommand{\leak}{x}\leak", r"\DeclareMathOperator{\leak}{a}\leak"):
        is_set(definition)
        assert isinstance(typeset(r"\leak", display=False), FormulaError)
    is_set(r"\let\alpha=\beta \renewcommand{\frac}{x}\alpha")
    assert is_set(r"\alpha").alt == "alpha"
    assert is_set(r"\frac12").alt == "one half"


def test_a_bomb_is_stopped_and_the_next_formula_is_set() -> None:
    bomb = r"\def\a{xxxxxxxxxx}\def\b{\a\a\a\a\a\a\a\a\a\a}\def\c{\b\b\b\b\b\b\b\b\b\b}\def\d{\c\c\c\c\c\c\c\c\c\c}\d\d\d\d\d"
    assert isinstance(typeset(bomb, display=False), FormulaError)
    assert is_set("y").alt == "y"


@pytest.mark.parametrize(
    ("tex", "words"),
    [
        (r"\tilde{A} : X \rightarrow Y", "A tilde, from X to Y"),
        (r"\sum_{n=1}^\infty \frac{1}{n^2}", "the sum from n equals 1 to infinity of 1 over n squared"),
        (r"\frac{a+b}{c}", "the fraction a plus b over c, end fraction"),
        (r"\sqrt{x^2+y^2}", "the square root of x squared plus y squared, end root"),
        (r"\lim_{x\to 0} f(x)", "the limit as x approaches 0 of f of x"),
        (r"\lVert Ax-y\rVert^2", "the norm of A x minus y, end norm, squared"),
        (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", "the 2 by 2 matrix, row 1: 1, 2; row 2: 3, 4, end matrix"),
        (r"\binom nk", "n choose k"),
        (r"x_{i+1}", "x sub i plus 1, end sub"),
        (r"\mathbb R^n", "the real numbers to the n"),
        (r"\text{für Schönlieb}", "für Schönlieb"),
        (r"\nabla\cdot u", "nabla dot u"),
        (r"\int_0^1 x\,dx", "the integral from 0 to 1 of x d x"),
        (r"\int_\Omega u", "the integral over capital omega of u"),
        (r"\hat\theta_n", "theta hat sub n"),
        (r"e^{-x}", "e to the minus x"),
        (r"A^T A^{-1}", "A transpose A to the minus 1"),
        (r"\begin{aligned}a&=b\\c&=d\end{aligned}", "2 lines: line 1: a equals b; line 2: c equals d;"),
        (r"\sqrt[3]{x}", "the cube root of x"),
        (r"-x \ne -1", "minus x is not equal to minus 1"),
        (r"\cancel{x}", "x, crossed out"),
        (r"\begin{pmatrix}1\\2\end{pmatrix}", "the column vector 1, 2, end vector"),
    ],
)
def test_a_formula_can_be_listened_to(tex: str, words: str) -> None:
    assert is_set(tex).alt == words


@pytest.mark.parametrize(
    ("tex", "characters"),
    [
        ("X", "<em>X</em>"),
        ("x_i", "<em>x</em><sub><em>i</em></sub>"),
        ("n^2", "<em>n</em><sup>2</sup>"),
        (r"\alpha", "<em>α</em>"),
        (r"\tilde A", "<em>Ã</em>"),
        (r"F : Y \rightarrow Y", "<em>F</em> : <em>Y</em> → <em>Y</em>"),
        ("f'(x) = 0", "<em>f</em>′(<em>x</em>) = 0"),
        ("-1", "−1"),
        (r"\mathbb R^n", "ℝ<sup><em>n</em></sup>"),
        ("x_{i+1}", "<em>x</em><sub><em>i</em>+1</sub>"),
        (r"\mathbf{x}", "<strong>x</strong>"),
        (r"\mathrm{d}x", "d<em>x</em>"),
        ("x'_i", "<em>x</em>′<sub><em>i</em></sub>"),
        ("(a+b)^2", "(<em>a</em> + <em>b</em>)<sup>2</sup>"),
        (r"2\operatorname{Tr}A", "2 Tr <em>A</em>"),
        (r"=\operatorname{Tr}(A)", " = Tr(<em>A</em>)"),
        (r"\mathrm{KL}(p)", "KL(<em>p</em>)"),
        # not faithful
        (r"\tilde x", None),
        ("x_i^2", None),
        (r"\frac12", None),
        (r"\mathcal O", None),
        (r"\color{red}x", None),
        ("e^{x^2}", None),
        (r"\sum_i x", None),
        (r"\big(x\big)", None),
        (r"\foo", None),
        ("a+b+c+d+e+f+g+h+i+j", None),
    ],
)
def test_a_simple_formula_is_real_text_where_that_is_faithful(tex: str, characters: str | None) -> None:
    assert shown(as_unicode(tex)) == characters


def test_a_tag_becomes_the_number() -> None:
    assert is_set(r"a = b \tag{3} \label{x}", display=True).number == "3"
    assert is_set(r"\begin{align}a&=b\tag{1}\\c&=d\tag{2}\end{align}", display=True).alt.count("(") == 2


def picture_of(tex: str, *, ground: str | None = "#ffffff", ink: str = "#202020") -> FormulaPicture:
    return png(is_set(tex, display=True), ink=ink, ground=ground)


def test_a_picture_is_small_sharp_and_on_whole_pixels() -> None:
    picture = picture_of(r"\frac{a}{b} = \sum_n x_n")
    with Image.open(io.BytesIO(picture.content)) as image:
        assert image.size == (picture.width * 3, picture.height * 3)
        assert image.mode == "P"
        assert image.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
    assert len(picture.content) < 6_000
    assert 0 < picture.depth < picture.height


def test_a_transparent_picture_keeps_its_ink() -> None:
    with Image.open(io.BytesIO(picture_of("x", ground=None, ink="#f0f0f0").content)) as image:
        pixels = image.convert("RGBA")
        assert pixels.getpixel((0, 0)) == (240, 240, 240, 0) or pixels.getpixel((0, 0))[3] == 0  # type: ignore[index]
        solid = [colour for _, colour in pixels.getcolors() or [] if isinstance(colour, tuple) and colour[3] > 250]
    assert solid
    assert all(abs(channel - 240) < 8 for colour in solid for channel in colour[:3])


def test_letters_with_accents_are_in_the_picture() -> None:
    with_accent, without = picture_of(r"\text{ö}"), picture_of(r"\text{o}")
    assert with_accent.height > without.height or with_accent.content != without.content
    with Image.open(io.BytesIO(picture_of(r"\text{ß}").content)) as image:
        assert len(image.convert("L").getcolors() or []) > 2


def test_a_colour_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="#rrggbb"):
        picture_of("x", ink='red" onload="')


def test_a_kept_formula_is_the_same_and_a_spoilt_one_is_made_anew(tmp_path: Path) -> None:
    first = is_set("x+1", cache=tmp_path)
    kept = next(tmp_path.iterdir())
    assert is_set("x+1", cache=tmp_path) == first == is_set("x+1")
    kept.write_text("{broken")
    assert is_set("x+1", cache=tmp_path) == first
    picture = png(first, ink="#000000", cache=tmp_path)
    assert png(first, ink="#000000", cache=tmp_path) == picture == png(first, ink="#000000")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_several_threads_set_formulas_at_once() -> None:
    results: dict[int, str] = {}

    def work(number: int) -> None:
        results[number] = is_set(f"x_{{{number}}}+{number}").alt

    threads = [Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: f"x sub {number} plus {number}" for number in range(8)}


def ink_of(tex: str, *, display: bool = True) -> Image.Image:
    """The formula in black on nothing: how much ink each pixel has."""
    picture = png(is_set(tex, display=display), ink="#000000", ground=None)
    with Image.open(io.BytesIO(picture.content)) as image:
        return image.convert("RGBA").getchannel("A")


def test_the_lines_of_tables_are_drawn() -> None:
    plain = ink_of(r"\begin{array}{cc}a&b\\c&d\end{array}")
    ruled = ink_of(r"\begin{array}{c|c}a&b\\ \hline c&d\end{array}")
    dashed = ink_of(r"\begin{array}{c:c}a&b\\ \hdashline c&d\end{array}")
    dark = [sum(picture.histogram()[200:]) for picture in (plain, dashed, ruled)]
    assert dark[0] < dark[1] < dark[2]
    middle = ruled.crop((ruled.width // 2 - 30, 0, ruled.width // 2 + 30, ruled.height)).resize(
        (60, 1), Image.Resampling.BOX
    )
    assert max(middle.tobytes()) > 200  # one column of pixels is ink from top to bottom


@pytest.mark.parametrize(
    "tex",
    [
        r"\begin{CD}A@>f>>B\\@VgVV@VVhV\\C@>>k>D\end{CD}",
        r"\mathllap{abc}o",
        r"\smash{\int_0^1}x",
        r"x\kern-3em yyy",
        r"\text{ß}",
    ],
)
def test_no_ink_is_cut_off_at_the_edge(tex: str) -> None:
    edges = ink_of(tex)
    width, height = edges.size
    for box in ((0, 0, width, 1), (0, height - 1, width, height), (0, 0, 1, height), (width - 1, 0, width, height)):
        assert max(edges.crop(box).tobytes()) < 120, box


def test_lines_cut_by_hand_fit_a_column() -> None:
    found = is_set(r"\begin{multline}a+b+c+d\\+e+f\\+g\end{multline}", display=True)
    assert found.width < 70


def test_a_break_outside_of_an_environment_breaks_the_line() -> None:
    one, two = is_set("a = b", display=True), is_set(r"a = b \\ c = d", display=True)
    assert two.height > 1.7 * one.height
    aligned = is_set(r"a &= b \\ &= c", display=True)
    assert aligned.alt == "2 lines: line 1: a equals b; line 2: equals c;"
    inline = typeset(r"a \\ b", display=False)
    assert isinstance(inline, FormulaError)
    assert (inline.offset, "lines of its own" in inline.message) == (2, True)


@pytest.mark.parametrize("ink", ["#1a1a1a", "#ececec"])
@pytest.mark.parametrize(
    "tex", [r"\color{blue}x", r"\textcolor{yellow}{x}", r"\color{#0f0}x", r"\colorbox{yellow}{$\rule{2em}{2em}$}"]
)
def test_colours_can_be_read_in_light_and_in_dark(tex: str, ink: str) -> None:
    ground = "#ffffff" if ink == "#1a1a1a" else "#1e1e1e"
    picture = png(is_set(tex), ink=ink, ground=ground, ex=20)
    with Image.open(io.BytesIO(picture.content)) as image:
        colours = sorted(image.convert("RGB").getcolors() or [])
    shown = [
        f"#{colour[0]:02x}{colour[1]:02x}{colour[2]:02x}" for _, colour in colours[-2:] if isinstance(colour, tuple)
    ]
    assert contrast(*shown) > 4.4


@pytest.mark.parametrize(
    ("tex", "at"),
    [
        (r"x + \frac{1}{2}+\frac{3}", r"\frac{3}"),
        (r"\frac{1}{x + \foo}", r"\foo"),
        (r"\foo + ö", r"\foo"),
        (r"ö + \foo", r"\foo"),
        (r"a_1 + x^2^3", "^3"),
        (r"\sqrt{a} + \sqrt{b", "{b"),
        (r"\frac{a}{b}} + c", "} + c"),
        (r"(a) + \left( \frac12 ", r"\left("),
        (r"a \right) b", r"\right)"),
        (r"x + \begin{matrix} a", r"\begin{matrix}"),
        (r"\text{a & b}", "& b"),
        (r"\mathbb{R} + \mathbb{x}", "x}"),
        (r"x + \color{nota}{y}", "nota"),
        (r"\text{Ein ש Tag}", "ש"),
    ],
)
def test_an_error_stands_where_the_fault_is(tex: str, at: str) -> None:
    found = typeset(tex, display=True)
    assert isinstance(found, FormulaError)
    assert tex[found.offset :].startswith(at)


@pytest.mark.parametrize("tex", [r"\phantom{x}", "~", r"\,", "%", "{}"])
def test_a_formula_that_shows_nothing_is_an_error(tex: str) -> None:
    assert isinstance(typeset(tex, display=False), FormulaError)


def test_letters_of_other_alphabets_are_drawn_as_wide_as_they_are() -> None:
    narrow, wide = is_set(r"\text{łłł}"), is_set(r"\text{ЖЖЖ}")
    assert wide.width > 2 * narrow.width
    assert is_set(r"\mathbb{1}_A").width < is_set(r"\mathrm{11}_A").width


SIGNS = r"x y 1 2 + - = ( ) [ ] | , . ! ' ^ _ { } & ~ % # $ é ß 日 < >".split()  # noqa: SIM905  # a list of signs
COMMANDS = [
    r"\\",
    r"\frac",
    r"\sqrt",
    r"\left(",
    r"\right)",
    r"\text{",
    r"\begin{matrix}",
    r"\end{matrix}",
    r"\sum",
    r"\int",
    r"\alpha",
    r"\hat",
    r"\mathbf",
    r"\tag{1}",
    r"\label{a}",
    r"\def\a",
    r"\a",
    r"\color{red}",
    r"\hspace{1em}",
    r"\,",
    r"\operatorname",
    r"\overset",
    r"\over",
    r"\unicode{x41}",
    r"\ce{H2O}",
    r"\cancel",
    r"\rule{1em}{1em}",
]
TEX = st.lists(st.sampled_from([*SIGNS, *COMMANDS, " ", "\n"]), max_size=12).map("".join)


@settings(deadline=None, max_examples=60)
@given(TEX)
def test_any_source_is_set_or_refused(tex: str) -> None:
    found = typeset(tex, display=True)
    if isinstance(found, FormulaError):
        assert found.message
        assert 0 <= found.offset <= len(tex)
        return
    assert found.alt
    assert as_unicode(tex) is None or shown(as_unicode(tex))
    picture = png(found, ink="#000000")
    with Image.open(io.BytesIO(picture.content)) as image:
        assert image.size == (picture.width * 3, picture.height * 3)


def test_deep_but_honest_nesting_is_set() -> None:
    is_set(r"\sqrt{" * 30 + "x" + "}" * 30)
    is_set("{" * 40 + "x" + "}" * 40)
    assert isinstance(typeset(r"\frac{1}{" * 115 + "x" + "}" * 115, display=False), Typeset | FormulaError)
    assert is_set("z").alt == "z"


def test_an_accent_takes_the_place_of_the_dot_of_an_i() -> None:
    for written, dotless in ((r"\text{maïs}", "131"), ("ï", "131"), (r"\text{ĵ}", "237")):  # U+0131, U+0237
        svg = is_set(written).svg
        assert f'data-c="{dotless}"' in svg
        assert 'data-c="69"' not in svg.lower()
