"""The `:::` containers: one function each, found in one table.

How any container is written:

    ::: NAME arguments
    key: value
    Body in Markdown.
    :::

The fence is three colons or more. `key: value` lines may stand right below it, only the keys that the container
knows; an indented line goes on with the value above. Containers nest, each with its own closing fence; a longer
fence (`::::`) around shorter ones makes it easier to see. An unknown name is an error and its body stays.

| container | arguments | keys | body |
|---|---|---|---|
| audience | slugs | | blocks for these audiences only |
| event | title (or the key) | title, when, where, link, zone | a description, may be missing |
| people | | | groups of names |
| publications | FILE.bib, keys, group=year | group, sort, keys, highlight | more keys, may be missing |
| figure | FILE, "alt text" | src, alt, caption, credit, width | the caption |
| button | ADDRESS, label | | the label |
| note | title | title | blocks |
| quote | who said it | source | blocks |
| columns | | | blocks, with `+++` between columns |
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from mailer.content.fences import Head
from mailer.content.inlines import inlines_of_text, joined, trimmed
from mailer.content.issue import (
    Block,
    Blocks,
    Button,
    Columns,
    Event,
    Figure,
    Heading,
    Inline,
    Inlines,
    LineBreak,
    Link,
    List,
    Note,
    Paragraph,
    People,
    Person,
    Picture,
    Place,
    Quote,
    Rule,
    Span,
    Text,
)
from mailer.content.moments import is_zone, parse_when
from mailer.content.plain import anchor_for, plain
from mailer.content.publications import publications
from mailer.content.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnBreak(Block):
    """A line `+++`: it cuts columns and is in no issue."""


@dataclass(frozen=True, slots=True)
class Container:
    """A container as it was read: its name, what stands after the name, its keys and its blocks."""

    reading: Reading
    name: str
    arguments: str
    place: Place
    head: Head = field(default_factory=list)
    blocks: Blocks = ()

    def value(self, key: str) -> str:
        """The value of a key; empty where it is missing."""
        return next((value for _, name, value in self.head if name == key), "")

    def place_of(self, key: str) -> Place:
        """Where the key's value stands; the container's own place where the key is missing."""
        for line, name, value in self.head:
            if name == key:
                return self.reading.place(line + 1, self.reading.column_of(value, line + 1))
        return self.place

    def inlines(self, key: str) -> Inlines:
        """The key's value, which may hold Markdown."""
        return inlines_of_text(self.reading, self.value(key), self.place_of(key).line)

    @property
    def audiences(self) -> frozenset[str] | None:
        """Whom it is for."""
        return self.reading.audiences


# --- audience ---------------------------------------------------------------------------------------------------------


def audience_slugs(arguments: str) -> frozenset[str]:
    """The audiences of `::: audience academic industry`: slugs, with blanks or commas between them."""
    return frozenset(slug.lower() for slug in re.split(r"[\s,]+", arguments) if slug)


def _audience(container: Container) -> Blocks:
    """Only for the readers of these audiences.

        ::: audience academic industry
        Blocks.
        :::

    One or more slugs, with blanks or commas between them. Inside another audience container only who is in both
    sees it.
    """
    if not audience_slugs(container.arguments):
        container.reading.fault(
            container.place, "container-argument", "the audience is missing; write ::: audience academic"
        )
    return container.blocks


# --- event ------------------------------------------------------------------------------------------------------------


def _event(container: Container) -> Blocks:
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


# --- people -----------------------------------------------------------------------------------------------------------

_PERSON: Final = re.compile(
    r"\s*(?:\((?P<affiliation>[^()]*(?:\([^()]*\)[^()]*)*)\))?\s*(?:[,–—:-]\s*(?P<role>.+?))?\s*$", re.DOTALL
)


def _people(container: Container) -> Blocks:
    """Named people in groups.

        ::: people
        **Investigators**

        - Simon Arridge (UCL)
        - [Chris Budd](https://example.org) (Bath), co-director

        **Programme manager**

        - Helena Lake (Bath)
        :::

    A group begins with a bold line or a heading, and may have none. A person is a list item, or a line of its own
    (with a hard break between lines): `Name (Affiliation), role`, where affiliation and role may be missing. Other
    blocks stay as they are, after the people.
    """
    groups: list[tuple[Inlines, list[Person]]] = []
    others: list[Block] = []
    for block in container.blocks:
        heading = _group_heading(block)
        if heading is not None:
            groups.append((heading, []))
            continue
        lines = _lines_of(block)
        if lines is None:
            others.append(block)
            continue
        if not groups:
            groups.append(((), []))
        groups[-1][1].extend(_person(line) for line in lines)
    if not any(people for _, people in groups):
        container.reading.fault(container.place, "people-empty", "nobody is named; write - Name (Affiliation), role")
        return container.blocks
    kept = tuple((heading, tuple(people)) for heading, people in groups)
    return (People(place=container.place, audiences=container.audiences, groups=kept), *others)


