"""The size fitter: a letter above its budget folds sections to headline, lead and a link to the web edition.

Gmail clips a message at 102 KB of HTML, and what it clips is the foot with the way out. Sections fold in this order: those
that the author names, as he names them; publication lists, since they are looked up rather than read; then the longest
ones. Never what the author says, what stands above the first section, the notes, and what the web edition does not show.
The text part and the web edition stay whole.
"""

from typing import Final

from mailer.content.issue import Block, Blocks, Footnotes, FrontMatter, Heading, Link, Paragraph, Publications, Text
from mailer.content.plain import plain
from mailer.content.walk import all_blocks
from mailer.rendering.archive import Archive
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


Costs = tuple[tuple[Blocks, int], ...]
"""The blocks of each section, and the bytes of their HTML."""


def section_sizes(costs: Costs, whole: Costs, folded: frozenset[str]) -> tuple[SectionSize, ...]:
    """What each section of a letter costs.

    Args:
        costs: as it is sent.
        whole: as it is with nothing folded.
        folded: the anchors of the sections that were folded.
    """
    sizes = []
    for (blocks, html_bytes), (_, whole_bytes) in zip(costs, whole, strict=True):
        heading = _heading(blocks)
        anchor, title = (heading.anchor, plain(heading.inlines)) if heading else ("", "")
        sizes.append(SectionSize(anchor, title, html_bytes, anchor in folded, whole_bytes))
    return tuple(sizes)


def choose(costs: Costs, excess: int, *, meta: FrontMatter, archive: Archive, folded: frozenset[str]) -> frozenset[str]:
    """The anchors of further sections to fold so that the letter loses `excess` bytes, or as much as can be.

    Args:
        meta: tells what is to fold first, and what never.
        archive: where the whole section must stand.
        folded: the anchors of the sections that are folded already.
    """
    order = {title.casefold(): number for number, title in enumerate(meta.fold_first)}
    kept = {title.casefold() for title in meta.fold_never}
    candidates: list[tuple[tuple[int, bool, int], str]] = []
    for blocks, size in costs:
        heading = _heading(blocks)
        if heading is None or heading.anchor in folded or size <= FOLDED_BYTES or len(_short(blocks)) == len(blocks):
            continue
        title = plain(heading.inlines).casefold()
        if title not in kept and archive.shows(blocks):
            rank = (order.get(title, len(order)), not _is_bibliography(blocks), -size)
            candidates.append((rank, heading.anchor))
    chosen = set()
    for (_, _, negative_size), anchor in sorted(candidates):
        if excess <= 0:
            break
        chosen.add(anchor)
        excess -= -negative_size - FOLDED_BYTES
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
