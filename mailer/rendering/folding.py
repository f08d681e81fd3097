"""The size fitter: a letter above its budget folds sections to headline, lead and a link to the web edition.

Gmail clips a message at 102 KB of HTML, and what it clips is the foot with the way out. Sections fold in this order:
publication lists first, since they are looked up rather than read; then the longest ones; never what stands above the
first section, and never the notes. The text part and the web edition stay whole.
"""

from collections.abc import Iterable
from typing import Final

from mailer.content.issue import Block, Blocks, Footnotes, Heading, Link, Paragraph, Publications, Text
from mailer.content.plain import plain
from mailer.content.walk import all_blocks
from mailer.rendering.letter import FieldSlot, SectionSize, Segments
from mailer.rendering.outline import Outline, parts

LINK_BYTES: Final = 160
"""What a subscriber's link is reckoned at: a long public address and a token."""
FIELD_BYTES: Final = 40
"""What a merge field is reckoned at."""
FOLDED_BYTES: Final = 900
"""What is left of a folded section, about: its headline, its lead and the link."""


def personal_bytes(segments: Segments) -> int:
    """The size that the HTML has once it is personal, in bytes of UTF-8."""
    return sum(
        len(segment.encode("utf-8", "replace"))
        if isinstance(segment, str)
        else FIELD_BYTES
        if isinstance(segment, FieldSlot)
        else LINK_BYTES
        for segment in segments
    )


def section_sizes(costs: Iterable[tuple[Blocks, int]], folded: frozenset[str]) -> tuple[SectionSize, ...]:
    """What each section of a letter costs.

    Args:
        costs: the blocks of each section and the bytes of their HTML.
        folded: the anchors of the sections that were folded.
    """
    sizes = []
    for blocks, html_bytes in costs:
        heading = _heading(blocks)
        anchor, title = (heading.anchor, plain(heading.inlines)) if heading else ("", "")
        sizes.append(SectionSize(anchor, title, html_bytes, anchor in folded))
    return tuple(sizes)


def choose(costs: Iterable[tuple[Blocks, int]], excess: int, *, folded: frozenset[str]) -> frozenset[str]:
    """The anchors of further sections to fold so that the letter loses `excess` bytes, or as much as can be."""
    candidates = [(blocks, size) for blocks, size in costs if _heading(blocks) and size > FOLDED_BYTES]
    candidates.sort(key=lambda section: (not _is_bibliography(section[0]), -section[1]))
    chosen = set()
    for blocks, size in candidates:
        if excess <= 0:
            break
        heading = _heading(blocks)
        if heading is not None and heading.anchor not in folded and len(_short(blocks)) < len(blocks):
            chosen.add(heading.anchor)
            excess -= size - FOLDED_BYTES
    return frozenset(chosen)


def fold(blocks: Blocks, plan: Outline, anchors: frozenset[str], *, archive_url: str, read_on: str) -> Blocks:
    """The blocks with these sections folded.

    Args:
        blocks: all blocks of a letter.
        plan: their outline.
        anchors: of the sections to fold.
        archive_url: the web edition's address.
        read_on: the link's words.
    """
    kept: list[Block] = []
    for part in parts(blocks, plan):
        heading = _heading(part)
        if heading is None or heading.anchor not in anchors:
            kept.extend(part)
            continue
        link = Link(f"{archive_url}#{heading.anchor}", (Text(read_on),), heading.place)
        notes = [block for block in part if isinstance(block, Footnotes)]
        kept.extend([*_short(part), Paragraph(place=heading.place, inlines=(link,)), *notes])
    return tuple(kept)


def _heading(part: Blocks) -> Heading | None:
    """The section's own heading: the last of those that it begins with."""
    found = None
    for block in part:
        if not isinstance(block, Heading):
            break
        found = found if found is not None and block.level > found.level else block
    return found


def _short(part: Blocks) -> tuple[Block, ...]:
    """Headline and lead."""
    short: list[Block] = []
    for block in part:
        if isinstance(block, Heading):
            short.append(block)
        elif isinstance(block, Paragraph):
            return (*short, block)
        else:
            break
    return tuple(short)


def _is_bibliography(part: Blocks) -> bool:
    return any(isinstance(block, Publications) for block in all_blocks(part))