def _group_heading(block: Block) -> Inlines | None:
    if isinstance(block, Heading):
        return block.inlines
    if isinstance(block, Paragraph) and len(block.inlines) == 1:
        only = block.inlines[0]
        if isinstance(only, Span) and only.kind == "strong":
            return only.children
    return None


def _lines_of(block: Block) -> list[Inlines] | None:
    if isinstance(block, List):
        lines: list[Inlines] = []
        for item in block.items:
            if not all(isinstance(part, Paragraph) for part in item):
                return None
            lines.append(
                joined(
                    [inline for part in item if isinstance(part, Paragraph) for inline in (*part.inlines, Text(" "))]
                )
            )
        return [trimmed(line) for line in lines]
    if isinstance(block, Paragraph):
        return [line for line in (trimmed(run) for run in _split(block.inlines, LineBreak)) if line]
    return None


def _split(inlines: Inlines, kind: type) -> list[Inlines]:
    runs: list[list[Inline]] = [[]]
    for inline in inlines:
        if isinstance(inline, kind):
            runs.append([])
        else:
            runs[-1].append(inline)
    return [tuple(run) for run in runs]


def _person(line: Inlines) -> Person:
    """`Name (Affiliation), role`: the name ends at the first `(` or comma that stands outside of links."""
    for index, inline in enumerate(line):
        if not isinstance(inline, Text):
            continue
        cut = re.search(r"\s*\(|,\s", inline.text)
        if cut is None:
            continue
        name = trimmed(joined([*line[:index], Text(inline.text[: cut.start()])]))
        rest = inline.text[cut.start() :] + plain(line[index + 1 :])
        found = _PERSON.match(rest)
        if found and name:
            return Person(name, (found["affiliation"] or "").strip(), (found["role"] or "").strip())
    return Person(trimmed(line))


# --- publications -----------------------------------------------------------------------------------------------------


def _publications(container: Container) -> Blocks:
    """A formatted, linked list from a BibTeX file: see `publications.publications`, which has its grammar."""
    return publications(
        container.reading,
        container.arguments,
        container.place,
        {key: (value, container.place_of(key)) for _, key, value in container.head},
        container.blocks,
    )


# --- figure, button ---------------------------------------------------------------------------------------------------


def _figure(container: Container) -> Blocks:
    """A picture with its caption, alt text and credit.

        ::: figure singular.png
        alt: A surface that is smooth but for a spike, and its two parts.
        credit: Teo Deveney
        width: 480

        The solution is split into a singular and a **regular** part.
        :::

    The file may also stand as `src:` or as `![alt](file)` in the body; the alt text also in quotes after the file.
    The body, or `caption:`, is the caption: its paragraphs are joined. `width` is in CSS pixels.
    """
    reading, place = container.reading, container.place
    found = re.match(r"\s*(?:\"[^\"]*\"|(?P<src>\S+))?\s*(?:[\"“](?P<alt>.*)[\"”])?", container.arguments)
    src = (found["src"] if found else None) or container.value("src")
    alt = container.value("alt") or (found["alt"] if found else None) or ""
    pictures = [block for block in container.blocks if isinstance(block, Figure)]
    body = tuple(block for block in container.blocks if block not in pictures or (src and block is not pictures[0]))
    if not src and not pictures:
        reading.fault(place, "container-argument", "the figure names no picture; write ::: figure picture.png")
        return container.blocks
    width = container.value("width").removesuffix("px")
    size = int(width) if width.isascii() and width.isdigit() and 0 < int(width) <= 4000 else None
    if src:
        picture = Picture(reading.picture(src, place), alt, place, width=size)
    else:
        first = pictures[0].picture
        picture = Picture(first.src, alt or first.alt, first.place, first.title, size or first.width)
    paragraphs = [block.inlines for block in body if isinstance(block, Paragraph)]
    caption = joined([part for run in paragraphs for part in (*run, Text(" "))]) if paragraphs else ()
    caption = trimmed(caption) or container.inlines("caption") or (pictures[0].caption if pictures else ())
    others = tuple(block for block in body if not isinstance(block, Paragraph))
    figure = Figure(
        place=place, audiences=container.audiences, picture=picture, caption=caption, credit=container.inlines("credit")
    )
    return (figure, *others) if picture.src else (*body,)


