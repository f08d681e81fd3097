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
| event | title (or the key) | title, when, where, link, zone, past | a description, may be missing |
| people | | | groups of names |
| publications | FILE.bib, keys, group=year | group, sort, keys, highlight, style | more keys, may be missing |
| figure | FILE, "alt text" | src, alt, caption, credit, width | the caption |
| button | ADDRESS, label | | the label |
| note | title | title | blocks |
| quote | who said it | source | blocks |
| columns | | | blocks, with `+++` between columns |
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from mailer.content.containers.events import event
from mailer.content.containers.figures import button, figure
from mailer.content.containers.given import ColumnBreak, Container
from mailer.content.containers.people import people
from mailer.content.containers.publications import publications
from mailer.content.issue import (
    Block,
    Blocks,
    Columns,
    Heading,
    Note,
    Paragraph,
    Quote,
    Rule,
    Text,
)
from mailer.content.markdown.inlines import inlines_of_text
from mailer.content.markdown.note_titles import note_title
from mailer.content.runs import trimmed

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


# --- note, quote, columns ---------------------------------------------------------------------------------------------


def _note(container: Container) -> Blocks:
    """An aside that stands out.

        ::: note For your diary
        Blocks.
        :::

    What stands after the name, or `title:`, is its title. `tip`, `info`, `warning` and `important` are notes too.
    """
    reading = container.reading
    title = container.inlines("title") or inlines_of_text(reading, container.arguments, container.place.line)
    blocks, kind = container.blocks, container.name.removeprefix("callout-")
    if not title and kind != container.name and blocks and isinstance(blocks[0], Heading):
        title, blocks = blocks[0].inlines, blocks[1:]  # Quarto's way
    if not title and kind != "note":
        title = (Text(note_title(kind, reading.language)),)
    return (Note(place=container.place, audiences=container.audiences, blocks=blocks, title=title),)


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
    "event": Kind(event, frozenset({"title", "when", "where", "link", "zone", "past"})),
    "people": Kind(people),
    "publications": Kind(_publications, frozenset({"group", "sort", "keys", "highlight", "style"})),
    "figure": Kind(figure, frozenset({"src", "alt", "caption", "credit", "width"})),
    "button": Kind(button),
    "note": _NOTE,
    "tip": _NOTE,
    "info": _NOTE,
    "warning": _NOTE,
    "important": _NOTE,
    "caution": _NOTE,
    "quote": Kind(_quote, frozenset({"source"})),
    "columns": Kind(_columns),
}
HEAD_KEYS: Final = {name: kind.keys for name, kind in CONTAINERS.items()}
