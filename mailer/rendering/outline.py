"""The headings of a letter: which level each has on the page, and what the table of contents lists.

The letter's title is the one h1, so what an issue writes as its highest heading becomes h2 and no level is skipped. Many
issues use `#` as a banner between sections written with `##`; where the first heading is a `##`, a later `#` is such a banner:
an h2 like the others, shown as one.
"""

from dataclasses import dataclass
from functools import cached_property

from mailer.content.issue import Block, Blocks, Heading, Inlines, Rule
from mailer.content.plain import plain
from mailer.content.walk import all_blocks


@dataclass(frozen=True, slots=True)
class Entry:
    """A heading as the page shows it."""

    anchor: str
    inlines: Inlines
    level: int
    is_banner: bool


@dataclass(frozen=True)
class Outline:
    """The headings in order."""

    entries: tuple[Entry, ...]

    def of(self, heading: Heading) -> Entry:
        """How that heading is shown."""
        return self._by_anchor[heading.anchor]

    @cached_property
    def _by_anchor(self) -> dict[str, Entry]:
        return {entry.anchor: entry for entry in self.entries}

    @property
    def contents(self) -> tuple[Entry, ...]:
        """What the table of contents lists: the sections, each name once, without banners that only stand above others."""
        named = {
            plain(entry.inlines): entry for entry in reversed(self.entries) if entry.level == 2 and not entry.is_banner
        }
        return tuple(reversed(named.values()))


def outline(blocks: Blocks) -> Outline:
    """The outline of a letter's blocks."""
    headings = [block for block in all_blocks(blocks) if isinstance(block, Heading)]
    top = {block.anchor for block in blocks if isinstance(block, Heading)}
    if not headings:
        return Outline(())
    first = headings[0].level
    above = {block.anchor for block in _standing_above(blocks)}
    entries: list[Entry] = []
    level = 1
    for heading in headings:
        wanted = max(2, heading.level - first + 2) if heading.anchor in top else heading.level - first + 2
        level = min(max(2, wanted), level + 1)
        banner = heading.level < first and heading.anchor in above
        entries.append(Entry(heading.anchor, heading.inlines, level, banner))
    return Outline(tuple(entries))


def _standing_above(blocks: Blocks) -> tuple[Heading, ...]:
    """The headings that another heading follows at once."""
    pairs = zip(blocks, (*blocks[1:], None), strict=True)
    return tuple(block for block, after in pairs if isinstance(block, Heading) and isinstance(after, Heading))


def parts(blocks: Blocks, plan: Outline) -> tuple[Blocks, ...]:
    """The blocks cut before each h2; a banner stays with the section below it.

    A thematic break before a cut is left out, for each section draws its own line.
    """
    cut: list[list[Block]] = [[]]
    for block in blocks:
        if isinstance(block, Heading) and plan.of(block).level == 2 and not _only_banners(cut[-1], plan):
            if cut[-1] and isinstance(cut[-1][-1], Rule):
                cut[-1].pop()
            cut.append([])
        cut[-1].append(block)
    return tuple(tuple(part) for part in cut if part)


def _only_banners(part: list[Block], plan: Outline) -> bool:
    return all(isinstance(block, Heading) and plan.of(block).is_banner for block in part)
