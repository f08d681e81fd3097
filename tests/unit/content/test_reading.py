"""Reading: files, front matter, Markdown, HTML; what is foreign is forgiven and named."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from mailer.base.errors import WrongInput
from mailer.content import FolderFiles, StoredFiles, plain, read_files, read_front_matter, read_issue
from mailer.content.issue import (
    Code,
    CodeBlock,
    Definitions,
    DisplayFormula,
    Figure,
    FootnoteRef,
    Footnotes,
    Formula,
    Heading,
    Link,
    List,
    MergeField,
    Paragraph,
    Picture,
    Table,
    Text,
)
from mailer.content.walk import all_inlines, inlines_of
from tests.unit.content.builders import FRONT, PNG, codes, read, texts

# --- files --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "place", "part"),
    [
        ("none.md", None, "none.md", "no such file"),
        ("bad.md", b"ok\nnot \xff utf8", "bad.md:2:1", "not UTF-8"),
        ("notes.txt", b"x", "notes.txt", "no Markdown"),
        ("y.md", b"---\ntitle: [x\n---\n", "y.md:2:10", "not valid YAML"),
        ("y.md", b"---\ntitle: a: b\n---\n", "y.md:2:9", "not valid YAML"),
        ("y.md", b"---\ntitle: x\ndate: 2027-13-45\n---\n", "y.md:1:1", "not valid YAML"),
        ("y.md", b"---\ntitle: x\n", "y.md:1:1", "not closed"),
        ("t.md", b"+++\ntitle = x\n+++\n", "t.md:2:9", "not valid TOML"),
        ("y.md", b"---\ntitle: " + b"[" * 3000 + b"\n---\n", "y.md", "not valid YAML"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_its_line(
    tmp_path: Path, name: str, content: bytes | None, place: str, part: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(WrongInput) as refused:
        read_issue(tmp_path / name)
    assert part in refused.value.message
    assert refused.value.place.startswith(str(tmp_path / place))
    assert refused.value.do


def test_a_folder_without_issue_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongInput, match=r"no issue\.md"):
        read_issue(tmp_path)


def test_no_name_leads_out_of_the_folder(tmp_path: Path) -> None:
    inside, outside = tmp_path / "issue", tmp_path / "secret.png"
    inside.mkdir()
    outside.write_bytes(PNG)
    (inside / "link.png").symlink_to(outside)
    (inside / "loop.png").symlink_to(inside / "loop.png")
    (inside / "ok.png").write_bytes(PNG)
    files = FolderFiles(inside)
    assert files.read("./x/../ok.png") == PNG
    for name in (
        "../secret.png",
        str(outside),
        "link.png",
        "loop.png",
        "a/../../secret.png",
        ".",
        "",
        "x\x00",
        "a" * 5000,
        "C:/x",
        "..\\secret.png",
    ):
        with pytest.raises(FileNotFoundError):
            files.read(name)


def test_stored_files_answer_like_a_folder() -> None:
    files = StoredFiles({"a/b.png": PNG})
    assert files.read("a/./b.png") == PNG
    for name in ("../a/b.png", "/a/b.png", "b.png"):
        with pytest.raises(FileNotFoundError):
            files.read(name)


def test_what_was_used_is_kept_and_gives_the_same_issue(tmp_path: Path) -> None:
    (tmp_path / "issue.md").write_text(
        FRONT + "![A plot](my%20plot.png?x=1)\n\n![Gone](gone.png)\n\n::: publications r.bib\n:::"
    )
    (tmp_path / "my plot.png").write_bytes(PNG)
    (tmp_path / "r.bib").write_text("@misc{a, title={x}, author={y}, year=2020}")
    (tmp_path / "unused.png").write_bytes(PNG)
    issue = read_issue(tmp_path)
    assert issue.assets == {"my plot.png": PNG}
    assert sorted(issue.source_files) == ["issue.md", "my plot.png", "r.bib"]
    again = read_files(StoredFiles(issue.source_files))
    assert again.meta == issue.meta
    assert again.text == issue.text
    assert texts(again) == texts(issue)


# --- front matter ---------------------------------------------------------------------------------------------------------


def test_our_front_matter_is_read() -> None:
    issue = read(
        "---\ntitle: Deep\nsubject:\n  default: Hello\n  industry: Hello, partners\npreheader: 'It: works'\nslug: deep-1\nnumber: 3\n"
        "date: 2027-01-12\nlanguage: de\nfrom: A <a@x.org>\nreply_to: b@x.org\naudiences: Academic, industry\ntheme: signal\n"
        "base_url: https://x.org/a\nzone: Europe/Berlin\nby_audience:\n  industry:\n    preheader: For you\n---\n[a](b.html)"
    )
    meta = issue.meta
    assert (meta.title, meta.subject, meta.preheader, meta.slug, meta.number) == (
        "Deep",
        "Hello",
        "It: works",
        "deep-1",
        "3",
    )
    assert (meta.date, meta.language, meta.sender, meta.reply_to) == (date(2027, 1, 12), "de", "A <a@x.org>", "b@x.org")
    assert (meta.audiences, meta.theme, meta.base_url) == (("academic", "industry"), "signal", "https://x.org/a/")
    assert meta.by_audience == {"industry": {"subject": "Hello, partners", "preheader": "For you"}}
    assert meta.own
    assert issue.findings == ()
    assert [inline.href for _, inline in all_inlines(issue.blocks) if isinstance(inline, Link)] == [
        "https://x.org/a/b.html"
    ]


def test_front_matter_is_read_without_the_text_below_it() -> None:
    text = "---\nsubject: S\nfrom: A <a@x.org>\nreply_to: b@x.org\naudiences: [industry]\n---\n# A title\n\n![](gone.png)\n"
    meta = read(text).meta
    front = read_front_matter(StoredFiles({"issue.md": text.encode()}))
    assert (meta.title, front.title) == ("A title", "")
    assert replace(front, title="A title") == meta
    with pytest.raises(WrongInput, match=r"issue\.md:2"):
        read_front_matter(StoredFiles({"issue.md": b"---\nsubject: [S\n---\nText\n"}))


def test_wrong_and_unknown_values_are_named_by_line() -> None:
    issue = read(
        "---\ntitle: [a]\ndate: soon\nslug: A B\nlanguage: '!'\naudiences: {a: b}\nbase_url: x\ncolour: red\nzone: Mars/One\nsubject: S\nsubject: T\n---\n"
    )
    assert codes(issue) == [
        *[(line, "error", "front-matter-value") for line in range(2, 8)],
        (8, "warning", "front-matter-key"),
        (9, "error", "front-matter-value"),
        (11, "warning", "front-matter-key"),
    ]


@pytest.mark.parametrize(
    ("text", "title", "own"),
    [
        ("# Only a heading\n\nText.", "Only a heading", False),
        ("---\nlayout: post\ntitle: Jekyll\ncategories: [a]\n---\nText.", "Jekyll", False),
        ('+++\ntitle = "Hugo"\ndate = 2027-01-12\ndraft = false\n[params]\n  a = 1\n+++\nText.', "Hugo", False),
        ('+++\ntitle = "Franklin"\ndate = Date(2027, 1, 12)\nhascode = true\n+++\nText.', "Franklin", False),
        ('@def title = "Old Franklin"\n@def hascode = true\n\nText.', "Old Franklin", False),
        ('---\ntitle: "R"\noutput: html_document\n---\nText.', "R", False),
        ("---\ntitle: Ours\n---\nText.", "Ours", True),
        ("---\n\nA break above.\n\n---\n", "issue", False),
        ("---\nsome words\n---\n", "some words", False),
        ("---\n---\nText.", "issue", False),
        ("---\n# a comment\n---\n# Title", "Title", False),
        ("+++\nno end", "issue", False),
    ],
)
def test_front_matter_of_other_systems_is_understood(text: str, title: str, own: bool) -> None:  # noqa: FBT001
    issue = read(text)
    assert (issue.meta.title, issue.meta.own) == (title, own)
    assert all(finding.level == "warning" for finding in issue.findings)


def test_a_heading_that_repeats_the_title_is_dropped() -> None:
    assert texts(read("---\ntitle: My  title\nsubject: s\n---\n# My title\n\nText.")) == ["Text."]
    assert texts(read("---\ntitle: Other\nsubject: s\n---\n# My title\n\nText.")) == ["My title", "Text."]
    assert read("# Hi {{ name }} $x$\n").meta.title == "Hi {{ name }} x"


# --- Markdown -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("$5 and $10", []),
        ("costs 5$ or 10$ more", []),
        ("US$5/US$10 and $5-$10", []),
        (r"\$x$ and \$", []),
        ("$x$", ["x"]),
        ("$X$ is 5", ["X"]),
        ("$ x $", []),
        (r"$5 and $10 and 2$\times$3 $x$.", [r"\times", "x"]),
        ("$10$ items", ["10"]),
        ("$a$ and $b$", ["a", "b"]),
        ("`$x$`", []),
        (r"$\$5$", [r"\$5"]),
        ("*$a*b$*", ["a*b"]),
        ("$a\nb$", ["a\nb"]),
        ("$$", []),
        ("$x", []),
    ],
)
def test_dollars_are_formulas_or_prices(text: str, formulas: list[str]) -> None:
    issue = read(FRONT + text)
    assert [inline.tex for _, inline in all_inlines(issue.blocks) if isinstance(inline, Formula)] == formulas


def test_display_formulas_stand_alone() -> None:
    issue = read(
        FRONT + "A text $$a=b$$.\n\n$$\nc\n$$\n\n$$ d $$ (eq)\n\n\\begin{align}\ne\n\\end{align}\n\nWord $$f$$ word\n"
    )
    shown = [
        block.formula.tex if isinstance(block, DisplayFormula) else plain(inlines_of(block)[0])
        for block in issue.blocks
    ]
    assert shown == ["A text", "a=b.", "c", "d", "\\begin{align}\ne\n\\end{align}", "Word", "f", "word"]
    numbered = [block.formula.number for block in issue.blocks if isinstance(block, DisplayFormula)]
    assert numbered == ["", "", "eq", "", ""]
    (tagged,) = read(FRONT + "$$a \\tag{3}$$").blocks
    assert isinstance(tagged, DisplayFormula)
    assert (tagged.formula.tex, tagged.formula.number) == ("a", "3")


def test_formulas_and_fields_may_hold_bars_in_tables() -> None:
    issue = read(FRONT + '| a | b |\n|:-:|---|\n| $|x|$ | {{ name | default("x") }} |\n| `a\\|b` | $5 | \n')
    (table,) = issue.blocks
    assert isinstance(table, Table)
    assert table.align == ("center", "")
    assert table.rows[0][0] == (Formula("|x|", display=False, place=table.rows[0][0][0].place),)  # type: ignore[union-attr]
    assert isinstance(table.rows[0][1][0], MergeField)
    assert table.rows[1] == ((Code("a|b"),), (Text("$5"),))


def test_places_are_right_to_the_column() -> None:
    issue = read(
        FRONT
        + "\nSome *text*\nand $x$ [a](https://x.org) {{ name }}\n\n> quoted $y$\n\n- item\n\n  deep $z$\n\n| a | b |\n|---|---|\n| c | $w$ |\n"
    )
    lines = issue.text.split("\n")
    found = [
        lines[inline.place.line - 1][inline.place.column - 1 :]
        for _, inline in all_inlines(issue.blocks)
        if isinstance(inline, Formula | Link | MergeField)
    ]
    begin = ("$x$", "[a]", "{{ name }}", "$y$", "$z$", "$w$")
    assert [text.startswith(sign) for text, sign in zip(found, begin, strict=True)] == [True] * len(begin)


def test_markdown_becomes_blocks() -> None:
    issue = read(
        FRONT
        + "## A *b*\n\n1. one\n2. two\n   - deep\n\nTerm\n: described\n\n```Python x\ncode\n```\n\n~~gone~~ `c` www.example.org a@example.org "
        "doi:10.1000/182 arXiv:2203.13729v2.\n\n---\n\n[^n]: note\n\nText[^n] again[^n] and ^[inline].\n"
    )
    heading, numbered, defined, code, paragraph, _, last, notes = issue.blocks
    assert isinstance(heading, Heading)
    assert (heading.level, heading.anchor) == (2, "a-b")
    assert isinstance(numbered, List)
    assert (numbered.start, len(numbered.items), isinstance(numbered.items[1][1], List)) == (1, 2, True)
    assert isinstance(defined, Definitions)
    assert isinstance(code, CodeBlock)
    assert (code.language, code.text) == ("python", "code")
    assert isinstance(paragraph, Paragraph)
    hrefs = [inline.href for _, inline in all_inlines((paragraph,)) if isinstance(inline, Link)]
    assert hrefs == [
        "http://www.example.org",
        "mailto:a@example.org",
        "https://doi.org/10.1000/182",
        "https://arxiv.org/abs/2203.13729v2",
    ]
    assert [inline.number for _, inline in all_inlines((last,)) if isinstance(inline, FootnoteRef)] == [1, 1, 2]
    assert isinstance(notes, Footnotes)
    assert len(notes.items) == 2


def test_a_picture_alone_is_a_figure_and_takes_its_caption() -> None:
    figure, other = read('# T\n\n![Alt](a.png "A title")\n\n![B](b.png)\n\nFig. 2: below\n\n').blocks
    assert isinstance(figure, Figure)
    assert (figure.picture.alt, plain(figure.caption)) == ("Alt", "A title")
    assert isinstance(other, Figure)
    assert plain(other.caption) == "Fig. 2: below"


def test_unsafe_links_are_dropped_and_their_text_stays() -> None:
    source = "[a](javascript:x) <a href='java\nscript:x'>b</a> [c](vbscript:x) ![d](data:image/png;base64,x) [e](&#106;avascript:x) <javascript:f> [g]()"
    issue = read(FRONT + source)
    assert not [inline for _, inline in all_inlines(issue.blocks) if isinstance(inline, Link | Picture)]
    assert texts(issue) == ["a b c d e javascript:f g"]
    assert {code for _, _, code in codes(issue)} == {"unsafe-link", "empty-link"}
