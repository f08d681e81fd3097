"""How wide a picture is asked to be: `50%`, `300`, `300px`, `7cm`, as Pandoc, Quarto, kramdown and HTML write it."""

import re
from dataclasses import replace
from typing import Final

from mailer.content.issue import Picture, Place
from mailer.content.reading import Reading

_PIXELS: Final = {
    "": 1.0,
    "px": 1.0,
    "in": 96.0,
    "cm": 96 / 2.54,
    "mm": 96 / 25.4,
    "pt": 96 / 72,
    "em": 16.0,
    "rem": 16.0,
}
"""CSS pixels in a unit of length (CSS Values 4, §6)."""
_LENGTH: Final = re.compile(r"\s*(\d{1,5}(?:\.\d{1,20})?|\.\d{1,20})\s*(%|[a-z]*)\s*(?:!important)?\s*", re.IGNORECASE)
_LINE: Final = re.compile(r"\s*(\d?\.?\d{0,4})\s*\\(?:line|text|column)width\s*", re.IGNORECASE)
_STYLE: Final = re.compile(r"(?:^|;)\s*(?:max-)?width\s*:\s*([^;]+)", re.IGNORECASE)
LARGEST: Final = 4000
"""CSS pixels; the letter's column is the limit in any case."""


def sized(reading: Reading, picture: Picture, written: str, place: Place, *, style: str = "") -> Picture:
    """The picture, as wide as it is asked to be; a width that cannot be read is named and left out.

    Args:
        reading: for the finding.
        picture: as it is otherwise.
        written: the width, empty where none is given.
        place: of what is written.
        style: CSS in which a width may stand.
    """
    if not written and (found := _STYLE.search(style)) and found[1].strip().lower() not in {"auto", "none"}:
        written = found[1]
    if not written or written.strip().lower() == "auto":
        return picture
    pixels, share = _read(written)
    if pixels is None and share is None:
        message = f"{written.strip()!r} is no width of a picture, so that it gets its own; write 50% or 300px"
        reading.warn(place, "picture-width", message)
        return picture
    return replace(picture, width=pixels, share=share)


def _read(written: str) -> tuple[int | None, int | None]:
    """The width in CSS pixels, or in hundredths of the column."""
    if line := _LINE.fullmatch(written):
        return None, _share(float(line[1] or 1) * 100)
    found = _LENGTH.fullmatch(written)
    if found is None:
        return None, None
    number, unit = float(found[1]), found[2].lower()
    if unit == "%":
        return None, _share(number)
    pixels = round(number * _PIXELS.get(unit, 0))
    return (min(pixels, LARGEST) if pixels else None), None


def _share(number: float) -> int | None:
    return max(1, min(round(number), 100)) if number > 0 else None
