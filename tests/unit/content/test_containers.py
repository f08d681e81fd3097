"""The `:::` containers, as CONTRACT names them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from mailer.content import Issue, StoredFiles, plain, read_files
from mailer.content.containers.table import CONTAINERS
from mailer.content.issue import Block, Button, CodeBlock, Columns, Event, Figure, Note, Paragraph, People, Quote
from mailer.content.walk import all_blocks, inlines_of
from tests.unit.content.builders import FRONT, PNG, words


def read(text: str) -> Issue:
    return read_files(StoredFiles({"issue.md": (FRONT + text).encode(), "a.png": PNG}))


def only(text: str) -> Block:
    issue = read(text)
    assert issue.findings == ()
    (block,) = issue.blocks
    return block


def shape(issue: Issue) -> list[str]:
    return [
        f"{type(block).__name__}:{','.join(sorted(block.audiences)) if block.audiences is not None else '*'}"
        for block in issue.blocks
    ]


def test_audience_narrows_what_it_surrounds() -> None:
    issue = read("a\n\n::: audience Academic, industry\nb\n\n::: audience industry\nc\n:::\n\n- d\n:::\ne")
    assert shape(issue) == [
        "Paragraph:*",
        "Paragraph:academic,industry",
        "Paragraph:industry",
        "List:academic,industry",
        "Paragraph:*",
    ]
    assert [(slug, place.line, place.column) for slug, place in issue.audience_uses] == [
        ("academic", 7, 1),
        ("industry", 7, 24),
        ("industry", 10, 14),
    ]


def test_an_event_has_a_title_a_time_a_place_and_a_link() -> None:
    event = only(
        "::: event\ntitle: Deep *learning*\nwhen: 12 January 2027, 14:00–15:30\nwhere: Bath,\n  room 1\nlink: https://x.org\nzone: Europe/Berlin\n\nCome.\n:::"
    )
    assert isinstance(event, Event)
    assert (plain(event.title), event.slug, plain(event.where), event.link) == (
        "Deep learning",
        "deep-learning",
        "Bath, room 1",
        "https://x.org",
    )
    assert event.start == datetime(2027, 1, 12, 14, tzinfo=ZoneInfo("Europe/Berlin"))
    assert event.zone == "Europe/Berlin"
    assert len(event.blocks) == 1


def test_events_have_names_of_their_own_and_the_usual_zone() -> None:
    issue = read("::: event Seminar\nwhen: 2027-01-12\n:::\n::: event Seminar\nwhen: 2027-01-19\n:::")
    assert [(block.slug, block.start, block.zone) for block in issue.blocks if isinstance(block, Event)] == [
        ("seminar", date(2027, 1, 12), "Europe/London"),
        ("seminar-2", date(2027, 1, 19), "Europe/London"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        ("::: event\nwhen: 2027-01-12\n:::", 5, "event-title"),
        ("::: event x\nwhen: soon\nwhere: Bath\nlink: https://x.org\n:::", 6, "event-when"),
        ("::: event x\n:::", 5, "event-when"),
        ("::: event x\nwhen: 2027-01-12\nzone: Mars\n:::", 7, "event-zone"),
        ("::: event x\nwhen: 2027-01-12\nlink: javascript:x\n:::", 7, "unsafe-link"),
        ("::: audience\nx\n:::", 5, "container-argument"),
        ("::: figure\nx\n:::", 5, "container-argument"),
        ("::: button\nx\n:::", 5, "container-argument"),
        ("::: button https://x.org\n:::", 5, "button-label"),
        ("::: button javascript:x\nx\n:::", 5, "unsafe-link"),
        ("::: people\nNobody is here.\n:::", 0, ""),
        ("::: people\n> x\n:::", 5, "people-empty"),
        ("::: columns\nx\n:::", 5, "columns-single"),
        ("::: nosuch\nx\n:::", 5, "container-unknown"),
        ("::: note\nx", 5, "container-unclosed"),
        ("::::: note\n::: quote\nx\n:::::", 6, "container-unclosed"),
        ("> ::: note\n> x\n\nafter", 5, "container-unclosed"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_lost(text: str, line: int, code: str) -> None:
    issue = read(text)
    assert [(finding.place.line, finding.code) for finding in issue.findings] == ([(line, code)] if code else [])
    for word in ("x", "soon", "Bath", "after", "Nobody"):
        if f"\n{word}" in text or f" {word}\n" in text:
            assert word in " ".join(words(issue))


def test_people_stand_in_groups() -> None:
    people = only(
        "::: people\n**Investigators**\n\n- Simon Arridge (UCL)\n- [Chris Budd](https://x.org) (Bath), co-director\n- Jo, guest\n\n"
        "### Manager:\n\nHelena Lake (Bath)  \nAda (Uni (Old))\n:::"
    )
    assert isinstance(people, People)
    shown = [
        (plain(heading), [(plain(person.name), plain(person.affiliation), plain(person.role)) for person in group])
        for heading, group in people.groups
    ]
    assert shown == [
        ("Investigators", [("Simon Arridge", "UCL", ""), ("Chris Budd", "Bath", "co-director"), ("Jo", "", "guest")]),
        ("Manager:", [("Helena Lake", "Bath", ""), ("Ada", "Uni (Old)", "")]),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "::: figure a.png\nalt: A plot\ncredit: Me\nwidth: 300\n\nCaption *here*.\n:::",
        '::: figure a.png "A plot"\ncredit: Me\nwidth: 300px\ncaption: Caption *here*.\n:::',
        "::: figure\nsrc: a.png\nalt: A plot\ncredit: Me\nwidth: 300\n\nCaption *here*.\n:::",
        "::: figure\ncredit: Me\nwidth: 300\n\n![A plot](a.png)\n\nCaption *here*.\n:::",
    ],
)
def test_a_figure_has_picture_alt_caption_and_credit(text: str) -> None:
    figure = only(text)
    assert isinstance(figure, Figure)
    assert (figure.picture.src, figure.picture.alt, figure.picture.width) == ("a.png", "A plot", 300)
    assert (plain(figure.caption), plain(figure.credit)) == ("Caption here.", "Me")


@pytest.mark.parametrize(
    "text",
    [
        "::: button https://x.org\nGo *now*\n:::",
        "::: button <https://x.org> Go *now*\n:::",
        "::: button\n[Go *now*](https://x.org)\n:::",
    ],
)
def test_a_button_has_an_address_and_a_label(text: str) -> None:
    button = only(text)
    assert isinstance(button, Button)
    assert (button.href, plain(button.label)) == ("https://x.org", "Go now")


def test_notes_and_quotes() -> None:
    note = only("::: note For *you*\nx\n:::")
    assert isinstance(note, Note)
    assert plain(note.title) == "For you"
    tip = only("::: {.tip}\nx\n:::")
    assert isinstance(tip, Note)
    assert plain(tip.title) == "Tip"
    for text in (
        "::: quote\nWords\n\n— Chris, *Bath*\n:::",
        "::: quote Chris, *Bath*\nWords\n:::",
        "::: quote\nsource: Chris, *Bath*\nWords\n:::",
    ):
        quote = only(text)
        assert isinstance(quote, Quote)
        assert (plain(quote.source), len(quote.blocks)) == ("Chris, Bath", 1)


@pytest.mark.parametrize("text", ["a\n+++\nb", "a\n\n+++\n\nb", "a\n\n---\n\nb", "## A\na\n\n## B\nb"])
def test_columns_are_cut(text: str) -> None:
    columns = only(f"::: columns\n{text}\n:::")
    assert isinstance(columns, Columns)
    assert len(columns.columns) == 2


def test_containers_nest_by_equal_and_by_longer_fences() -> None:
    for text in (
        "::: columns\n::: note\na\n:::\n+++\n::: note\nb\n:::\n:::",
        ":::: columns\n::: note\na\n:::\n+++\n::: note\nb\n:::\n::::",
        "::: columns\n:::: note\na\n::::\n+++\n:::: note\nb\n::::\n:::",
    ):
        columns = only(text)
        assert isinstance(columns, Columns)
        assert [[type(block).__name__ for block in column] for column in columns.columns] == [["Note"], ["Note"]]


def test_fences_in_code_are_code() -> None:
    issue = read("::: note\n```\n:::\n::: event\n```\n:::\n\nafter")
    note, after = issue.blocks
    assert isinstance(note, Note)
    assert isinstance(note.blocks[0], CodeBlock)
    assert note.blocks[0].text == ":::\n::: event"
    assert isinstance(after, Paragraph)
    assert issue.findings == ()


def test_a_container_interrupts_a_paragraph_and_stands_in_lists_and_quotes() -> None:
    issue = read("text\n::: note\nx\n:::\nmore\n\n- item\n\n  ::: note\n  y\n  :::\n\n> ::: note\n> z\n> :::\n")
    assert issue.findings == ()
    assert [type(block).__name__ for block in all_blocks(issue.blocks)] == [
        "Paragraph", "Note", "Paragraph", "Paragraph", "List", "Paragraph", "Note", "Paragraph", "Quote", "Note", "Paragraph",
    ]  # fmt: skip


def test_a_plus_line_outside_of_columns_is_text() -> None:
    assert words(read("a\n\n+++\n\nb")) == ["a", "+++", "b"]


def test_only_known_keys_are_taken_from_the_head() -> None:
    note = only("::: note\nRemember: this is text.\n:::")
    assert isinstance(note, Note)
    assert plain(inlines_of(note.blocks[0])[0]) == "Remember: this is text."


def test_every_container_tells_its_grammar() -> None:
    for name, kind in CONTAINERS.items():
        assert kind.build.__doc__, name
