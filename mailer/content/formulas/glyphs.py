"""Characters that MathJax has no outline for: drawn from Source Serif or Noto Sans CJK, or refused, and how wide they are."""

import unicodedata
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
    folder = _folder_of("font_source_serif_pro")
    if folder is None:  # pragma: no cover  # the package is a dependency
        return []
    return [str(folder / "files" / f"SourceSerifPro-{style}.ttf") for style in _STYLES]


@lru_cache(maxsize=1)
def eastern_font() -> str | None:
    """The font of Chinese, Japanese and Korean: 16 MB, so that its package is an extra (`mailer[cjk]`)."""
    folder = _folder_of("cvttf_NotoSansCJK_Regular")
    return None if folder is None else next((str(path) for path in sorted(folder.glob("*.otf"))), None)


def _folder_of(package: str) -> Path | None:
    spec = find_spec(package)
    return Path(next(iter(spec.submodule_search_locations))) if spec and spec.submodule_search_locations else None


def where_to_get(character: str) -> str:
    """What to do about a character that cannot be drawn."""
    if unicodedata.east_asian_width(character) in {"W", "F"} and eastern_font() is None:
        return "install mailer[cjk], or write such words outside the formula"
    return "write such words outside the formula"


def files_for(characters: str) -> list[str]:
    """The files that these characters are drawn from; the large one only where it is needed."""
    eastern = eastern_font()
    needed = eastern is not None and any(_only_eastern(letter) for letter in set(characters))
    return [*font_files(), *([eastern] if eastern and needed else [])]


@lru_cache(maxsize=5)
def _face(file: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(file, _SIZE, layout_engine=ImageFont.Layout.BASIC)


def _shows(file: str, character: str) -> bool:
    """Whether that font shows the character (a font shows one box for all that it has not)."""
    face = _face(file)
    return bytes(face.getmask(character)) != bytes(face.getmask("\U0010ffff"))


@lru_cache(maxsize=2048)
def _only_eastern(character: str) -> bool:
    """Whether Source Serif has not got the character and the font of the East has; what is written from right to left is set by neither."""
    if character.isascii() or unicodedata.bidirectional(character) in {"R", "AL", "AN"}:
        return False
    eastern = eastern_font()
    return eastern is not None and not _shows(font_files()[0], character) and _shows(eastern, character)


@lru_cache(maxsize=2048)
def has_glyph(character: str, *, bold: bool = False, italic: bool = False) -> bool:
    """Whether a font of ours shows the character."""
    if character.isspace():
        return True
    return _shows(font_files()[2 * bold + italic], character) or _only_eastern(character)


@lru_cache(maxsize=2048)
def width_em(character: str) -> float:
    """How wide the character is, in em of the formula."""
    file = eastern_font() if _only_eastern(character) else None
    return round(_face(file or font_files()[0]).getlength(character) / _SIZE * _SOURCE_SERIF_OVER_MATHJAX, 4)
