"""Newsletters as others write them: read as they are meant, and whatever is lost is named with its line."""

import re
from typing import TypeVar

import pytest

from mailer.content import Issue, StoredFiles, check_issue, plain, read_files, select
from mailer.content.issue import (
    Block,
    CodeBlock,
    Columns,
    Figure,
    Formula,
    List,
    Note,
    Quote,
    Span,
    Table,
)
from mailer.content.walk import all_blocks, all_inlines, inlines_of
from tests.unit.content.others import (
    FRANKLIN,
    GITHUB,
    HUGO,
    JEKYLL,
    MATHJAX,
    MKDOCS,
    MYST,
    OBSIDIAN,
    OTHERS,
    PANDOC,
    QUARTO,
    SUBSTACK,
)

Kind = TypeVar("Kind", bound=Block)


def read(text: str, **files: bytes) -> Issue:
    return read_files(StoredFiles({"issue.md": text.encode(), **files}))


def texts(issue: Issue) -> str:
    return "\n".join(plain(run) for block in all_blocks(issue.blocks) for run in inlines_of(block))


def lost(issue: Issue) -> dict[int, str]:
    return {finding.place.line: finding.message for finding in issue.findings if finding.code == "foreign-template"}


def only(issue: Issue, kind: type[Kind]) -> Kind:
    found = [block for block in all_blocks(issue.blocks) if isinstance(block, kind)]
    assert len(found) == 1
    return found[0]


def test_jekyll() -> None:
    issue = read(JEKYLL)
    assert issue.meta.title == "Weekly no. 12"
    assert only(issue, CodeBlock) == CodeBlock(
        place=only(issue, CodeBlock).place, text="def foo\n  puts 'foo'\nend", language="ruby"
    )
    assert only(issue, CodeBlock).place.line == 11
    shown = texts(issue)
    assert "toc" not in shown.lower()
    assert "Noticed." in shown
    assert "not for readers" not in shown
    assert {7, 24} <= lost(issue).keys()
    assert [found.tex for _, found in all_inlines(issue.blocks) if isinstance(found, Formula)] == ["a_1+b"]


def test_brackets_are_formulas_where_tex_stands_between_and_brackets_elsewhere() -> None:
    issue = read(MATHJAX)
    found = [(found.tex, found.display) for _, found in all_inlines(issue.blocks) if isinstance(found, Formula)]
    assert found == [
        ("f", False),
        ("|f(x)| < 3", False),
        ("n = 2", False),
        ("a = b.", True),
        ("x\n- y\n+ \\frac{1}{2}", True),
        ("E = mc^2", True),
        ("|x|", False),
    ]
    assert texts(issue).endswith(
        "In [1] and [sic], as (see there) of Miller [2020], [text](not a link), [a link](https://example.org)."
    )
    assert not [finding for finding in check_issue(issue) if finding.code.startswith(("formula", "tex"))]


def test_hugo() -> None:
    issue = read(HUGO)
    assert plain(only(issue, Figure).caption) == "Our cat"
    assert only(issue, CodeBlock).text == 'fmt.Println("hi")\n  indented()'
    assert "Inside a notice." in texts(issue)
    assert "custom-id" not in texts(issue)
    assert isinstance(only(issue, Note), Note)
    assert lost(issue).keys() == {7}


def test_franklin() -> None:
    issue = read(FRANKLIN, **{"assets/plot.png": b""})
    assert (
        next(found.tex for _, found in all_inlines(issue.blocks) if isinstance(found, Formula)) == r"x \in \mathbb{R}"
    )
    assert "In a box." in texts(issue)
    assert "@@" not in texts(issue)
    assert only(issue, Figure).picture.src == "assets/plot.png"
    assert lost(issue).keys() == {4, 14}
    assert plain(inlines_of(select(issue, frozenset())[-1])[0]) == "As (1) says."


def test_pandoc() -> None:
    issue = read(PANDOC)
    assert issue.meta.title == "The title"
    assert "A link and small caps." in texts(issue)
    assert "Centred words." in texts(issue)
    spans = [(found.kind, plain(found.children)) for _, found in all_inlines(issue.blocks) if isinstance(found, Span)]
    assert spans == [("sub", "2"), ("sup", "10")]


def test_quarto() -> None:
    issue = read(QUARTO)
    notes = [block for block in all_blocks(issue.blocks) if isinstance(block, Note)]
    assert [(plain(note.title), texts_of(note)) for note in notes] == [
        ("Try it", "Words of the tip."),
        ("Expand me", "Warned."),
    ]
    assert [texts_of(column) for column in only(issue, Columns).columns] == ["Left", "Right"]
    assert "Panel words." in texts(issue)
    assert ":::" not in texts(issue)


def texts_of(block: object) -> str:
    blocks = block.blocks if isinstance(block, Note) else block
    assert isinstance(blocks, tuple)
    return " ".join(plain(run) for found in all_blocks(blocks) for run in inlines_of(found))


def test_obsidian() -> None:
    issue = read(OBSIDIAN, **{"photo.png": b""})
    shown = texts(issue)
    assert "See Some Note, another one and" in shown
    assert "photo.png" in issue.assets
    assert plain(only(issue, Note).title) == "Good to know"
    assert "comment" not in shown
    assert "hidden" not in shown
    assert "☐ Issue" in shown
    assert lost(issue)[3].endswith("is a link within another system; its words stay; write [another one](https://…)")


