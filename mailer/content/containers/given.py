"""A container as it was read: what the function that builds it is given."""

from dataclasses import dataclass, field

from mailer.content.issue import Block, Blocks, Inlines, Place
from mailer.content.markdown.fences import Head
from mailer.content.markdown.inlines import inlines_of_text
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
