"""The checker: each rule finds what it is for, at its place, and leaves good text alone."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from mailer.content import Issue, StoredFiles, check_issue, read_files, read_issue
from mailer.content.checks.checker import RULES

FRONT = "---\ntitle: T\nsubject: S\npreheader: P\n---\n"
NOW = datetime(2027, 1, 1, tzinfo=UTC)


def picture(kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (4, 4)).save(out, kind)
    return out.getvalue()


def read(text: str, front: str = FRONT) -> Issue:
    files = {
        "issue.md": (front + text).encode(),
        "a.png": picture(),
        "bad.png": b"no picture",
        "a.svg": b"<svg/>",
        "bad.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><g></svg>",
        "phone.heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        "big.png": picture() + b"x" * 4_100_000,
    }
    return read_files(StoredFiles(files))


def found(text: str, front: str = FRONT, **options: object) -> list[tuple[int, int, str, str]]:
    findings = check_issue(read(text, front), **{"now": NOW, **options})  # type: ignore[arg-type]
    assert list(findings) == sorted(findings)
    return [(finding.place.line, finding.place.column, finding.level, finding.code) for finding in findings]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # pictures
        ("![](a.png)", [(6, 1, "warning", "missing-alt")]),
        ("text ![plot.png](a.png)", [(6, 6, "warning", "poor-alt")]),
        ("![Image 3](a.png)", [(6, 1, "warning", "poor-alt")]),
        ("![A plot](gone.png)", [(6, 1, "error", "missing-picture")]),
        ("![A plot](../a.png)", [(6, 1, "error", "missing-picture")]),
        ("![A plot](bad.png)", [(6, 1, "error", "picture-unreadable")]),
        ("![A plot](bad.svg)", [(6, 1, "error", "picture-unreadable")]),
        ("![A plot](big.png)", [(6, 1, "warning", "picture-large")]),
        ("![A plot](https://x.org/a.png)", [(6, 1, "warning", "remote-picture")]),
        ("![A curve that falls](a.png) ![A sign](a.svg)", []),
        # links
        ("A [here](https://x.org)", [(6, 3, "warning", "link-text")]),
        ("A [read more…](https://x.org)", [(6, 3, "warning", "link-text")]),
        ("A [![](a.png)](https://x.org)", [(6, 3, "warning", "missing-alt")]),
        ("[https://good.org](https://evil.org)", [(6, 1, "warning", "link-text-mismatch")]),
        ("[www.good.org/a](https://good.org/a) <https://good.org>", []),
        ("[the page](page.html)", [(6, 1, "error", "relative-link")]),
        ("[the page](https://)", [(6, 1, "error", "link-malformed")]),
        ("[the page](mailto:nobody)", [(6, 1, "error", "link-malformed")]),
        ("[the page](http://x.org)", [(6, 1, "warning", "http-link")]),
        ("[the page](https://bit.ly/x)", [(6, 1, "warning", "short-link")]),
        ("[the page](#nowhere)", [(6, 1, "error", "anchor-missing")]),
        ("## Some where\n\nSee [the part](#some-where)", [(8, 5, "warning", "anchor-link")]),
        ("[write](mailto:a@x.org) [ring](tel:+4412)", []),
        ("::: button x.html\nThe label\n:::", [(6, 1, "error", "relative-link")]),
        # readers
        ("Dear {{ name }}", [(6, 6, "warning", "field-without-default")]),
        ("Dear {{ nickname | default('x') }}", [(6, 6, "error", "unknown-field")]),
        ("Dear {{ name | default('x') }} at {{ email }}", []),
        ("## A\n\n## B\n\nx", [(6, 1, "warning", "empty-section")]),
        ("x\n\n:::\n", [(8, 1, "error", "container-stray")]),
        (":: note\nx", [(6, 1, "error", "container-stray")]),
        ("x[^a]\n\n::: audience b\n[^a]: y\n:::", [(6, 2, "warning", "footnote-for-others")]),
        ("::: audience a\n::: audience b\nx\n:::\n:::", [(8, 1, "warning", "audience-nobody")]),
        # words
        ("A TODO here\nand XXX", [(6, 3, "warning", "placeholder"), (7, 5, "warning", "placeholder")]),
        ("Lorem ipsum dolor", [(6, 1, "warning", "placeholder")]),
        ("`TODO` todos", []),
        ("some text at\nat the the end", [(6, 11, "warning", "doubled-word"), (7, 4, "warning", "doubled-word")]),
        ("We had had it. $x$ x x", []),
        ("## A\n\nx\n\n#### B\n\nx", [(10, 1, "warning", "heading-skips")]),
        ("A $\\foo$ and $x$", [(6, 3, "error", "formula-error")]),
        ("$$\na +\n\\frac{a\n$$", [(8, 6, "error", "formula-error")]),
        ("$$\na +\n  \\foo{a}\n$$", [(8, 3, "error", "formula-error")]),
        ("x[^none]", [(6, 2, "error", "footnote-missing")]),
        ("see [this][nope]", [(6, 5, "warning", "reference-missing")]),
        ("x \\(a_1\\) and \\[sic\\] (\\alpha)", []),
        ("Say \\(a\\) and\nx \\(a + \\frac{b}{c} x", [(7, 3, "warning", "tex-brackets")]),
        ("x \\( \\frac{a}{b} + \\foo \\)", [(6, 20, "error", "formula-error")]),
        ("\\[\n a +\n \\foo\n\\]", [(8, 2, "error", "formula-error")]),
        (
            "A [](https://x.org) and\n[ ](https://y.org)",
            [(6, 3, "warning", "link-text"), (7, 1, "warning", "link-text")],
        ),
        ("A [text]() and\n<a href=''>b</a>", [(6, 3, "warning", "empty-link"), (7, 1, "warning", "empty-link")]),
        ("|a|b|c|d|e|f|\n|-|-|-|-|-|-|\n|1|2|3|4|5|6|", [(6, 1, "warning", "table-wide")]),
        # dates
        (
            "::: event x\nlink: https://x.org\nwhen: 2027-01-12 14:00\n:::\n\n::: event y\nwhen: 2027-01-12\n:::",
            [(8, 1, "warning", "event-end")],
        ),
        ("::: event x\nwhen: 2026-12-31\n:::", [(6, 1, "warning", "event-past")]),
        ("::: event x\nwhen: 2026-12-31 to 2027-01-02\n:::", []),
        ("Come on Monday 12 January 2027.", [(6, 9, "warning", "weekday-mismatch")]),
        ("Come on Tuesday, 12 January 2027, or Friday, January 15, 2027.", []),
        ("Am Montag, den 12. Januar 2027, und\nam Dienstag, 12. Jänner 2027", [(6, 4, "warning", "weekday-mismatch")]),
        ("Le lundi 12 janvier 2027, le mardi\n12 janvier 2027", [(6, 4, "warning", "weekday-mismatch")]),
        ("On Monday\n12 January 2027", [(6, 4, "warning", "weekday-mismatch")]),
        (
            "On 12 January 2027 (Wed) or Mon 2027-01-12",
            [(6, 4, "warning", "weekday-mismatch"), (6, 29, "warning", "weekday-mismatch")],
        ),
        ("`Monday 12 January 2027` <!-- Monday 12 January 2027 -->\n\n```\nMonday 12 January 2027\n```", []),
        (
            "Tuesday 12–14 January 2027, Monday 30 February 2027, Monday 12–14 January 2027",
            [(6, 36, "warning", "no-such-date"), (6, 54, "warning", "weekday-mismatch")],
        ),
        ("Register by Friday 4 December 2026 or later.", [(6, 20, "warning", "deadline-past")]),
        ("The deadline for abstracts is 1 December 2026.", [(6, 31, "warning", "deadline-past")]),
        (
            "Anmeldeschluss: 1. Dezember 2026. Inscrivez-vous avant le 1 décembre 2026.",
            [(6, 17, "warning", "deadline-past"), (6, 59, "warning", "deadline-past")],
        ),
        ("Register by 4 January 2027. It was registered by 4 May 2020, and ran until 5 May 2020.", []),
        # words said twice
        ("Use `pip` pip, $x$ x and Baden Baden; the\n**the** end", [(6, 39, "warning", "doubled-word")]),
        ("*On on-line learning*, and d’d’Alembert", []),
        ("Speaker: tba, room: T.B.C.", [(6, 10, "warning", "placeholder"), (6, 21, "warning", "placeholder")]),
        ("Hi %recipient_name%", [(6, 4, "warning", "foreign-markup")]),
        (
            "Hi *|FNAME|* and *|LNAME|* and me",
            [(6, 4, "error", "foreign-template"), (6, 18, "error", "foreign-template")],
        ),
        (
            "As [@gelman2013] and [-@a; p. 3] say, mail me@ref.org",
            [(6, 4, "warning", "foreign-markup"), (6, 22, "warning", "foreign-markup")],
        ),
        ("See \\cite{b} and `\\cite{c}`", [(6, 5, "warning", "foreign-markup")]),
        ("+---+---+\n| a | b |\n+===+===+\n| c | d |", [(6, 1, "warning", "foreign-markup")]),
        ("| The first line\n| and the second", [(6, 1, "warning", "foreign-markup")]),
        (
            "a. one\nb. two\n\n(@x) three\n(@) four",
            [
                (6, 1, "warning", "foreign-markup"),
                (9, 1, "warning", "foreign-markup"),
                (10, 1, "warning", "foreign-markup"),
            ],
        ),
        ("Right\nLeft\n------  -----\n   12   12", [(8, 1, "warning", "foreign-markup")]),
        ("##Heading\n\n#tag or not", [(6, 1, "warning", "foreign-markup")]),
        ("| a | b |\n|---|\n| c | d |", [(6, 1, "warning", "table-cells")]),
        ("a. only one\n\nSee [see @smith04, p. 3] and [write to me@x.org]", [(8, 5, "warning", "foreign-markup")]),
        ("a | b\n--|--\nc | d\n\nx | y\n\n- - -\n\n--- ---\n", [(14, 1, "warning", "foreign-markup")]),
        ("| or not |\n\n\\| x | y\n\n| x", []),
        ("See www.x.org", [(6, 5, "warning", "http-link")]),
        ("It had it had. The the end", [(6, 16, "warning", "doubled-word")]),
        # addresses of ours
        (
            "[the lab](http://localhost:8888/x) [it](https://192.168.1.4) [us](https://wiki.intranet)",
            [(6, 1, "error", "private-link"), (6, 36, "error", "private-link"), (6, 62, "error", "private-link")],
        ),
    ],
)
def test_each_rule_finds_its_fault(text: str, expected: list[tuple[int, int, str, str]]) -> None:
    assert found(text) == expected


def test_audiences_are_compared_with_the_workspace_or_the_front_matter() -> None:
    front = "---\ntitle: T\nsubject: S\npreheader: P\naudiences: [academic]\n---\n"
    text = "x\n\n::: audience academc\ny\n:::\n::: audience industry\nz\n:::"
    assert found(text, front) == [(9, 14, "error", "unknown-audience"), (12, 14, "error", "unknown-audience")]
    assert found(text, front, known_audiences=["academic", "industry"]) == [
        (9, 14, "error", "unknown-audience"),
        (12, 14, "warning", "audience-not-listed"),
    ]
    assert found(text, known_audiences=["industry"])[0] == (8, 14, "error", "unknown-audience")
    assert found(text) == []
    assert found(
        "x",
        "---\ntitle: T\nsubject: S\npreheader: P\nby_audience:\n  acdemic: {subject: x}\n---\n",
        known_audiences=["academic"],
    ) == [(5, 1, "error", "unknown-audience")]


def test_an_audience_that_would_get_nothing_is_named() -> None:
    front = "---\ntitle: T\nsubject: S\npreheader: P\naudiences: [a, b]\n---\n"
    assert found("::: audience a\nx\n:::", front) == [(5, 1, "error", "audience-empty")]
    assert found("", FRONT) == [(2, 1, "error", "issue-empty")]


BOTH = "---\ntitle: T\nsubject: S\npreheader: P\naudiences: [academic, industry]\n---\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # a heading for some above text for more
        ("::: audience academic\n## A\n:::\n\nFor all.", [(8, 1, "warning", "heading-for-others")]),
        ("::: audience academic\n## A\n:::\n::: audience industry\n## B\n:::\n\nFor all.", []),
        ("::: audience academic\n## A\nText.\n:::\n\nFor all.", []),
        # a promise that is kept for some
        ("Come to these:\n\n::: audience academic\n- a talk\n:::\n\nBye.", [(7, 1, "warning", "nothing-follows")]),
        ("Come to these:\n\n::: audience academic\n- a talk\n:::\n::: audience industry\n- a fair\n:::\n\nBye.", []),
        ("::: audience academic\nCome to these:\n\n- a talk\n:::\n\nBye.", []),
        # words that say whom they are for
        ("Funding for academics only.", [(7, 9, "warning", "words-for-others")]),
        ("::: audience industry\nFor industry partners only.\n:::\n\nBye.", []),
        ("Only for our industry partners: lunch.", [(7, 1, "warning", "words-for-others")]),
        ("This is not for publication.", [(7, 9, "warning", "words-for-others")]),
        ("Not only academics came.", []),
        # links to what others get
        ("::: audience academic\n## The part\nText.\n:::\nSee [above](#the-part).", [(11, 5, "warning", "anchor-for-others"), (11, 5, "warning", "anchor-link")]),
        # a fence that is code by its indent
        ("Text.\n\n    ::: audience academic\n    secret\n    :::\n", [(9, 5, "error", "container-stray")]),
        ("```\n::: audience academic\n```\n", []),
        # nothing but the greeting
        ("Hello.\n\n::: audience academic\n## A\nx\n\n## B\ny\n:::", [(5, 1, "warning", "audience-thin")]),
    ],
)  # fmt: skip
def test_what_one_audience_sees_of_what_is_for_another(text: str, expected: list[tuple[int, int, str, str]]) -> None:
    assert found(text, BOTH) == expected


def test_a_subject_that_announces_what_others_get_is_told() -> None:
    text = "::: audience academic\n## Prize lecture\nText.\n:::\n\n::: audience industry\n## Fair\nText.\n:::\n"
    front = "---\ntitle: T\nsubject: The prize lecture, and more\npreheader: P\naudiences: [academic, industry]\n---\n"
    assert found(text, front) == [(3, 1, "warning", "subject-for-others")]
    own = front.replace("---\n", "---\nby_audience:\n  industry: {subject: The fair}\n", 1)
    assert found(text, own) == []
    assert found(text, front.replace("prize lecture, and", "prize lectures and")) == []  # not that very title
    swapped = front.replace("---\n", "---\nby_audience:\n  industry: {preheader: Prize lecture}\n", 1)
    assert found(text, swapped.replace("The prize lecture, and more", "S")) == [(2, 1, "warning", "subject-for-others")]


def test_a_date_without_a_year_is_that_near_the_issue() -> None:
    front = "---\ntitle: T\nsubject: S\npreheader: P\ndate: 2027-01-05\n---\n"
    assert found("On Monday 12 January, Tuesday 12 January, Thursday 31 December.", front) == [
        (7, 4, "warning", "weekday-mismatch")
    ]
    assert found("On Monday 12 September.", front) == []  # too far to know its year
    assert found("Apply by 3 January, register before 6 January.", front) == [(7, 10, "warning", "deadline-past")]
    assert found("On Monday 12 January.", now=NOW) == []  # of an issue without a date nothing is known


def test_dates_in_figures_are_read_in_the_order_of_the_language() -> None:
    def front(language: str) -> str:
        return f"---\ntitle: T\nsubject: S\npreheader: P\nlanguage: {language}\n---\n"

    assert found("Am Di., 24.11.2026, Mittwoch, den 24.11.2026", front("de")) == [
        (7, 21, "warning", "weekday-mismatch")
    ]
    assert found("Le mar. 24/11/2026, mercredi 24/11/2026", front("fr-CH")) == [(7, 21, "warning", "weekday-mismatch")]
    assert found("On Thursday 11/12/2026, Friday 11/12/2026", front("en")) == []
    assert found("On Wednesday 11/12/2026", front("en")) == [(7, 4, "warning", "weekday-mismatch")]


def test_words_are_doubled_by_the_custom_of_the_language() -> None:
    def front(language: str) -> str:
        return f"---\ntitle: T\nsubject: S\npreheader: P\nlanguage: {language}\n---\n"

    assert found("all, die die Tür öffnen", front("de")) == []
    assert found("nous nous sommes vus", front("fr")) == []
    assert found("all that that implies", front("en-GB")) == []
    for language, text in (("de", "und und"), ("fr", "le le"), ("en", "die die")):
        assert found(text, front(language)) == [(7, 1, "warning", "doubled-word")]


def test_subject_and_preheader_are_judged() -> None:
    def front(subject: str, preheader: str) -> str:
        return f"---\ntitle: T\nsubject: {subject}\npreheader: {preheader}\n---\n"

    assert found("x", front("y" * 79, "P")) == [(3, 1, "warning", "subject-long")]
    assert found("x", front("S", "y" * 141)) == [(4, 1, "warning", "preheader-long")]
    assert found("x", front("S", "s")) == [(4, 1, "warning", "preheader-repeats")]
    assert found("x", "---\ntitle: T\nsubject: S\n---\n") == [(1, 1, "warning", "preheader-missing")]
    assert found("x", front("Hi {{ name }} {{ town }} {{ a.b }}", "TODO")) == [
        (3, 1, "error", "merge-field"),
        (3, 13, "warning", "field-without-default"),
        (3, 24, "error", "unknown-field"),
        (4, 12, "warning", "placeholder"),
    ]
    assert found("x", front("\"Hi {{ town | default('x') }}\"", "P"), attributes=["town"]) == []


def test_an_audiences_own_subject_and_preheader_are_judged_where_they_stand() -> None:
    def front(preheader: str, own: str) -> str:
        head = f"---\ntitle: T\nsubject: S\naudiences: [academic]\n{preheader}\n"
        return f"{head}by_audience:\n  academic: {{{own}}}\n---\n"

    assert found("x", front("preheader: P", f"preheader: {'y' * 141}")) == [(6, 1, "warning", "preheader-long")]
    assert found("x", front("preheader: P", f"subject: {'y' * 79}")) == [(6, 1, "warning", "subject-long")]
    assert found("x", front("preheader: P", "subject: p")) == [(6, 1, "warning", "preheader-repeats")]
    assert found("x", front("", "preheader: P")) == []
    assert found("x", front("", "subject: P")) == [(1, 1, "warning", "preheader-missing")]
    by_key = f"---\ntitle: T\npreheader: P\nsubject:\n  default: S\n  academic: {'y' * 79}\n---\n"
    assert found("x", by_key) == [(4, 1, "warning", "subject-long")]


def test_events_are_compared_with_the_issues_date() -> None:
    front = "---\ntitle: T\nsubject: S\npreheader: P\ndate: 2022-06-15\n---\n"
    assert found("::: event x\nwhen: 2022-07-11\n:::", front) == []
    assert found("::: event x\nwhen: 2022-06-14\n:::", front) == [(7, 1, "warning", "event-past")]
    assert found("::: event x\nwhen: 2022-06-14 10:00–11:00\n:::", now=None) == []


def test_a_file_without_our_front_matter_has_warnings_only() -> None:
    levels = {
        level for _, _, level, _ in found("# T\n\n$\\foo$ [a](b.html) ![A plot](c.png) {{ x.y }}\n\n::: nosuch\nx", "")
    }
    assert levels == {"warning"}


def test_every_message_says_what_to_do() -> None:
    text = "![](x.png) [here](y) {{ name }} $\\foo$ TODO the the\n\n::: nosuch\n"
    findings = check_issue(read(text))
    assert {"missing-alt", "formula-error", "container-unknown", "doubled-word"} <= {
        finding.code for finding in findings
    }
    for finding in findings:
        assert "; " in finding.message
        assert not finding.message.endswith(".")


def test_every_rule_tells_its_codes() -> None:
    for rule in RULES:
        assert rule.__doc__ is not None
        assert rule.__doc__.startswith("`")


def test_the_sample_is_clean() -> None:
    sample = Path(__file__).parents[3] / "templates" / "sample"
    assert check_issue(read_issue(sample), known_audiences=["academic", "industry", "outreach"], now=NOW) == ()


@pytest.mark.timeout(120)  # a second is what it takes; looking at every pair of blocks would not end
def test_a_long_issue_is_checked() -> None:
    issue = read(
        "\n\n".join(
            f"## Part {number}\n\nWords [a link](https://x.org/{number}) and $x_{{{number % 7}}}$."
            for number in range(400)
        )
    )
    assert check_issue(issue) == ()


def test_a_telephones_picture_is_named_by_its_format() -> None:
    (found,) = check_issue(read("![A plot](phone.heic)"), now=NOW)
    assert found.message == (
        "phone.heic is in a camera's format (HEIC) that browsers and mail apps cannot show; save it as JPEG"
    )
