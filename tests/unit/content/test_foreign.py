"""Reading what others wrote: HTML, shortcodes, attributes; what is dropped is named."""

import pytest

from mailer.content import StoredFiles, plain, read_files
from mailer.content.issue import (
    CodeBlock,
    Figure,
    Link,
    List,
    MergeField,
    Quote,
    Span,
    Table,
)
from mailer.content.walk import all_blocks, all_inlines, inlines_of
from tests.unit.content.builders import FRONT, PNG, codes, read, texts

# --- HTML ---------------------------------------------------------------------------------------------------------------


def test_inline_html_becomes_ours() -> None:
    issue = read(
        FRONT
        + 'x<sub>1</sub> <b>bold *em*</b><br/>H<sup>2</sup> <a href="https://x.org" onclick="y">l</a> <q>q</q> <foo>y</foo> <!-- c --><script>alert(1)</script> <kbd>K</kbd>'
    )
    (paragraph,) = issue.blocks
    assert plain(inlines_of(paragraph)[0]).split() == ["x1", "bold", "em", "H2", "l", "“q”", "y", "K"]
    kinds = [inline.kind for _, inline in all_inlines(issue.blocks) if isinstance(inline, Span)]
    assert kinds == ["sub", "strong", "em", "sup", "kbd"]
    assert [finding.message.split(" ")[0] for finding in issue.findings] == ["onclick=…", "the", "<script>"]


def test_scripts_in_attributes_are_named_each_time_and_looks_once() -> None:
    issue = read(
        FRONT + '<p style="color:red">a</p>\n\n<div onclick="x()" style="margin:0">b</div>\n\n'
        'c <span style="x" onmouseover="y">d</span> <img src="https://x.org/a.png" alt="An a" onerror="z" style="width:50%">\n'
    )
    assert [
        (finding.place.line, finding.message.split("=")[0])
        for finding in issue.findings
        if finding.code == "html-dropped"
    ] == [(5, "style"), (7, "onclick"), (9, "onmouseover"), (9, "onerror")]


def test_blocks_of_html_become_ours_and_markdown_between_them_stays() -> None:
    source = (
        "<div class='x'>\n\n*Inside*\n\n</div>\n\n<table><tr><th>a<th>b</tr>\n\n<tr><td>1</td><td>2</td></tr></table>\n\n"
        "<blockquote><p>Said</p></blockquote>\n\n<ul><li>one<li>two</ul>\n\n<h3>Head</h3>\n\n<pre>a\n  b</pre>\n\n"
        "<figure><img src='a.png' alt='A' width='100'><figcaption>Cap</figcaption></figure>\n\n"
        "<dl><dt>T<dd>D</dl>\n\n<style>p{}</style>\n\n<iframe src='x'></iframe>\n\n<details><summary>S</summary>\n\nBody\n\n</details>\n\n<![if x]>y<![endif]>\n"
    )
    issue = read(FRONT + source)
    kinds = [type(block).__name__ for block in issue.blocks]
    assert kinds == [
        "Paragraph",
        "Table",
        "Quote",
        "List",
        "Heading",
        "CodeBlock",
        "Figure",
        "Definitions",
        "Paragraph",
        "Paragraph",
        "Paragraph",
    ]
    table, figure = issue.blocks[1], issue.blocks[6]
    assert isinstance(table, Table)
    assert (len(table.head), len(table.rows)) == (2, 1)
    assert isinstance(figure, Figure)
    assert (figure.picture.width, plain(figure.caption)) == (100, "Cap")
    assert [code for _, _, code in codes(issue)] == ["html-dropped", "html-dropped"]


def test_a_table_for_layout_gives_its_content() -> None:
    blocks = read(FRONT + "<table><tr><td><p>One</p><ul><li>x</li></ul></td><td>Two</td></tr></table>").blocks
    assert [type(block).__name__ for block in blocks] == ["Paragraph", "List", "Paragraph"]


# --- what is foreign ------------------------------------------------------------------------------------------------------


def test_foreign_fields_and_shortcodes_are_dropped_and_named() -> None:
    body = 'A {{ site.title }} b {% include x %} c {{< video src="y" >}} d {{ toc }} e {{ name }}.\n\n{% comment %}\n\n<p>{{ page.x }} in html</p>\n'
    issue = read("# T\n\n" + body)
    assert texts(issue) == ["A b c d e .", "in html"]
    assert [(line, level) for line, level, _ in codes(issue)] == [(3, "warning")] * 4 + [(5, "warning"), (7, "warning")]
    strict = read(FRONT + body)
    assert [level for _, level, _ in codes(strict)] == ["error"] * 5
    assert [inline.expression for _, inline in all_inlines(strict.blocks) if isinstance(inline, MergeField)] == [
        "toc",
        "name",
    ]


def test_chunks_of_r_markdown_are_shown_or_dropped_as_they_say() -> None:
    issue = read("# T\n\n```{r setup, include=FALSE}\nx\n```\n\n```{r}\ny\n```\n")
    (block,) = issue.blocks
    assert isinstance(block, CodeBlock)
    assert (block.language, block.text) == ("r", "y")
    assert codes(issue) == [(3, "warning", "code-dropped")]


def test_line_ends_and_marks_of_other_systems_do_no_harm() -> None:
    issue = read_files(StoredFiles({"issue.md": "\ufeff---\r\nsubject: S\r\n---\r\n# A\r\rb\x00c\u00a0d\r\n".encode()}))
    assert (issue.meta.subject, issue.meta.title, texts(issue)) == ("S", "A", ["b\ufffdc\u00a0d"])