def _button(container: Container) -> Blocks:
    """A call to action.

        ::: button https://example.org/register
        Register for the workshop
        :::

    The address, then the label, which may also stand on the first line after the address.
    """
    reading, place = container.reading, container.place
    address, _, label_text = container.arguments.partition(" ")
    paragraphs = [block for block in container.blocks if isinstance(block, Paragraph)]
    others = tuple(block for block in container.blocks if not isinstance(block, Paragraph))
    label = trimmed(joined([part for block in paragraphs for part in (*block.inlines, Text(" "))]))
    label = label or inlines_of_text(reading, label_text.strip(), place.line)
    address = address.strip("<>")
    if not address and len(label) == 1 and isinstance(label[0], Link):
        address, label = label[0].href, label[0].children
    if not address:
        reading.fault(place, "container-argument", "the button has no address; write ::: button https://…")
        return container.blocks
    if not label:
        reading.fault(place, "button-label", "the button has no label; write it on a line of its own")
        label = (Text(address),)
    label = tuple(part for inline in label for part in (inline.children if isinstance(inline, Link) else (inline,)))
    href = reading.link(address, place)
    if href is None:
        return (Paragraph(place=place, audiences=container.audiences, inlines=label), *others)
    return (Button(place=place, audiences=container.audiences, href=href, label=label), *others)


# --- note, quote, columns ---------------------------------------------------------------------------------------------


def _note(container: Container) -> Blocks:
    """An aside that stands out.

        ::: note For your diary
        Blocks.
        :::

    What stands after the name, or `title:`, is its title. `tip`, `info`, `warning` and `important` are notes too.
    """
    title = container.value("title") or plain(
        inlines_of_text(container.reading, container.arguments, container.place.line)
    )
    if not title and container.name != "note":
        title = container.name.capitalize()
    return (Note(place=container.place, audiences=container.audiences, blocks=container.blocks, title=title),)


_DASH: Final = re.compile(r"\s*(?:—|–|--+)\s+")


def _quote(container: Container) -> Blocks:
    """Somebody's words.

        ::: quote
        The workshop ended with an open discussion.

        — Chris Budd, *Bath*
        :::

    Who said it stands after the name, as `source:`, or as the last paragraph, which begins with a dash.
    """
    blocks, source = container.blocks, container.inlines("source")
    source = source or inlines_of_text(container.reading, container.arguments, container.place.line)
    last = blocks[-1] if blocks else None
    if not source and isinstance(last, Paragraph) and last.inlines and isinstance(last.inlines[0], Text):
        dash = _DASH.match(last.inlines[0].text)
        if dash:
            source = trimmed((Text(last.inlines[0].text[dash.end() :]), *last.inlines[1:]))
            blocks = blocks[:-1]
    return (Quote(place=container.place, audiences=container.audiences, blocks=blocks, source=source),)


def _columns(container: Container) -> Blocks:
    """Columns side by side, which stack on phones.

        ::: columns
        Left.

        +++

        Right.
        :::

    A line `+++` begins the next column. Where there is none, a thematic break `---` does (with a blank line before
    it); where there is none either, every heading of the first heading's level.
    """
    columns = _cut(container.blocks, lambda block: isinstance(block, ColumnBreak), keep=False)
    if len(columns) == 1:
        columns = _cut(container.blocks, lambda block: isinstance(block, Rule), keep=False)
    if len(columns) == 1:
        level = next((block.level for block in container.blocks if isinstance(block, Heading)), 0)
        columns = _cut(container.blocks, lambda block: isinstance(block, Heading) and block.level == level, keep=True)
    if len(columns) < 2:
        container.reading.warn(
            container.place, "columns-single", "there is one column only; put a line +++ between columns"
        )
        return columns[0] if columns else ()
    return (Columns(place=container.place, audiences=container.audiences, columns=tuple(columns)),)


def _cut(blocks: Blocks, begins: Callable[[Block], bool], *, keep: bool) -> list[Blocks]:
    columns: list[list[Block]] = [[]]
    for block in blocks:
        if begins(block):
            columns.append([block] if keep else [])
        else:
            columns[-1].append(block)
    return [tuple(column) for column in columns if column]


# --- the table --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of container: what builds it, and the keys that may stand at its head."""

    build: Callable[[Container], Blocks]
    keys: frozenset[str] = frozenset()


_NOTE: Final = Kind(_note, frozenset({"title"}))

CONTAINERS: Final[Mapping[str, Kind]] = {
    "audience": Kind(_audience),
    "event": Kind(_event, frozenset({"title", "when", "where", "link", "zone"})),
    "people": Kind(_people),
    "publications": Kind(_publications, frozenset({"group", "sort", "keys", "highlight"})),
    "figure": Kind(_figure, frozenset({"src", "alt", "caption", "credit", "width"})),
    "button": Kind(_button),
    "note": _NOTE,
    "tip": _NOTE,
    "info": _NOTE,
    "warning": _NOTE,
    "important": _NOTE,
    "quote": Kind(_quote, frozenset({"source"})),
    "columns": Kind(_columns),
}
HEAD_KEYS: Final = {name: kind.keys for name, kind in CONTAINERS.items()}
