from hypothesis import given
from hypothesis import strategies as st

from mailer.base.settings import templates_dir
from mailer.content import read_issue
from mailer.rendering import render
from mailer.rendering.lines import WIDTH, columns_of, wrapped
from tests.unit.rendering.builders import ARCHIVED, FRAME, a_letter, filled_text, from_markdown

NUMBERED = """
See [the workshop](https://x.test/w) and [again](https://x.test/w), <https://x.test/bare> and [more](https://x.test/m).
"""


def text_of(markdown: str, *audiences: str) -> str:
    whole = filled_text(a_letter(markdown, *audiences))
    return whole.partition("=\n")[2].partition("\n" + "-" * 60)[0].strip()


def test_links_are_numbered_once_and_listed() -> None:
    text = text_of(NUMBERED)
    assert "See the workshop [1] and again [1], https://x.test/bare and more [2]." in " ".join(text.split())
    assert text.endswith("Links\n[1] https://x.test/w\n[2] https://x.test/m")


def test_a_link_within_the_letter_is_only_its_words() -> None:
    assert text_of("See [below](#part).\n\n## Part\n\nWords.\n").startswith("See below.\n\n\nPart")


def test_every_line_of_the_sample_fits_the_page_but_addresses() -> None:
    issue = read_issue(templates_dir() / "sample")
    lines = filled_text(render(issue, frozenset(issue.meta.audiences), ARCHIVED)).split("\n")
    assert [line for line in lines if len(line) > WIDTH and "https://" not in line] == []


def test_a_long_formula_is_wrapped_and_loses_nothing() -> None:
    tex = r"\hat{x} = \arg\min_{x} \frac{1}{2} \|Ax - y\|_2^2 + \lambda \sum_{i=1}^{n} \phi(x_i) + \iota(x) + \mu \mathrm{TV}(x)"
    lines = text_of(f"$$\n{tex}\n$$\n").split("\n")
    assert len(lines) > 1
    assert " ".join(" ".join(lines).split()) == tex
    assert all(len(line) <= WIDTH for line in lines)


def test_a_table_is_aligned() -> None:
    text = text_of("| Method | Error |\n|---|--:|\n| PINN | 0.12 |\n| Deep Ritz | 10 |\n")
    assert text.split("\n") == [
        "Method     Error",
        "---------  -----",
        "PINN        0.12",
        "Deep Ritz     10",
    ]


def test_a_table_wider_than_the_page_becomes_a_list_that_names_its_columns() -> None:
    long = "word " * 20
    text = text_of(f"| Method | What it does |\n|---|---|\n| PINN | {long}|\n")
    assert text.startswith("- Method: PINN\n  What it does: word word")
    assert all(len(line) <= WIDTH for line in text.split("\n"))


def test_lists_hang_and_nest() -> None:
    text = text_of("1. one\n2. two\n   - three\n\n     four\n")
    assert text == "1. one\n2. two\n   - three\n\n     four"


def test_a_formula_keeps_its_source_on_one_line() -> None:
    text = text_of(f"{'word ' * 11}and then $u = s + v_\\theta$ follows.")
    assert "$u = s + v_\\theta$" in text


def test_a_displayed_formula_stands_alone() -> None:
    assert "\n\n    E = m c^2\n\n" in text_of("Before\n\n$$\nE = m c^2\n$$\n\nafter\n")


def test_words_keep_their_case_and_quotes_their_mark() -> None:
    text = text_of("## A Section of arXiv\n\n> Said *so*.\n")
    assert text.startswith("A Section of arXiv\n==================")
    assert "> Said _so_." in text


def test_the_foot_says_why_and_how_to_leave() -> None:
    text = filled_text(a_letter("x", "academic", "outreach", frame=ARCHIVED))
    foot = " ".join(text.rpartition("-" * 60)[2].strip("-").split())
    assert "because you asked Maths4DL for its news: Academic news and News for everybody." in foot
    for address in ("unsubscribe", "preferences", "view"):
        assert f"https://news.test/{address}/token" in foot
    assert foot.endswith("Maths4DL University of Bath Bath BA2 7AY, UK")


def test_no_line_ends_with_a_blank() -> None:
    text = filled_text(a_letter("a  \nb\n\n- x\n\n  y\n\n> q\n>\n> r\n"))
    assert not [line for line in text.split("\n") if line != line.rstrip()]


@given(st.text(st.sampled_from("aé漢́ \n\u00a0-"), max_size=300), st.integers(20, 72))
def test_wrapping_loses_nothing_but_spaces_and_breaks_no_word(text: str, width: int) -> None:
    folded = wrapped(text, width)
    assert "".join(folded.split()) == "".join(text.split())
    for line in folded.split("\n"):
        assert len(line) <= width or " " not in line.strip(" ")


def test_wide_characters_count_twice() -> None:
    assert columns_of("漢字é") == 5
    assert columns_of("e\u0301") == 1


def test_a_french_colon_stands_off_its_word() -> None:
    letter = a_letter("---\ntitle: Nouvelles\nlanguage: fr\n---\n::: button https://x.test/\nS’inscrire\n:::\n")
    text = filled_text(letter)
    assert "S’inscrire\u00a0:\nhttps://x.test/" in text
    assert "Se désabonner\u00a0:\nhttps://news.test/unsubscribe" in text


def test_a_links_number_stays_with_its_last_word() -> None:
    for length in range(50, 75):
        issue = from_markdown(
            f"{'w' * (length - 6)} see [the page](https://x.org/a) and more\n\n| a |\n|---|\n| [b](https://x.org/b) |\n"
        )
        text = filled_text(render(issue, frozenset(), FRAME))
        assert "page [1]" in text
        assert "b [2]" in text
        assert "\ufdd2" not in text
