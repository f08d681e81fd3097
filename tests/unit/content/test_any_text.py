"""Any text parses: nothing crashes, every block has a line, no word is lost, no markup survives."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.base.errors import WrongInput
from mailer.content import Issue, StoredFiles, check_issue, plain, read_files, select
from mailer.content.issue import (
    Block,
    CodeBlock,
    DisplayFormula,
    Footnotes,
    Link,
    Picture,
    Publications,
)
from mailer.content.walk import all_blocks, all_inlines, inlines_of

PIECES = [
    "word", "zwei", " ", "\n", "\n\n", "# ", "## ", "- ", "1. ", "> ", "    ", "\t", "`", "```\n", "*", "**", "_", "~~", "$", "$$", "\\", "[", "](", ")",
    "![", "https://x.org", "[^a]", "[^a]: ", "^[", "::: note\n", ":::: columns\n", ":::\n", "::::\n", "::: audience a\n", "::: event\n", "title: x\n",
    "when: 2027-01-12\n", "::: people\n", "::: figure a.png\n", "::: button ", "::: quote\n", "::: publications r.bib\n", "+++\n", "---\n", "|", "|-|\n",
    "{{", "}}", "{{ name }}", "{%", "%}", "{{<", "<b>", "</b>", "<div>", "</div>", "<table>", "<td>", "<!--", "-->", "<script>", "</script>", "<![", "<?",
    "<a href='javascript:x'>", "&amp;", "&#0;", "&lt;script&gt;", "\u00a0", "\u200b", "é", "日", "\x00", "\x0c", "\r", "\ud7ff", "\ufdd0", "[x]: y\n", ": d\n",
    "\\begin{align}", "\\end{align}", "title: ", "@def a = b\n", "<", ">", "=\n", "www.x.org", "arXiv:2203.13729", "doi:10.1/x", "!", "\\[", "^", "~",
]  # fmt: skip

markdown = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


def read(text: str) -> Issue | None:
    try:
        return read_files(
            StoredFiles({"issue.md": text.encode(), "r.bib": b"@misc{a, title={x}, author={y}, year=2020}"})
        )
    except WrongInput as refused:
        if not re.match(r"issue\.md(:\d+:\d+)?$", refused.place):
            raise
        return None


def assert_sound(issue: Issue) -> None:
    lines = issue.text.split("\n")
    for block in all_blocks(issue.blocks):
        assert 1 <= block.place.line <= len(lines), block
        assert block.place.column >= 1
    for _, inline in all_inlines(issue.blocks):
        if isinstance(inline, Link):
            assert not re.match(r"\s*(javascript|vbscript|data):", inline.href, re.IGNORECASE)
        if isinstance(inline, Link | Picture):
            assert inline.place.column <= len(lines[inline.place.line - 1]) + 1 or inline.place.file == "r.bib"
    for finding in issue.findings:
        assert finding.place.line >= 1
    assert "\ufdd0" not in "".join(plain(run) for block in all_blocks(issue.blocks) for run in inlines_of(block))


@settings(deadline=None, max_examples=60)
@given(st.one_of(markdown, st.text(max_size=200)))
def test_any_text_parses_and_every_line_exists(text: str) -> None:
    issue = read(text)
    if issue is not None:
        assert_sound(issue)
        for audiences in (frozenset(), frozenset({"a"})):
            for block in all_blocks(select(issue, frozenset(audiences))):
                assert block.is_for(frozenset(audiences))


@settings(deadline=None, max_examples=20)
@given(markdown)
def test_any_text_can_be_checked(text: str) -> None:
    issue = read(text)
    if issue is not None:
        lines = len(issue.text.split("\n"))
        for finding in check_issue(issue, known_audiences=["a"]):
            assert 1 <= finding.place.line <= lines or finding.place.file == "r.bib"


def words_of(block: Block) -> list[str]:
    words = [plain(run) for run in inlines_of(block)]
    match block:
        case CodeBlock(text=text):
            words.append(text)
        case DisplayFormula(formula=formula):
            words.append(formula.tex)
        case Publications() | Footnotes():
            pass
        case _:
            pass
    return words


WORDS = st.lists(
    st.sampled_from(["alpha", "beta", "gamma", "delta", "naïve", "größe", "x"]), min_size=1, max_size=6
).map(" ".join)
BLOCK = st.one_of(
    WORDS,
    WORDS.map(lambda text: f"## {text}"),
    WORDS.map(lambda text: f"- {text}\n- **{text}**"),
    WORDS.map(lambda text: f"> {text}\n> *{text}*"),
    WORDS.map(lambda text: f"```\n{text}\n```"),
    WORDS.map(lambda text: f"| a | b |\n|---|---|\n| {text} | [{text}](https://x.org) |"),
    WORDS.map(lambda text: f"::: note\n{text}\n:::"),
    WORDS.map(lambda text: f"::: columns\n{text}\n\n+++\n\n{text}\n:::"),
    WORDS.map(lambda text: f"::: people\n- {text} ({text}), {text}\n:::"),
    WORDS.map(lambda text: f"::: nosuch\n{text}\n:::"),
    WORDS.map(lambda text: f"<div><b>{text}</b></div>"),
    WORDS.map(lambda text: f"{text} <i>{text}</i>  \n~~{text}~~"),
    WORDS.map(lambda text: f"Term {text}\n: {text}"),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(BLOCK, min_size=1, max_size=6))
def test_no_word_is_lost_and_none_is_doubled(parts: list[str]) -> None:
    issue = read("---\ntitle: T\nsubject: S\n---\n\n" + "\n\n".join(parts))
    assert issue is not None
    seen = " ".join(word for block in all_blocks(issue.blocks) for word in words_of(block))
    for word in ("alpha", "beta", "gamma", "delta", "naïve", "größe"):
        written = len(re.findall(rf"\b{word}\b", "\n".join(parts)))
        assert len(re.findall(rf"\b{word}\b", seen)) == written


@pytest.mark.parametrize(
    "text",
    [
        "> " * 5_000 + "deep",
        "- " * 2_000 + "deep",
        "::: note\n" * 2_000 + "deep",
        "<div>" * 5_000 + "deep",
        "*" * 20_000,
        "*" * 3_000 + "x" + "*" * 3_000,
        "<blockquote>" * 3_000 + "x",
        "<p><b>" * 2_000 + "x",
        "[" * 10_000,
        "$" * 10_001,
        "{{" * 10_000,
        "`" * 9_999 + "x",
        "![" * 3_000 + "](" * 3_000,
        "<b>" * 3_000 + "x",
        "| a " * 3_000 + "\n" + "|-" * 3_000 + "\n",
        ("a" * 50 + "\\") * 2_000,
        "\n".join(f"[^{number}]: x[^{number + 1}]" for number in range(1_000)) + "\n\ny[^0]",
        "**[" * 2_000,
        "www." * 4_000,
        "x " * 50_000,
        "arXiv:" * 5_000,
        "<!-- " * 5_000,
        "Register by Monday " * 5_000,
        "deadline is " * 8_000,
        "[@a " * 8_000,
        "the " * 20_000,
    ],
    ids=lambda text: text[:10].strip() or "blank",
)
@pytest.mark.timeout(120)  # seconds is what they take; a blow-up takes hours
def test_bombs_do_not_blow_up(text: str) -> None:
    issue = read("---\ntitle: T\nsubject: S\n---\n\n" + text)
    assert issue is not None
    assert_sound(issue)
    check_issue(issue)
