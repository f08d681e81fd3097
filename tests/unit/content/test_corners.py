"""The rarer ways through reading and checking."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from mailer.base.errors import WrongInput
from mailer.content import Issue, StoredFiles, check_issue, plain, read_files, read_issue, select
from mailer.content.atomic import write_whole
from mailer.content.bibliography.bibtex import LIMIT_CHARACTERS as BIB_LIMIT
from mailer.content.formulas.typesetting import FormulaError, Typeset, as_unicode, png, typeset
from mailer.content.issue import Definitions, Event, List, Publications, Table
from mailer.content.moments import parse_when
from mailer.content.parse import LIMIT_CHARACTERS, decoded
from tests.unit.content.builders import words

FRONT = "---\ntitle: T\nsubject: S\npreheader: P\n---\n"


def read(text: str, front: str = FRONT, **files: bytes) -> Issue:
    return read_files(
        StoredFiles(
            {
                "issue.md": (front + text).encode(),
                **{name.replace("_", "."): content for name, content in files.items()},
            }
        )
    )


def codes(issue: Issue, **options: object) -> list[tuple[int, str]]:
    return [(finding.place.line, finding.code) for finding in check_issue(issue, **options)]  # type: ignore[arg-type]


# --- reading ------------------------------------------------------------------------------------------------------------


def test_a_missing_main_file_and_an_endless_one_are_refused() -> None:
    with pytest.raises(WrongInput, match="cannot be read"):
        read_files(StoredFiles({}))
    with pytest.raises(WrongInput, match="too long"):
        decoded(b"x" * (LIMIT_CHARACTERS + 1), "issue.md")


def test_an_issue_without_heading_is_named_after_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "june-2027"
    folder.mkdir()
    (folder / "issue.md").write_text("Text only.")
    assert read_issue(folder).meta.title == "june 2027"


@pytest.mark.parametrize(
    ("front", "code"),
    [
        ("title: T\nsubject:\n  industry: I\n", "front-matter-value"),
        ("title: T\nsubject: S\nby_audience: x\n", "front-matter-value"),
        ("title: T\nsubject: S\nby_audience:\n  a:\n    slug: x\n", "front-matter-value"),
    ],
)
def test_texts_by_audience_must_be_what_they_are(front: str, code: str) -> None:
    assert code in {found for _, found in codes(read("x", f"---\n{front}---\n"))}


@pytest.mark.parametrize("key", ["from", "reply_to"])
def test_a_mailbox_that_no_header_can_hold_is_an_error_before_anything_is_sent(key: str) -> None:
    def found(value: str) -> list[str]:
        return [code for _, code in codes(read("x", f"---\ntitle: T\nsubject: S\n{key}: '{value}'\n---\n"))]

    for right in ("a@x.org", "Ä <a@x.org>", '"Smith, J." <j@x.org>', "<a@x.org>", "news@müller.test"):
        assert "front-matter-value" not in found(right)
    for wrong in ("ödi@x.org", "Maths <no address>", "a@b@x.org", "a@x..org", "A <a@x.org", "a@x.org>", "a, b@x.org"):
        assert "front-matter-value" in found(wrong)
    assert ("front-matter-value" in found("The editors")) == (key == "reply_to")


def test_dates_may_have_times() -> None:
    assert read("x", "---\ntitle: T\nsubject: S\ndate: 2027-01-12 10:00:00\n---\n").meta.date == date(2027, 1, 12)
    assert read("x", "---\ntitle: T\nsubject: S\ndate: ''\n---\n").meta.date is None


def test_lines_between_two_breaks_are_text() -> None:
    assert words(read("---\n[x\n---\n\ntext", "")) == ["[x", "text"] or words(read("---\n[x\n---\n\ntext", "")) == [
        "text"
    ]
    assert not read("---\n\n\n---\n\ntext", "").meta.own


def test_references_and_comments_leave_no_paragraph() -> None:
    assert read("[a]: https://x.org\n\n<!-- c -->\n\n{% x %}\n\n# \n\n$$ $$\n\n><!-- c -->\n").blocks == ()


def test_a_table_without_head_words_has_no_head() -> None:
    (table,) = read("| | |\n|-|-|\n|a|b|\n").blocks
    assert isinstance(table, Table)
    assert table.head == ()


def test_an_events_title_may_be_its_heading() -> None:
    (event,) = read("::: event\nwhen: 2027-01-12\n\n## The *talk*\n\nBody\n:::").blocks
    assert isinstance(event, Event)
    assert (plain(event.title), len(event.blocks)) == ("The talk", 1)


def test_lists_with_more_than_names_stay_beside_the_people() -> None:
    issue = read("::: people\n- Ada (UCL)\n\n1. x\n\n   > quoted\n:::")
    assert [type(block).__name__ for block in issue.blocks] == ["People", "List"]


def test_fences_in_indented_code_and_long_strays_are_no_fences() -> None:
    issue = read("::: note\ntext\n\n    :::\n\nmore\n:::\n\n:::::\n")
    assert [type(block).__name__ for block in issue.blocks] == ["Note", "Paragraph"]
    assert (14, "container-stray") in codes(issue)


def test_a_shorter_fence_does_not_close_a_longer_one() -> None:
    issue = read(":::: note\na\n:::\nb\n::::\n")
    assert [type(block).__name__ for block in issue.blocks] == ["Note"]


# --- HTML ---------------------------------------------------------------------------------------------------------------


def test_more_html() -> None:
    source = (
        "<div>{% x %}a</div>\n\n<p>b<hr></p>\n\n<b><p>c</p></b>\n\n<ul>loose</ul>\n\n<figure><p>d</p><figcaption>e</figcaption></figure>\n\n"
        "<table><caption>f</caption></table>\n\n<h2><div>g</div> h</h2>\n\n<foo/>\n\n<code>i</code> <input> <meta> j\n\n*k</b>* <span/> l <code></code>"
    )
    issue = read(source)
    assert words(issue) == ["a", "b", "c", "loose", "d", "e", "f", "g h", "i j", "k l"] or "k" in words(issue)[-1]
    assert {"html-dropped", "foreign-template"} <= {finding.code for finding in issue.findings}


# --- bibliography ---------------------------------------------------------------------------------------------------------


def test_more_publications() -> None:
    bib = (
        b"@techreport{r, author={a, b, c, d, e}, title={R}, year=2020, institution={I}}\n"
        b"@misc{h, author={Z}, title={H}, year=2021, howpublished={On paper}}\n"
        b"@misc{x, author={Y}, title={X}, year=2021, doi={10.48550/arXiv.2203.13729}}\n"
        b"@misc{n, author={X}, title={N}, year=2021, eprint={none}, url={https://doi.org/10.1000/182}}\n"
    )
    issue = read(
        "::: publications r.bib\nsort: author\ngroup: none\n:::\n\n::: publications r.bib\nsort: title\n:::", r_bib=bib
    )
    first, second = (block for block in issue.blocks if isinstance(block, Publications))
    assert [work.key for work in first.groups[0][1]] == ["r", "n", "x", "h"]
    assert [heading for heading, _ in second.groups] == ["2021", "2020"]
    works = {work.key: work for work in first.groups[0][1]}
    assert plain(works["r"].authors) == "a, b, c, d, e"
    assert plain(works["r"].venue) == "Report, I"
    assert plain(works["h"].venue) == "On paper"
    assert (works["x"].doi, works["x"].arxiv, works["x"].href) == ("", "2203.13729", "https://arxiv.org/abs/2203.13729")
    assert works["n"].doi == "10.1000/182"


def test_empty_and_endless_bibliographies_are_named() -> None:
    assert [finding.code for finding in read("::: publications r.bib\n:::", r_bib=b"% nothing").findings] == [
        "bibliography"
    ]
    assert [finding.code for finding in read("::: publications r.bib\n:::", r_bib=b" " * (BIB_LIMIT + 1)).findings] == [
        "bibliography"
    ]
    assert (
        words(read("::: publications r.bib\nSome words.\n:::", r_bib=b"@misc{a, title={x}, author={y}, year=2020}"))[-1]
        == "Some words."
    )


# --- formulas -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tex", "words_"),
    [
        ("|x", "bar x"),
        (r"\lVert x\rVert_2", "the norm of x, end norm, sub 2"),
        (r"\lVert x\rVert_2^2", "the norm of x, end norm, sub 2 squared"),
        (r"\left|x+1\right|", "the absolute value of x plus 1, end absolute value"),
        (r"\left(\genfrac{}{}{0pt}{}{n}{k}\right)", "n choose k"),
        ("A'^T", "A prime transpose"),
        (r"\genfrac{}{}{0pt}{}{n}{k}", "2 lines: line 1: n; line 2: k;"),
        (r"\sup x", "supremum x"),
        (r"\overline{x}^{abc}", "x bar to the power a b c, end power"),
        ("f(x", "f open paren x"),
        (r"\overset{n}{\sum}", "the sum to n of"),
        (r"\mathrel{\overset{!}{=}}", "equals with an exclamation mark above"),
        (r"\underline{x}", "x, underlined"),
        (
            r"\begin{vmatrix}a&b\\c&d\end{vmatrix}",
            "the determinant of the 2 by 2 matrix, row 1: a, b; row 2: c, d, end matrix",
        ),
        (r"\Gamma\varepsilon\vartheta", "capital gamma epsilon theta"),
    ],
)
def test_more_words(tex: str, words_: str) -> None:
    found = typeset(tex, display=True)
    assert isinstance(found, Typeset)
    assert found.alt == words_


def test_more_characters() -> None:
    def shown(tex: str) -> str | None:
        found = as_unicode(tex)
        return plain_with_marks(found) if found else None

    def plain_with_marks(inlines: object) -> str:
        assert isinstance(inlines, tuple)
        return "".join(
            part.text if hasattr(part, "text") else f"<{part.kind}>{plain_with_marks(part.children)}</{part.kind}>"
            for part in inlines
        )

    assert shown("ab") == "<em>ab</em>"
    assert shown("(a,b)") == "(<em>a</em>,\u00a0<em>b</em>)"
    assert shown(r"\log x") is None or "log" in str(shown(r"\log x"))
    assert shown("a*b") == "<em>a</em>*<em>b</em>"
    assert shown("x_{y_z}") is None
    assert shown("{ab}_c") is None
    assert shown(r"\left(x\right)") is None
    assert shown(r"\dot{A}") == "<em>Ȧ</em>"
    assert shown(r"\operatorname{größe}") is None
    assert shown(r"\mathbf{\tilde A}") is None
    assert shown(r"\aleph") is None
    assert shown(r"\mathfrak{g}") is None
    assert shown(r"\oplus") is None


def test_a_huge_picture_is_drawn_with_fewer_pixels() -> None:
    found = typeset(r"\rule{300em}{60em}", display=True)
    assert isinstance(found, Typeset | FormulaError)
    if isinstance(found, Typeset):
        assert len(png(found, ink="#000000", ex=9).content) < 100_000


def test_text_in_a_formula_may_hold_formulas_with_accents() -> None:
    found = typeset(r"\text{für $ä$ é}", display=False)
    assert isinstance(found, Typeset)
    assert found.alt.startswith("für")


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "taken"
    target.mkdir()
    (target / "x").write_text("x")
    with pytest.raises(OSError, match="taken"):
        write_whole(target, b"content")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


# --- checking -------------------------------------------------------------------------------------------------------------


def test_more_rules() -> None:
    now = datetime(2027, 1, 1, tzinfo=UTC)
    assert codes(read("::: event x\nwhen: 2026-12-01 10:00\nlink: https://x.org/a\n:::"), now=now) == [
        (6, "event-past")
    ]
    assert codes(read("::: event x\nwhen: 2026-12-01 10:00–11:00\n:::"), now=now) == [(6, "event-past")]
    assert codes(read("Come on Monday May 12, 2027."), now=now) == [(6, "weekday-mismatch")]
    assert codes(read("Monday 2027-01-12 and a talk 12 January 2027")) == [(6, "weekday-mismatch")]
    assert codes(read(f"![{'long word ' * 40}](a.svg)", a_svg=b"<svg/>")) == [(6, "poor-alt")]
    assert (6, "link-malformed") in codes(read("[www.x.org](http://[x)"))
    bib = b"@misc{a, title={On $\\foo$ and $x$}, author={y}, year=2020}"
    assert [
        (str(finding.place), finding.code) for finding in check_issue(read("::: publications r.bib\n:::", r_bib=bib))
    ] == [("r.bib:1:1", "formula-error")]


def test_times_that_do_not_fit_are_none() -> None:
    for text in (
        "12 January – 14 February",
        "12 January 2027 3-4",
        "12–13 January 2027 to 15 January 2027",
        "12 January 2027 14:00 to 13 January 2027",
    ):
        assert parse_when(text, zone="UTC") is None


# --- selecting ------------------------------------------------------------------------------------------------------------


def test_definitions_lose_what_is_for_others() -> None:
    text = "Term[^a]\n: ::: audience a\n  one\n  :::\n: two\n\nOther\n: ::: audience a\n  three\n  :::\n\n[^a]: note\n"
    blocks = select(read(text), frozenset())
    (definitions,) = [block for block in blocks if isinstance(block, Definitions)]
    assert [(plain(term), len(described)) for term, described in definitions.items] == [("Term", 1)]
    assert select(read("- ::: audience a\n  x\n  :::\n"), frozenset()) == ()
    assert [block for block in select(read("1. a\n"), frozenset()) if isinstance(block, List)]
