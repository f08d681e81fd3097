"""`::: event`: something that happens."""

from mailer.content.container import Container
from mailer.content.inlines import inlines_of_text, joined
from mailer.content.issue import Block, Blocks, Event, Heading, Link, Paragraph, Span, Text
from mailer.content.moments import is_zone, parse_when
from mailer.content.plain import anchor_for, plain


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
    zone. `zone` is an IANA name; without it the front matter's `zone` holds, else Europe/London.
    """
    reading, place = container.reading, container.place
    blocks = container.blocks
    title = container.inlines("title") or inlines_of_text(reading, container.arguments, place.line)
    if not title and blocks and isinstance(blocks[0], Heading):
        title, blocks = blocks[0].inlines, blocks[1:]
    if not title:
        reading.fault(place, "event-title", "the event has no title; add a line title: …")
        title = (Text("Event"),)
    zone = container.value("zone") or reading.zone
    if not is_zone(zone):
        reading.fault(
            container.place_of("zone"), "event-zone", f"{zone} is no time zone; write one such as Europe/London"
        )
        zone = "Europe/London"
    written = container.value("when")
    when = parse_when(written, zone=zone)
    if when is None:
        wrong = f"{written!r} is no time" if written else "the event has no time"
        hint = "write when: 2027-01-12 14:00–15:30, or 12–13 January 2027"
        reading.fault(container.place_of("when"), "event-when", f"{wrong}; {hint}")
        # the words stay, without a calendar file
        line = joined([*title, *([Text(", " + written)] if written else [])])
        head: list[Block] = [Paragraph(place=place, audiences=container.audiences, inlines=(Span("strong", line),))]
        if container.value("where"):
            head.append(
                Paragraph(place=place, audiences=container.audiences, inlines=(Text(container.value("where")),))
            )
        if href := _safe_link(container):
            head.append(
                Paragraph(place=place, audiences=container.audiences, inlines=(Link(href, (Text(href),), place),))
            )
        return (*head, *blocks)
    return (
        Event(
            place=place,
            audiences=container.audiences,
            title=title,
            slug=anchor_for(plain(title), reading.event_slugs),
            start=when.start,
            end=when.end,
            zone=when.zone,
            where=plain(container.inlines("where")),
            link=_safe_link(container),
            blocks=blocks,
        ),
    )


def _safe_link(container: Container) -> str:
    written = container.value("link").strip("<> ")
    return container.reading.link(written, container.place_of("link")) or "" if written else ""