def test_footnotes_that_nobody_refers_to_are_named() -> None:
    assert codes(read(FRONT + "x\n\n[^a]: unused\n")) == [(7, "warning", "footnote-unused")]


def test_a_quote_keeps_its_blocks() -> None:
    (quote,) = read(FRONT + "> a\n>\n> - b\n").blocks
    assert isinstance(quote, Quote)
    assert len(quote.blocks) == 2


@pytest.mark.parametrize(
    ("source", "hrefs", "shown"),
    [
        ("[a]({{ site.baseurl }}/x)", ["/x"], "a"),
        ("[a]({{ '/x.html' | relative_url }}) b", ["/x.html"], "a b"),
        ('[a]({{< ref "x.md" >}})', ["x.md"], "a"),
        ("[a]({% link x.md %})", [], "a"),
        ("[a][r]\n\n[r]: {{ site.url }}/y", ["/y"], "a"),
        ("[a](https://x.org/{{ email }}/y)", ["https://x.org//y"], "a"),
        ('<a href="{{ site.url }}/z">a</a>', ["/z"], "a"),
    ],
)
def test_fields_in_addresses_are_dropped_and_named(source: str, hrefs: list[str], shown: str) -> None:
    issue = read(FRONT + source)
    found = [inline.href for _, inline in all_inlines(issue.blocks) if isinstance(inline, Link)]
    assert found == hrefs
    assert texts(issue) == [shown]
    assert (5, "error", "field-in-address") in codes(issue)


def test_headers_of_pelican_are_front_matter() -> None:
    issue = read("Title: This Week 5\nNumber: 5\nDate: 2013-07-01\nCategory: News\n\nHello.\n")
    assert (issue.meta.title, issue.meta.number, issue.meta.own, texts(issue)) == (
        "This Week 5",
        "5",
        False,
        ["Hello."],
    )
    assert texts(read("Title: a story\nof two lines\n")) == ["Title: a story of two lines"]


def test_html_of_franklin_is_html() -> None:
    issue = read('@def title = "F"\n\n~~~\n<p><b>Bold</b></p>\n~~~\n\n~~~\n')
    assert texts(issue)[0] == "Bold"
    assert isinstance(read("# T\n\n~~~\n<p>x</p>\n~~~\n").blocks[0], CodeBlock)


def test_attributes_of_other_systems_are_dropped() -> None:
    issue = read(
        '# T {#top}\n\n## A {#a .b}\n\n![p](a.png){: width="200"} x{: .y}\n{: .no_toc}\n\nset {x} and {1,2} and {a=b c}\n'
    )
    assert issue.meta.title == "T"
    assert texts(issue) == ["A", "p x", "set {x} and {1,2} and {a=b c}"]


def test_emoji_and_boxes() -> None:
    issue = read("# T\n\n:tada: at 10:30:45 :nope: `:tada:`\n\n- [ ] open\n- [x] done\n- [y] other\n")
    items = issue.blocks[1]
    assert isinstance(items, List)
    assert texts(issue)[0] == "🎉 at 10:30:45 :nope: :tada:"
    assert [plain(inlines_of(item[0])[0]) for item in items.items] == ["☐ open", "☑ done", "[y] other"]


def test_fields_in_titles_are_ours_or_dropped() -> None:
    issue = read("---\ntitle: A {{ page.x }} {% y %}b\nsubject: Hi {{ name }}\n---\n")
    assert (issue.meta.title, issue.meta.subject) == ("A b", "Hi {{ name }}")
    assert codes(issue) == [(2, "error", "foreign-template"), (2, "error", "merge-field")]
    assert read("# A \\{{ b }}\n").meta.title == "A {\u2060{ b }}"


def test_hugos_figure_is_a_figure() -> None:
    issue = read('# T\n\n{{< figure src="a.png" title="A *cap*" alt="Alt" >}}\n\n{{< youtube x >}}\n', a_png=PNG)
    (figure,) = issue.blocks
    assert isinstance(figure, Figure)
    assert (figure.picture.src, figure.picture.alt, plain(figure.caption)) == ("a.png", "Alt", "A cap")
    assert [finding.message for finding in issue.findings] == [
        "{{< youtube x >}} is another system's shortcode and is dropped; delete it"
    ]


WORD = """Some words:

•\tFirst item
•\tSecond item
o\tInner item
§\tDeep item
•\tThird

Then text · not a list.

▪ Square
▪\u00a0Square two

o no list here

```
• code
```
"""


def test_words_signs_of_lists_are_lists_named_once_each() -> None:
    issue = read(WORD)
    first, second = (block for block in issue.blocks if isinstance(block, List))
    assert [len(run) for run in first.items] == [1, 2, 1]
    inner = first.items[1][1]
    assert isinstance(inner, List)
    assert isinstance(inner.items[0][1], List)
    assert (first.tight, len(second.items)) == (True, 2)
    assert [plain(run) for block in all_blocks(issue.blocks) for run in inlines_of(block)] == [
        "Some words:", "First item", "Second item", "Inner item", "Deep item", "Third", "Then text · not a list.",
        "Square", "Square two", "o no list here",
    ]  # fmt: skip
    assert [(line, code) for line, _, code in codes(issue)] == [(3, "foreign-markup"), (11, "foreign-markup")]
