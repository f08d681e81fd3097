"""Characters that MathJax has no outline for: drawn from Source Serif, or refused, and how wide they are."""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from PIL import ImageFont

FAMILY: Final = "Source Serif Pro"
_STYLES: Final = ("Regular", "It", "Bold", "BoldIt")
_SIZE: Final = 200
_SOURCE_SERIF_OVER_MATHJAX: Final = 0.884
"""MathJax writes such characters at this part of the formula's size."""


@lru_cache(maxsize=1)
def font_files() -> list[str]:
    """The font's files, which come as a package of their own."""
    spec = find_spec("font_source_serif_pro")
    if spec is None or not spec.submodule_search_locations:  # pragma: no cover  # the package is a dependency
        return []
    folder = Path(next(iter(spec.submodule_search_locations))) / "files"
    return [str(folder / f"SourceSerifPro-{style}.ttf") for style in _STYLES]


@lru_cache(maxsize=4)
def _face(style: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font_files()[style], _SIZE, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=2048)
def has_glyph(character: str, *, bold: bool = False, italic: bool = False) -> bool:
    """Whether the font shows the character (a font shows one box for all that it has not)."""
    if character.isspace():
        return True
    face = _face(2 * bold + italic)
    return bytes(face.getmask(character)) != bytes(face.getmask("\U0010ffff"))


@lru_cache(maxsize=2048)
def width_em(character: str) -> float:
    """How wide the character is, in em of the formula."""
    return round(_face(0).getlength(character) / _SIZE * _SOURCE_SERIF_OVER_MATHJAX, 4)