def test_github() -> None:
    issue = read(GITHUB)
    assert (plain(only(issue, Note).title), texts_of(only(issue, Note))) == ("Warning", "Urgent words.")
    assert [plain(cell) for cell in only(issue, Table).rows[0]] == ["a | b", "c|d"]
    assert "hidden words" in texts(issue)


def test_substack_and_mailchimp() -> None:
    issue = read(SUBSTACK)
    assert plain(only(issue, Figure).caption) == "Fig. 3: The caption."
    assert "Hello and!" in texts(issue)
    assert "*|FNAME|* is another system's" in lost(issue)[3]


def test_notes_are_named_in_the_language_of_the_issue() -> None:
    german = read("---\ntitle: T\nsubject: S\nlanguage: de\n---\n> [!WARNING]\n> x\n\n::: tip\ny\n:::\n")
    assert [plain(block.title) for block in german.blocks if isinstance(block, Note)] == ["Warnung", "Tipp"]


def test_mkdocs() -> None:
    issue = read(MKDOCS)
    notes = [block for block in all_blocks(issue.blocks) if isinstance(block, Note)]
    assert [(plain(note.title), note.place.line) for note in notes] == [
        ("Mind this", 3),
        ("Warning", 12),
        ("First tab", 15),
    ]
    assert texts_of(notes[0]) == "Words of the note. an item"
    assert only(issue, CodeBlock).text == "x = 1"
    assert texts(issue).endswith("After all.\n!!! exclaimed without a body")


def test_myst() -> None:
    issue = read(MYST.replace("Read me\n", "Read me\n:class: tip\n"), **{"x.png": b""})
    notes = [block for block in all_blocks(issue.blocks) if isinstance(block, Note)]
    assert [(plain(note.title), texts_of(note)) for note in notes] == [
        ("Read me", "Words inside here."),
        ("Warning", "Sharp."),
    ]
    assert only(issue, CodeBlock).text == "y = 2"
    assert texts(issue).endswith("See a plot and done.")


def test_a_plain_quote_stays_one() -> None:
    assert only(read("> [!not a callout\n> x"), Quote)
    assert only(read("> words"), Quote)


def test_a_cell_without_a_column_is_named() -> None:
    issue = read("# T\n\n| a | b |\n|---|---|\n| 1 | 2 | three |\n")
    assert [(found.place.line, found.code, "three" in found.message) for found in issue.findings] == [
        (5, "table-cells", True)
    ]


@pytest.mark.parametrize("opening", ["{::comment}", "%%", "{% comment %}", "{% highlight ruby %}"])
def test_what_is_not_closed_swallows_nothing(opening: str) -> None:
    assert "words to keep" in texts(read(f"# T\n\n{opening}\n\nwords to keep\n"))


def test_code_and_formulas_are_left_alone() -> None:
    text = "# T\n\n`[[x]]` and $a[[b]]$\n\n```\n[[y]] \\newpage\n{::comment}\n```\n\n    [[z]]\n"
    issue = read(text)
    assert [block.text for block in issue.blocks if isinstance(block, CodeBlock)] == [
        "[[y]] \\newpage\n{::comment}",
        "[[z]]",
    ]
    assert "[[x]]" in texts(issue)
    assert not issue.findings


@pytest.mark.parametrize("name", sorted(OTHERS))
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_word_of_theirs_is_shown_or_named(name: str, newline: str) -> None:
    source = OTHERS[name]
    issue = read_files(StoredFiles({"issue.md": b"\xef\xbb\xbf" + source.replace("\n", newline).encode()}))
    said = texts(issue) + " ".join(block.text for block in all_blocks(issue.blocks) if isinstance(block, CodeBlock))
    said += (
        " ".join(plain(block.title) for block in all_blocks(issue.blocks) if isinstance(block, Note)) + issue.meta.title
    )
    named = {finding.place.line for finding in (*issue.findings, *check_issue(issue))}
    comments = {"not", "for", "readers", "comment", "a", "hidden", "TOC"} if name in {"jekyll", "obsidian"} else set()
    lines = source.split("\n")
    end = next((n for n, line in enumerate(lines[1:], 1) if line in {"---", "+++"}), 0) if source[0] in "-+" else 0
    for number, line in enumerate(lines[end + 1 :], end + 2):
        bare = re.sub(
            r"https?://\S+|\{[.#:][^}]*\}|\]\([^)]*\)|\[!\w+\]|</?\w+>|:::.*|@@.*|~~~.*|```.*|^%.*|`{3,}.*|.*highlight.*|.*notice.*%}}",
            " ",
            line,
        )
        missing = {word for word in re.findall(r"[^\W\d_]{2,}", bare) if word not in said} - comments
        assert not missing or number in named or line.startswith("\\newcommand"), (number, line, missing)


def test_lists_keep_their_boxes() -> None:
    items = only(read("- [ ] *do*\n- [x] done\n- [/] half\n- [ ]"), List).items
    assert [" ".join(plain(run) for block in item for run in inlines_of(block)) for item in items] == [
        "☐ do",
        "☑ done",
        "[/] half",
        "[ ]",
    ]
