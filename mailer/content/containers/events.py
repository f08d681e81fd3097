"""`::: event`: something that happens."""

from mailer.content.containers.given import Container
from mailer.content.issue import Blocks, Event, Heading, Inlines, Link, Paragraph, Span, Text, WhenPast
from mailer.content.markdown.inlines import inlines_of_text
from mailer.content.moments import is_zone, parse_when
from mailer.content.plain import anchor_for, plain
from mailer.content.reading import WHEN_PAST
from mailer.content.runs import joined


def event(container: Container) -> Blocks:
    """Something that happens; it gets a calendar file.

        ::: event
        title: Deep learning for environmental problems
        when: 20–21 September 2022
        where: University of Bath
        link: https://people.bath.ac.uk/td314/envDL.html
        zone: Europe/London

        A description, may be missing.
        :::

    `title` and `when` are needed (the title may stand after the name instead). `when` is written as `moments.py`
    tells: `2027-01-12 14:00–15:30`, `12–13 January 2027`, `2027-01-12 14:00 to 2027-01-13 12:00`, and may end with a
    zone. `zone` is an IANA name; without it the front matter's `zone` holds, else Europe/London. `past: mark` shows it as
    over in a letter that leaves later, `past: drop` leaves it out; the front matter's `past_events` says so for all.
    """
    reading, place = container.reading, container.place
    title, blocks = _title(container)
    zone = container.value("zone") or reading.zone
    if not is_zone(zone):
        message = f"{zone} is no time zone; write one such as Europe/London"
        reading.fault(container.place_of("zone"), "event-zone", message)
        zone = "Europe/London"
    when = parse_when(container.value("when"), zone=zone)
    if when is None:
        return (*_in_words(container, title), *blocks)
    return (
        Event(
            place=place,
            audiences=container.audiences,
            title=title,
            slug=anchor_for(plain(title), reading.event_slugs),
            start=when.start,
            end=when.end,
            zone=when.zone,
            where=container.inlines("where"),
            link=_safe_link(container),
            blocks=blocks,
            past=_when_past(container),
        ),
    )


def _when_past(container: Container) -> WhenPast:
    """What becomes of it once it is over: by its own key, else by the front matter's."""
    reading, written = container.reading, container.value("past").lower()
    if written in WHEN_PAST:
        return WHEN_PAST[written]
    if written:
        message = f"past cannot be {written}; write one of {', '.join(WHEN_PAST)}"
        reading.fault(container.place_of("past"), "container-argument", message)
    return reading.past_events


def _title(container: Container) -> tuple[Inlines, Blocks]:
    """The title, by its key, after the name or as the body's first heading; and the rest of the body."""
    reading, blocks = container.reading, container.blocks
    title = container.inlines("title") or inlines_of_text(reading, container.arguments, container.place.line)
    if not title and blocks and isinstance(blocks[0], Heading):
        return blocks[0].inlines, blocks[1:]
    if not title:
        reading.fault(container.place, "event-title", "the event has no title; add a line title: …")
    return title or (Text("Event"),), blocks


def _in_words(container: Container, title: Inlines) -> Blocks:
    """An event whose time cannot be read: all its words stay, without a calendar file."""
    written, where, href = container.value("when"), container.inlines("where"), _safe_link(container)
    wrong = f"{written!r} is no time" if written else "the event has no time"
    message = f"{wrong}; write when: 2027-01-12 14:00–15:30, or 12–13 January 2027"
    container.reading.fault(container.place_of("when"), "event-when", message)
    runs: list[Inlines] = [(Span("strong", joined([*title, *([Text(", " + written)] if written else [])])),)]
    runs += [where] if where else []
    runs += [(Link(href, (Text(href),), container.place),)] if href else []
    return tuple(Paragraph(place=container.place, audiences=container.audiences, inlines=run) for run in runs)


def _safe_link(container: Container) -> str:
    written = container.value("link").strip("<> ")
    return container.reading.link(written, container.place_of("link")) or "" if written else ""
