"""Formulas read aloud: what somebody hears instead of the picture, in the language of the letter."""

import pytest

from mailer.content.formulas.tongues import TONGUES
from mailer.content.formulas.typesetting import Typeset, spoken, typeset


def read(tex: str, language: str) -> str:
    found = typeset(tex, display=True)
    assert isinstance(found, Typeset), found
    return spoken(found, language)


@pytest.mark.parametrize(
    ("tex", "words"),
    [
        (r"\prescript{14}{6}{C}+{}_2F_1", "superscript 14 sub 6 C plus sub 2 F sub 1"),
        (r"a\overset{!}{=}b\impliedby c", "a equals with an exclamation mark above, b is implied by c"),
        (
            r"\bigl(\begin{smallmatrix}a&b\\c&d\end{smallmatrix}\bigr)",
            "open paren the 2 by 2 matrix, row 1: a, b; row 2: c, d, end matrix, close paren",
        ),
        (r"{a \atop b}+{n \choose k}", "2 lines: line 1: a; line 2: b; plus n choose k"),
        (
            r"\left.\frac{df}{dx}\right|_{x=0}+f|_A",
            "the fraction d f over d x, end fraction, evaluated at x equals 0, plus f restricted to A",
        ),
        (r"\varinjlim+\varprojlim+\varlimsup+\varliminf", "direct limit plus inverse limit plus limit superior plus limit inferior"),
        (r"|x|_2+\projlim", "the absolute value of x, end absolute value, sub 2 plus inverse limit"),
        (r"p(x\mid y) = p(y|x)", "p of x given y, end argument, equals p of y given x, end argument"),
        (r"\{x\in\mathbb R | x>0\}", "open brace x in the real numbers such that x is greater than 0 close brace"),
        (r"|x|+|y|", "the absolute value of x plus the absolute value of y"),
        (r"f_\theta(x)", "f sub theta of x"),
        (r"\mathbb E[X]", "E open bracket X close bracket"),
        (r"90^\circ", "90 degrees"),
        (r"x'^2", "x prime squared"),
        (r"\mathds{1}_A", "the indicator sub A"),
        (r"\Ket{\psi}", "ket psi"),
        (r"\sum_{\substack{i<n\\j<m}} a", "the sum over i is less than n and j is less than m of a"),
        (r"\begin{matrix}a&b\\c&d\end{matrix}", "the 2 by 2 matrix, row 1: a, b; row 2: c, d, end matrix"),
        (r"\begin{aligned}a&=b&c&=d\\e&=f&g&=h\end{aligned}", "2 lines: line 1: a equals b, c equals d; line 2: e equals f, g equals h;"),
        (r"a \leftrightsquigarrow b", "a left right wave arrow b"),
        (r"x := y", "x is defined as y"),
        (r"\dddot x", "x triple dot"),
        (r"\begin{rcases}a\\b\end{rcases}", "2 cases: case 1: a; case 2: b;"),
    ],
)  # fmt: skip
def test_what_is_hard_to_tell_from_the_signs_is_read_as_it_is_meant(tex: str, words: str) -> None:
    assert read(tex, "en") == words


@pytest.mark.parametrize(
    ("tex", "german", "french"),
    [
        (r"\sum_{n=1}^\infty \frac{1}{n^2}", "die Summe von n gleich 1 bis unendlich von 1 durch n Quadrat",
         "la somme de n égale 1 à l’infini de 1 sur n au carré"),
        (r"\frac{a+b}{c}", "der Bruch a plus b durch c, Ende Bruch", "la fraction a plus b sur c, fin de fraction"),
        (r"\sqrt{x}", "die Wurzel aus x", "la racine carrée de x"),
        (r"\int_0^1 f(x)\,dx", "das Integral von 0 bis 1 von f von x d x", "l’intégrale de 0 à 1 de f de x d x"),
        (r"\lim_{x\to 0}", "der Grenzwert für x gegen 0 von", "la limite quand x tend vers 0 de"),
        (r"\binom nk", "n über k", "k parmi n"),
        (r"\lVert x\rVert", "die Norm von x", "la norme de x"),
        (r"\Omega \subset \mathbb R^n", "Groß-omega Teilmenge von die reellen Zahlen hoch n",
         "omega majuscule inclus dans les réels puissance n"),
    ],
)  # fmt: skip
def test_german_and_french_readers_hear_their_own_language(tex: str, german: str, french: str) -> None:
    assert read(tex, "de-AT") == german
    assert read(tex, "fr") == french


def test_a_language_without_words_hears_english() -> None:
    assert read("x^2", "ar") == read("x^2", "en") == "x squared"


@pytest.mark.parametrize("language", sorted(TONGUES))
def test_every_language_has_every_phrase_and_sign(language: str) -> None:
    english, other = TONGUES["en"], TONGUES[language]
    assert other.phrases.keys() == english.phrases.keys()
    assert other.signs.keys() == english.signs.keys()
    for table in ("functions", "accents", "sets", "variants", "powers", "raised", "fractions", "big"):
        assert getattr(other, table).keys() == getattr(english, table).keys(), table
    for name, phrase in english.phrases.items():
        assert set(_parts(phrase)) == set(_parts(other.phrases[name])), name


def _parts(phrase: str) -> list[str]:
    return [piece.split("}")[0] for piece in phrase.split("{")[1:]]
