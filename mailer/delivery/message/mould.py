"""An encoded letter as the hot path uses it: what is to be filled, looked at once, and filled for each message."""

from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from mailer.delivery.message.headers import DATE
from mailer.delivery.message.personal import Filler, Personal, filler_of
from mailer.rendering import Skeleton, Slot
from mailer.rendering.encoding import is_plain
from mailer.rendering.mime import Base64Gap, HeaderGap, HtmlGap, Segment, TextGap, header_line


@dataclass(frozen=True, slots=True)
class _Header:
    """A header to be filled: its place among the segments, and which of the values its pattern takes."""

    place: int
    name: str
    pattern: str
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Value:
    """A value and all its places in text and HTML: a link is looked at once, though a letter shows it four times."""

    value: int
    places: tuple[tuple[int, TextGap | HtmlGap], ...]


@dataclass(frozen=True, slots=True)
class Mould:
    """An encoded letter with what is known of its fixed bytes: where its gaps are, and whether the rest is plain.

    Plain is ASCII without a dot at the beginning of a line. `head` is how many of the segments are headers. `slots` are
    what a message needs, each once, and `fillers` what gives each its value; the Date, the same for all of a second, is
    kept apart.
    """

    segments: tuple[Segment, ...]
    head: int
    slots: tuple[Slot | str, ...]
    fillers: tuple[Filler, ...]
    headers: tuple[_Header, ...]
    values: tuple[_Value, ...]
    blocks: tuple[tuple[int, Base64Gap], ...]
    dated: tuple[int, HeaderGap] | None
    is_plain: bool

    @classmethod
    def of(cls, skeleton: Skeleton) -> "Mould":
        """Look at a skeleton once, for all the messages that are made of it."""
        slots: dict[Slot | str, int] = {}
        headers: list[_Header] = []
        places: dict[int, list[tuple[int, TextGap | HtmlGap]]] = {}
        blocks: list[tuple[int, Base64Gap]] = []
        dated = None
        for place, gap in enumerate(skeleton.segments):
            if isinstance(gap, HeaderGap) and gap.slots == (DATE,):
                dated = place, gap
            elif isinstance(gap, HeaderGap):
                used = tuple(slots.setdefault(slot, len(slots)) for slot in gap.slots)
                headers.append(_Header(place, gap.name, gap.pattern, used))
            elif isinstance(gap, TextGap | HtmlGap):
                places.setdefault(slots.setdefault(gap.slot, len(slots)), []).append((place, gap))
            elif isinstance(gap, Base64Gap):
                blocks.append((place, gap))
                for slot in gap.slots:
                    slots.setdefault(slot, len(slots))
        return cls(
            skeleton.segments,
            len(skeleton.head),
            tuple(slots),
            tuple(map(filler_of, slots)),
            tuple(headers),
            tuple(_Value(value, tuple(found)) for value, found in places.items()),
            tuple(blocks),
            dated,
            all(_is_plain(segment) for segment in skeleton.segments if isinstance(segment, bytes)),
        )

    def fill(self, person: Personal, date: str) -> tuple[list[bytes], bool]:
        """The message in pieces, the first `head` of which are headers and the empty line; and whether it is plain.

        Args:
            date: the Date header's.

        Raises:
            WrongInput: an address cannot stand in a header.
        """
        parts = cast("list[bytes]", list(self.segments))  # every gap is about to be replaced
        known = [value_for(person) for value_for in self.fillers]
        # A line feed before each piece: one that begins with a dot is found together with the others.
        unknown = [b""]
        for header in self.headers:
            text = header.pattern % tuple([known[value] for value in header.values])
            parts[header.place] = piece = header_line(header.name, text)
            unknown.append(piece)
        for found in self.values:
            value = known[found.value]
            if is_plain(value):
                piece = value.encode("ascii")
                for place, _ in found.places:
                    parts[place] = piece
                continue
            for place, gap in found.places:
                parts[place] = piece = gap.encoded(value)
                unknown.append(piece)
        for place, block in self.blocks:
            parts[place] = block.filled(dict(zip(self.slots, known, strict=True)))
        if self.dated is not None:
            place, header_gap = self.dated
            parts[place] = _date_header(header_gap, date)
        return parts, self.is_plain and _is_plain(b"\n".join(unknown))


@lru_cache(maxsize=16)
def _date_header(gap: HeaderGap, date: str) -> bytes:
    return gap.filled({DATE: date})


def _is_plain(piece: bytes) -> bool:
    return piece.isascii() and b"\n." not in piece and not piece.startswith(b".")
