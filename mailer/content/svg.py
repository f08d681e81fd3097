"""Pictures in SVG, drawn as PNG, for mail clients show no SVG."""

import re
from functools import lru_cache
from typing import Final

import resvg_py

from mailer.content.formulas.glyphs import FAMILY, font_files

TALLEST: Final = 12
"""Height over width of an SVG that is still drawn."""


def is_svg(content: bytes) -> bool:
    """Whether the file begins as an SVG does."""
    head = content[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return head.startswith((b"<svg", b"<?xml", b"<!--", b"<!doctype svg")) and b"<svg" in content[:4000].lower()


@lru_cache(maxsize=64)
def drawn(content: bytes, room: int, *, density: int) -> tuple[bytes, int] | None:
    """The SVG as PNG, and the width that it is shown at; None where it cannot be drawn.

    Args:
        content: the file; files that it refers to are not read.
        room: CSS pixels that there are.
        density: pixels of the PNG for one CSS pixel.
    """
    source = content.decode("utf-8", "replace")
    source = re.sub(r"""((?:xlink:)?href)\s*=\s*(["'])(?!#|data:).*?\2""", r"\1=\2#\2", source, flags=re.DOTALL)
    box = re.search(r"""viewBox\s*=\s*["']\s*[-\d.e]+[\s,]+[-\d.e]+[\s,]+([\d.e]+)[\s,]+([\d.e]+)""", source)
    own = re.search(r"""<svg\b[^>]*?\swidth\s*=\s*["']\s*([\d.]+)(?:px)?\s*["']""", source)
    try:
        if box and float(box[2]) > float(box[1]) * TALLEST:
            return None
        width = max(1, round(min(float(own[1]) if own else room, room)))
        # never the machine's fonts: the same file must give the same picture everywhere
        made = resvg_py.svg_to_bytes(
            svg_string=source,
            width=width * density,
            skip_system_fonts=True,
            font_files=font_files(),
            font_family=FAMILY,
            serif_family=FAMILY,
            sans_serif_family=FAMILY,
            cursive_family=FAMILY,
            fantasy_family=FAMILY,
            monospace_family=FAMILY,
        )
        return bytes(made), width
    except ValueError:
        return None
