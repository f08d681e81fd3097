"""Letters on their way into the database and back: JSON, packed; the same letter gives the same bytes."""

import json
import zlib
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from mailer.rendering import FieldSlot, Letter, LinkSlot, Picture, Segments, WebEdition

PackedSegment = str | list[str]
UNREADABLE = (zlib.error, ValueError, LookupError)
"""What comes of reading a letter that is spoilt, or whose picture is gone."""


def pack(letter: Letter) -> bytes:
    """The letter without its pictures' content, which is kept once under each picture's name."""
    return _packed(
        {
            "audiences": sorted(letter.audiences),
            "language": letter.language,
            "subject": _packed_segments(letter.subject),
            "html": _packed_segments(letter.html),
            "text": _packed_segments(letter.text),
            "embedded": letter.embedded,
            "pictures": [
                [picture.name, picture.media_type, picture.width, picture.height] for picture in letter.pictures
            ],
        }
    )


def unpack(content: bytes, media: Mapping[str, bytes]) -> Letter:
    """The letter again.

    Args:
        media: the content of its pictures, by name.
    """
    facts = _unpacked(content)
    return Letter(
        audiences=frozenset(facts["audiences"]),
        language=facts["language"],
        subject=_segments(facts["subject"]),
        html=_segments(facts["html"]),
        text=_segments(facts["text"]),
        mjml=(),
        pictures=tuple(
            Picture(name, media[name], media_type, width, height)
            for name, media_type, width, height in facts["pictures"]
        ),
        embedded=facts["embedded"],
    )


def picture_names(content: bytes) -> list[str]:
    """The names of a packed letter's pictures."""
    return [picture[0] for picture in _unpacked(content)["pictures"]]


def pack_edition(edition: WebEdition) -> bytes:
    """The web edition without its pictures' content."""
    calendars = {name: content.decode() for name, content in sorted(edition.calendars.items())}
    return _packed({"html": edition.html, "calendars": calendars})


def unpack_edition(content: bytes) -> tuple[str, dict[str, str]]:
    """The page and its calendar files."""
    facts = _unpacked(content)
    return facts["html"], facts["calendars"]


def digest(content: bytes) -> str:
    """The SHA-256 of what was packed; another version of the packer gives the same."""
    return sha256(zlib.decompress(content)).hexdigest()


def _packed(facts: object) -> bytes:
    return zlib.compress(json.dumps(facts, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass"))


def _unpacked(content: bytes) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(zlib.decompress(content).decode("utf-8", "surrogatepass"))
    return facts


def _packed_segments(segments: Segments) -> list[PackedSegment]:
    return [_packed_segment(segment) for segment in segments]


def _packed_segment(segment: str | FieldSlot | LinkSlot) -> PackedSegment:
    if isinstance(segment, FieldSlot):
        return ["field", segment.expression]
    if isinstance(segment, LinkSlot):
        return ["link", segment.name]
    return segment


def _segments(packed: list[PackedSegment]) -> Segments:
    return tuple(part if isinstance(part, str) else _slot(*part) for part in packed)


def _slot(kind: str, value: str) -> FieldSlot | LinkSlot:
    return FieldSlot(value) if kind == "field" else LinkSlot(value)  # type: ignore[arg-type]
