r"""Commands of siunitx and of physics, surfaces, small capitals and letters of the East, as a stranger's text has them."""

import pytest

from mailer.content.formulas.packages import written_out
from mailer.content.formulas.typesetting import FormulaError, Typeset, typeset


def words(tex: str) -> str:
    found = typeset(tex, display=True)
    assert isinstance(found, Typeset), found
    return found.alt


@pytest.mark.parametrize(
    ("tex", "plain"),
    [
        (r"\SI{3.5}{\metre\per\second}", r"{3.5\,\mathrm{m}\,\mathrm{s}^{-1}}"),
        (r"\qty{9.81}{\metre\per\second\squared}", r"{9.81\,\mathrm{m}\,\mathrm{s}^{-2}}"),
        (r"\qty[per-mode=symbol]{2}{\cubic\metre\per\ampere}", r"{2\,\mathrm{m}^{3}\,\mathrm{A}^{-1}}"),
        (r"\num{12345.67}", r"{12\,345.67}"),
        (r"\num{-1,5}", r"{-1{,}5}"),
        (r"\num{1.5e-3}", r"{1.5\times 10^{-3}}"),
        (r"\num{1.20 +- 0.03 e5}", r"{(1.20\pm 0.03)\times 10^{5}}"),
        (r"\si{\kilo\gram}", r"{\mathrm{kg}}"),
        (r"\unit{kg.m/s^2}", r"{\mathrm{kg}\,\mathrm{m}/\mathrm{s}^2}"),
        (r"\qty{90}{\degree}", r"{90^\circ}"),
        (r"\ang{1;2;3}", r"{1^\circ2'3''}"),
        (r"\SIrange{1}{5}{\mm}", r"{1\,\mathrm{mm}\text{–}5\,\mathrm{mm}}"),
        (r"\qty(\frac12)", r"{\left(\frac12\right)}"),
        (r"\qty{a}", r"{\left\{a\right\}}"),
        (r"\dv{x} f", r"{\frac{\mathrm{d} }{\mathrm{d} x}} f"),
        (r"\dv[2]{f}{x}", r"{\frac{\mathrm{d}^{2} f}{\mathrm{d} x^{2}}}"),
        (r"\pdv{f}{x}{y}", r"{\frac{\partial^{2} f}{\partial x\,\partial y}}"),
        (r"\dd[3]{x}", r"{\mathrm{d}^{3}}{x}"),
        (r"\braket{a|b}", r"\braket{a|b}"),
        (r"\siunit \units \numb", r"\siunit \units \numb"),
    ],
)
def test_what_takes_arguments_of_its_own_kind_is_written_out(tex: str, plain: str) -> None:
    assert written_out(tex) == plain


@pytest.mark.parametrize(
    ("tex", "spoken"),
    [
        (r"\SI{3.5}{\metre\per\second}", "3.5 m s to the minus 1"),
        (r"\qty{25}{\celsius}", "25 ° C"),
        (r"\pdv{f}{x}{y}", "the fraction partial squared f over partial x partial y, end fraction"),
        (r"\comm{A}{B}", "open bracket A, B close bracket"),
        (r"\mel{a}{H}{b}", "the bracket of a, H, b, end bracket"),
        (r"\braket{a}{b}", "the bracket of a, b, end bracket"),
        (r"\oiint_S E", "surface integral sub S E"),
        (r"\oiiint_V E", "volume integral sub V E"),
        (r"\textsc{Abc}", "Abc"),
        (r"\phase{-78^\circ}", "minus 78 degrees"),
        (r"a_{\angl n}", "a sub n, end sub"),
        (r"\Sha(E)", "Ш open paren E close paren"),
        (r"\underbrace{x}_{\text{横磁場}}", "x with 横磁場 below"),
        (r"\text{상수, Поле, πεδίο}", "상수, Поле, πεδίο"),
        ("場+1", "場 plus 1"),
    ],
)
def test_they_are_set_and_read_aloud(tex: str, spoken: str) -> None:
    assert words(tex) == spoken


def set_(tex: str) -> Typeset:
    found = typeset(tex, display=True)
    assert isinstance(found, Typeset)
    return found


def test_small_capitals_are_drawn_smaller_and_read_as_written() -> None:
    assert set_(r"\text{abc}").svg != set_(r"\textsc{abc}").svg
    assert set_(r"\textsc{abc}").width < set_(r"\text{ABC}").width
    assert "abc" in set_(r"\textsc{abc}").mathml


def test_an_integral_over_a_closed_surface_has_a_ring_and_its_own_sign() -> None:
    assert set_(r"\oiint x").svg != set_(r"\iint x").svg
    assert "&#x222F;" in set_(r"\oiint x").mathml


@pytest.mark.parametrize(
    ("tex", "named"), [(r"x \qty{1}{\foo}", r"\foo"), (r"\SI{1}", r"\SI"), (r"\pdv", r"\pdv"), (r"\num", r"\num")]
)
def test_what_lacks_something_is_refused_by_its_name(tex: str, named: str) -> None:
    found = typeset(tex, display=False)
    assert isinstance(found, FormulaError)
    assert named in found.message
    assert 0 <= found.offset < len(tex)


@pytest.mark.parametrize(
    ("defined", "meant"),
    [
        (r"\newcommand{\ev}[1]{E(#1)} \ev{x}", "E(x)"),
        (r"\def\dv{w}\dv{x}", "w{x}"),
        (r"\DeclareMathOperator{\op}{Op}\op{x}", r"\operatorname{Op}{x}"),
        (r"\renewcommand\braket[2]{#1+#2} \braket{a}{b}", "a+b"),
    ],
)
def test_a_command_that_the_formula_defines_is_its_own(defined: str, meant: str) -> None:
    found, expected = typeset(defined, display=False), typeset(meant, display=False)
    assert isinstance(found, Typeset)
    assert isinstance(expected, Typeset)
    assert found.alt == expected.alt
