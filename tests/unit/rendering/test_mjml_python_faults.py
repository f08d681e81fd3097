"""mjml-python (mrml) has known faults: each has a test that what we send does not suffer from it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.base.settings import templates_dir
from mailer.content.issue import CodeBlock, Columns, Figure, Heading, Link, Note, Picture, Place, Span, Table, Text
from mailer.rendering import Letter, render
from mailer.rendering.showing import html_of
from tests.unit.rendering.builders import (
    FRAME,
    PLACE,
    Anybody,
    Page,
    a_paragraph,
    an_issue,
    filled_html,
    page_of,
    words,
)

HARD = ["\\alpha \\\\", "a\u00a0b\u200bc\u00add", 'say "it" & <b>', "x\ny", "\u0301e", "'quoted'", "üñ – “”", "𝔸 λ"]


def a_letter_of(*blocks: object) -> Letter:
    return render(an_issue(*blocks), frozenset(), FRAME)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", HARD)
def test_an_attribute_keeps_its_value(value: str) -> None:
    link = Link(f"https://x.test/?q={value}".replace("\n", ""), words("here"), PLACE, title=value)
    picture = Picture("https://x.test/a.png", value, PLACE)
    page = page_of(a_letter_of(a_paragraph(link), Figure(place=PLACE, picture=picture)))
    anchor = next(a for a in page.all("a") if a["href"].startswith("https://x.test/?q"))
    assert anchor == {"href": link.href, "style": anchor["style"], "title": value}
    assert page.all("img")[-1]["alt"] == value


def test_words_on_two_lines_are_not_glued() -> None:
    bold, italic = Span("strong", words("one")), Span("em", words("two"))
    assert "one two" in page_of(a_letter_of(a_paragraph(bold, Text("\n"), italic))).text


def test_lines_of_code_are_not_joined() -> None:
    html = filled_html(a_letter_of(CodeBlock(place=PLACE, text="def f():\n\n    return 1\nx = 2\n", language="python")))
    pre = re.search(r"<pre.*?</pre>", html, re.DOTALL)
    assert pre
    shown = Page(pre[0].replace("<br/>", "\x0b")).text.replace("\u00a0", " ")
    assert [line.strip() for line in shown.split("\x0b")] == ["def f():", "", "return 1", "x = 2"] or (
        re.sub(r"<br ?/?>", "\n", re.sub(r"</?(span|pre)[^>]*>", "", pre[0])).replace("&#160;", " ")
        == "def f():\n\n    return 1\nx = 2"
    )


def test_no_padding_has_a_zero_without_unit() -> None:
    columns = Columns(place=PLACE, columns=((a_paragraph(Text("a")),), (a_paragraph(Text("b")),)))
    source = html_of(a_letter_of(a_paragraph(Text("x")), columns).mjml, Anybody())
    values = re.findall(r'<mj-[^>]*\bpadding="([^"]*)"', source)
    assert values
    assert not [value for value in values if re.search(r"(?<![\w.])0(?![\w.])", value)]


def test_tables_stand_in_mj_text_and_inline_styles_are_ours() -> None:
    sources = [template.read_text() for template in (templates_dir() / "email").rglob("*.mjml")]
    assert sources
    for source in sources:
        assert "<mj-table" not in source
        assert 'inline="inline"' not in source


def test_conditional_comments_are_whole() -> None:
    html = filled_html(a_letter_of(a_paragraph(Text("x"))))
    assert html.count("<!--[if") == html.count("<![endif]")
    depth = 0
    for mark in re.findall(r"<!--\[if|<!\[endif\]", html):
        depth += 1 if mark.startswith("<!--") else -1
        assert depth in (0, 1)


awkward = st.text(st.sampled_from(list("<>&\"'\\-!{}[]%$ \n\t\x00\x0b\u00a0\u200b\u2028é𝔸;#x")), max_size=40)


@given(awkward, awkward)
def test_no_text_breaks_the_page(one: str, two: str) -> None:
    heading = Heading(place=Place("issue.md", 1), level=2, inlines=words(one), anchor="a")
    note = Note(place=PLACE, title=words(two), blocks=(a_paragraph(Text(two)),))
    letter = render(an_issue(heading, a_paragraph(Text(f"start{one}end")), note, title=two), frozenset(), FRAME)
    page = page_of(letter)
    shown = re.sub("[\x00\x0b]", "", f"start{one}end")
    assert " ".join(shown.split()) in page.text
    assert not page.all("script")


@given(
    st.sampled_from(["<!DOCTYPE x>", "<![CDATA[ x ]]>", "<?xml?>", "<!-- a -- b -->", "</mj-text>", "<mj-raw>", "]]>"])
)
def test_text_that_mrml_cannot_parse_is_text(text: str) -> None:
    assert text in page_of(a_letter_of(a_paragraph(Text(text)))).text


def test_every_layout_table_says_so_and_no_data_table() -> None:
    table = Table(
        place=PLACE, align=("", "right"), head=(words("Method"), words("Error")), rows=((words("a"), words("1")),)
    )
    page = page_of(a_letter_of(table, Note(place=PLACE, title=words("n"), blocks=(a_paragraph(Text("x")),))))
    data = [t for t in page.all("table") if t.get("class") == "d"]
    layout = [t for t in page.all("table") if t.get("class") != "d"]
    assert data
    assert all("role" not in t for t in data)
    assert all(t.get("role") == "presentation" for t in layout)
    assert all("word-break:normal" in cell["style"] for cell in page.all("th"))
    assert all(cell.get("scope") == "col" for cell in page.all("th"))
