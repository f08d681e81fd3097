"""An encoded letter as the hot path uses it: what is to be filled, looked at once, and filled for each message."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, cast

from mailer.delivery.message.headers import DATE
from mailer.delivery.message.personal import Filler, Personal, filler_of
from mailer.rendering import Skeleton, Slot
from mailer.rendering.encoding import header, plain
from mailer.rendering.mime import Base64Gap, HeaderGap, HtmlGap, Segment, TextGap, header_writer, html_piece, text_piece


class _Header(NamedTuple):
    """A header to be filled: its place among the segments, what writes it, and which of the values its pattern takes."""

    place: int
    name: str
    write: Callable[[str, str], bytes]
    pattern: str
    values: tuple[int, ...]


class _Value(NamedTuple):
    """A value and all its places in text and in HTML: a link is looked at once, though a letter shows it four times."""

    value: int
    text: tuple[int, ...]
    html: tuple[int, ...]


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
    dated: tuple[int, str] | None
    is_plain: bool

    @classmethod
    def of(cls, skeleton: Skeleton) -> "Mould":
        """Look at a skeleton once, for all the messages that are made of it."""
        slots: dict[Slot | str, int] = {}
        headers: list[_Header] = []
        values: dict[int, tuple[list[int], list[int]]] = {}
        blocks: list[tuple[int, Base64Gap]] = []
        dated = None
        for place, gap in enumerate(skeleton.segments):
            if isinstance(gap, HeaderGap) and gap.slots == (DATE,):
                dated = place, gap.name
            elif isinstance(gap, HeaderGap):
                used = tuple(slots.setdefault(slot, len(slots)) for slot in gap.slots)
                headers.append(_Header(place, gap.name, header_writer(gap.name), gap.pattern, used))
            elif isinstance(gap, TextGap | HtmlGap):
                in_text, in_html = values.setdefault(slots.setdefault(gap.slot, len(slots)), ([], []))
                (in_text if isinstance(gap, TextGap) else in_html).append(place)
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
            tuple(_Value(value, tuple(in_text), tuple(in_html)) for value, (in_text, in_html) in values.items()),
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
        is_plain = (
            self.is_plain
        )  # what is encoded needs no dot-stuffing (see `rendering.encoding`); an address may be no ASCII
        for place, name, write, pattern, values in self.headers:
            parts[place] = line = write(name, pattern % tuple([known[value] for value in values]))
            is_plain = is_plain and line.isascii()
        for number, in_text, in_html in self.values:
            value = known[number]
            piece = plain(value)
            for place in in_text:
                parts[place] = piece or text_piece(value)
            for place in in_html:
                parts[place] = piece or html_piece(value)
        for place, block in self.blocks:
            parts[place] = block.filled(dict(zip(self.slots, known, strict=True)))
        if self.dated is not None:
            place, name = self.dated
            parts[place] = _date_header(name, date)
        return parts, is_plain


@lru_cache(maxsize=16)
def _date_header(name: str, date: str) -> bytes:
    return header(name, date)


def _is_plain(piece: bytes) -> bool:
    return piece.isascii() and b"\n." not in piece and not piece.startswith(b".")
