"""What a letter can lead to: the issue's web edition, which shows only what is for its own audiences."""

from dataclasses import dataclass
from typing import Final

from mailer.content.issue import Block, Blocks, Event, Heading, Issue, Paragraph
from mailer.content.plain import plain
from mailer.content.select import select
from mailer.content.walk import all_blocks
from mailer.rendering.letter import Frame
from mailer.rendering.slots import for_nobody

SUMMARY_CHARACTERS: Final = 300


def summary_of(issue: Issue) -> str:
    """What the issue is about, for a feed: its preheader, else the first paragraph that is for everybody."""
    if said := for_nobody(issue.meta.preheader):
        return said
    first = next((block for block in issue.blocks if isinstance(block, Paragraph) and block.audiences is None), None)
    words = " ".join(plain(first.inlines).split()) if first else ""
    return words if len(words) <= SUMMARY_CHARACTERS else words[:SUMMARY_CHARACTERS].rsplit(" ", 1)[0] + " …"


@dataclass(frozen=True, slots=True)
class Archive:
    """The web edition: its address, and what it shows; without an address there is none."""

    url: str
    blocks: frozenset[Block] | None = None
    anchors: frozenset[str] | None = None
    events: frozenset[str] | None = None

    @classmethod
    def of(cls, issue: Issue, frame: Frame) -> "Archive":
        """The web edition of that issue."""
        if frame.archived_for is None:
            return cls(frame.archive_url)
        shown = select(issue, frozenset(frame.archived_for))
        every = tuple(all_blocks(shown))
        return cls(
            frame.archive_url,
            blocks=frozenset(shown),
            anchors=frozenset(block.anchor for block in every if isinstance(block, Heading)),
            events=frozenset(block.slug for block in every if isinstance(block, Event)),
        )

    def __bool__(self) -> bool:
        """Whether there is one."""
        return bool(self.url)

    def shows(self, blocks: Blocks) -> bool:
        """Whether it shows all of these blocks."""
        return bool(self) and (self.blocks is None or self.blocks.issuperset(blocks))

    def address(self, href: str) -> str:
        """Where a link leads: within the issue to the web edition, for mail apps do not follow it in a letter.

        Nowhere, an empty text, where the web edition does not have the place.
        """
        if not self or not href.startswith("#"):
            return href
        return f"{self.url}{href}" if self.anchors is None or href[1:] in self.anchors else ""

    def calendar(self, event: Event) -> str:
        """Where the event's calendar file is; nowhere, an empty text, where the web edition does not show the event."""
        is_there = bool(self) and (self.events is None or event.slug in self.events)
        return f"{self.url.rstrip('/')}/{event.slug}.ics" if is_there else ""
