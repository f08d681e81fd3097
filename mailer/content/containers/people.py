"""`::: people`: grouped names with affiliations."""

import re
from typing import Final

from mailer.content.containers.given import Container
from mailer.content.issue import (
    Block,
    Blocks,
    Heading,
    Inline,
    Inlines,
    LineBreak,
    List,
    Paragraph,
    People,
    Person,
    Span,
    Text,
)
from mailer.content.runs import in_a_row, joined, trimmed

_PERSON: Final = re.compile(
    r"\s*(?:\((?P<affiliation>[^()]*(?:\([^()]*\)[^()]*)*)\))?\s*(?:[,–—:-]\s*(?P<role>.+?))?\s*$", re.DOTALL
)
_ONE: Final = "\ufffc"


def people(container: Container) -> Blocks:
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
            lines.append(in_a_row(part.inlines for part in item if isinstance(part, Paragraph)))
        return lines
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
        rest = (Text(inline.text[cut.start() :]), *line[index + 1 :])
        # what is no text stands as one sign of its own, so that a link stays one in what it belongs to
        shown = "".join(part.text if isinstance(part, Text) else _ONE for part in rest)
        found = _PERSON.match(shown)
        if found and name:
            return Person(name, _within(rest, *found.span("affiliation")), _within(rest, *found.span("role")))
    return Person(trimmed(line))


def _within(inlines: Inlines, start: int, end: int) -> Inlines:
    """The inlines from one character to another, where what is no text counts as one."""
    found: list[Inline] = []
    for inline in inlines:
        length = len(inline.text) if isinstance(inline, Text) else 1
        if isinstance(inline, Text):
            found.append(Text(inline.text[max(start, 0) : max(end, 0)]))
        elif start <= 0 < end:
            found.append(inline)
        start, end = start - length, end - length
    return trimmed(joined(found))
