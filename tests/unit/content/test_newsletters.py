"""Newsletters as groups write them for Hugo, Quarto, Jekyll, mailing lists: what they mean is read, else it is named."""

import pytest

from mailer.content import plain
from mailer.content.checks.checker import check_issue
from mailer.content.issue import (
    CodeBlock,
    DisplayFormula,
    Formula,
    Heading,
    LineBreak,
    Link,
    List,
    Note,
    Paragraph,
    Table,
)
from mailer.content.walk import all_blocks, all_inlines
from tests.unit.content.builders import read

JEKYLL = "---\nlayout: newsletter\ntitle: T\n---\n"


def named(text: str) -> list[tuple[int, str]]:
    """The lines and codes of what the checker says beside the pictures that are missing."""
    return [(finding.place.line, finding.code) for finding in check_issue(read(text)) if "picture" not in finding.code]


def words(text: str) -> list[str]:
    return [plain(block.inlines) for block in all_blocks(read(text).blocks) if isinstance(block, Paragraph | Heading)]


@pytest.mark.parametrize(
    ("opening", "closing", "title"),
    [
        ('{{% notice tip "Bring a friend" %}}', "{{% /notice %}}", "Bring a friend"),
        ('{{< callout type="warning" title="Mind the gap" >}}', "{{< /callout >}}", "Mind the gap"),
        ("{{< hint info >}}", "{{< /hint >}}", "Info"),
        ("{{% alert %}}", "{{% /alert %}}", ""),
    ],
)
def test_hugos_notices_are_notes(opening: str, closing: str, title: str) -> None:
    (note,) = read(f"{opening}\nWords *here*.\n{closing}\n").blocks
    assert isinstance(note, Note)
    assert plain(note.title) == title
    assert named(f"{opening}\nWords *here*.\n{closing}\n") == []


def test_a_notice_that_is_not_closed_is_named() -> None:
    assert named("{{% notice tip %}}\nWords.\n") == [(1, "foreign-template")]


def test_options_of_quartos_chunks_are_heeded_and_not_shown() -> None:
    text = "```{r}\n#| label: plot\n#| echo: true\nplot(cars)\n```\n\n```{python}\n#| echo: false\nprint(1)\n```\n"
    (code,) = read(text).blocks
    assert isinstance(code, CodeBlock)
    assert code.text == "plot(cars)"
    assert named(text) == [(7, "code-dropped")]


def test_references_of_quarto_are_named_and_handles_are_not() -> None:
    assert named("See @fig-elbo and @kingma2014, at @maths4dl or a@b2014.org.\n") == [
        (1, "foreign-markup"),
        (1, "foreign-markup"),
    ]


def test_a_tables_caption_loses_its_sign() -> None:
    assert words("| a |\n|---|\n| 1 |\n\n: The *caption* {#tbl-a}\n") == ["The caption"]
    assert words("Text.\n\nTable: of contents\n") == ["Text.", "Table: of contents"]


@pytest.mark.parametrize(
    "text", ["(1) one\n(2) two\n", "2. Second\n   a. inner\n   b. inner\n", "Words:\na) one\nb) two\n"]
)
def test_lists_that_run_together_are_named(text: str) -> None:
    assert [code for _, code in named(text)] == ["foreign-markup"]


def test_lines_of_a_letters_head_stand_below_one_another() -> None:
    text = "From: Ada <ada@x.org>\nDate: today\nSubject: A book\n\nNote: one\nline that goes on.\n"
    head, body = (block for block in read(text).blocks if isinstance(block, Paragraph))
    assert sum(isinstance(part, LineBreak) for part in head.inlines) == 2
    assert plain(body.inlines) == "Note: one line that goes on."
    assert named(text.replace("Ada <", "Ada Ada@x <")) == []  # the name before an address is no doubled word


def test_a_table_of_data_keeps_its_shape_whatever_its_cells_hold() -> None:
    html = (
        "<table><tr><th>Date</th><th>Speaker</th><th colspan=2>Talk</th></tr>"
        "<tr><td rowspan=2>20 Jan</td><td>Ada</td><td>On <b>primes</b><br>and more</td><td>MR2</td></tr>"
        "<tr><td>Bob</td><td><ul><li>Part one</li><li>Part two</li></ul></td><td>MR3</td></tr></table>\n"
    )
    (table,) = read(html).blocks
    assert isinstance(table, Table)
    assert [plain(cell) for cell in table.head] == ["Date", "Speaker", "Talk", ""]
    assert [[plain(cell) for cell in row] for row in table.rows] == [
        ["20 Jan", "Ada", "On primes and more", "MR2"],
        ["", "Bob", "• Part one • Part two", "MR3"],
    ]


@pytest.mark.parametrize("span", ["0", "x", "99999", "-1", ""])
def test_a_span_that_makes_no_sense_is_one_cell(span: str) -> None:
    (table,) = read(
        f'<table><tr><th rowspan="{span}">a</th><th>b</th></tr><tr><td>c</td><td>d</td></tr></table>'
    ).blocks
    assert isinstance(table, Table)
    assert len(table.align) == 2


def test_an_element_that_holds_markdown_is_read_so() -> None:
    text = '<div class="note" markdown="1">\n**Note:** see [the page](https://x.org).\n\n- one\n</div>\n\n<p markdown="1">*So* it is.</p>\n'
    issue = read(text)
    assert words(text) == ["Note: see the page.", "one", "So it is."]
    assert [found.href for _, found in all_inlines(issue.blocks) if isinstance(found, Link)] == ["https://x.org"]
    assert any(isinstance(block, List) for block in issue.blocks)


def test_jekylls_double_dollars_within_a_line_are_of_that_line() -> None:
    jekyll = read(f"{JEKYLL}Let $$x$$ be.\n\n$$\ny\n$$\n")
    inline = [found.display for _, found in all_inlines(jekyll.blocks) if isinstance(found, Formula)]
    assert inline == [False, True]
    assert any(isinstance(block, DisplayFormula) for block in read("Let $$x$$ be.\n").blocks)


def test_two_fields_in_an_address_are_named_and_the_words_stay() -> None:
    text = f"{JEKYLL}[Read more]({{{{ site.baseurl }}}}{{% post_url 2027-01-01-welcome %}}) now\n"
    assert words(text) == ["Read more now"]
    assert [code for _, code in named(text) if code == "field-in-address"] == ["field-in-address"] * 2


def test_an_item_of_which_nothing_is_left_leaves_no_bullet() -> None:
    assert read("{% for post in posts %}\n* [{{ post.title }}]({{ post.url }})\n{% endfor %}\n").blocks == ()
    assert len(read("- \n- x\n").blocks) == 1


def test_remarks_are_dropped_and_fields_are_not_taken_for_them() -> None:
    text = "HTML {::comment}hidden{:/comment} is fun %%a remark%% here. [Leave](%%unsubscribe_url%%) %%[ Go ](%%checkout_url%%)%%\n"
    (said,) = words(text)
    assert "hidden" not in said
    assert "remark" not in said
    assert "%%checkout_url%%" in said or "Go" in said
    assert {code for _, code in named(text)} >= {"relative-link"}


def test_what_is_dropped_leaves_no_blank_before_a_comma_nor_two_in_a_row() -> None:
    text = "Dear members of {{ site.title }}, in {{< ref x >}}. Hello {% if x %} there {{ name }}, you.\n"
    assert words(text) == ["Dear members of, in. Hello there , you."]  # a field of ours is a reader's, and stays
