"""Formulas: TeX becomes a picture on its baseline, words to listen to, MathML, or plain characters where that is faithful.

The ladder that rendering climbs down: `as_unicode` for simple inline formulas; else `typeset`, whose `png` gives the
picture and whose `alt` the words; the web edition takes `mathml`. What cannot be set is a `FormulaError`, never a
wrong picture.
"""

import hashlib
import io
import json
import re
import unicodedata
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from PIL import Image

from mailer.content.atomic import write_whole
from mailer.content.formulas.drawing import (
    UNITS_PER_EX,
    drawn_in_full,
    legible,
    missing_glyph,
    painted,
    view_of,
    with_all_ink,
    wrong_colour,
)
from mailer.content.formulas.engine import Refused, convert
from mailer.content.formulas.glyphs import eastern_font, where_to_get
from mailer.content.formulas.tags import without_tag
from mailer.content.formulas.unicode import unicode_of
from mailer.content.formulas.words import words_of
from mailer.content.issue import Inlines

WHITE: Final = "#ffffff"
ZOOM: Final = 3
"""Pixels of the picture for one CSS pixel."""
LIMIT_PIXELS: Final = 12_000_000
LIMIT_EX: Final = 400
_VERSION: Final = f"7 {version('django-static-mathjax')} {version('resvg-py')} {version('pillow')}"


@dataclass(frozen=True, slots=True)
class Typeset:
    r"""A formula that was set.

    `width`, `height` and `depth` are in ex of the surrounding type (the height of an x; MathJax's is 0.442 em); `depth`
    is how far it goes below the baseline and is part of `height`. `alt` is the formula in English words. `mathml` is a
    whole `<math>` element. `number` is what stood in `\tag{…}`, without parentheses.
    """

    tex: str
    display: bool
    svg: str
    mathml: str
    alt: str
    width: float
    height: float
    depth: float
    number: str = ""


@dataclass(frozen=True, slots=True)
class FormulaError:
    """Why a formula cannot be set; `offset` counts characters of its source from 0, as far as the place is known."""

    tex: str
    message: str
    offset: int = 0


@dataclass(frozen=True, slots=True)
class FormulaPicture:
    """A PNG; sizes are whole CSS pixels, the file holds `ZOOM` times as many.

    Put it on the line with `vertical-align: -{depth}px`.
    """

    content: bytes
    width: int
    height: int
    depth: int


def typeset(tex: str, *, display: bool, cache: Path | None = None) -> Typeset | FormulaError:
    """Sets a formula; the same source gives the same result, and no macro of one formula reaches another.

    Args:
        tex: the source without dollars.
        display: whether it stands on a line of its own.
        cache: a folder that keeps what was set, by content, for other processes and other days.
    """
    tex = tex.strip()
    if cache is None:
        return _typeset(tex, display)
    kept = cache / (_key("set", tex, str(display)) + ".json")
    if found := _kept_typeset(kept, tex):
        return found
    result = _typeset(tex, display)
    if isinstance(result, Typeset):
        write_whole(kept, json.dumps(asdict(result), ensure_ascii=False, sort_keys=True).encode())
    return result


def png(
    formula: Typeset, *, ink: str, ground: str | None = WHITE, ex: float = 7.5, cache: Path | None = None
) -> FormulaPicture:
    """The formula as a picture with few colours.

    Args:
        formula: what `typeset` gave.
        ink: its colour, such as `#1a1a1a`.
        ground: the colour behind it, which is legible in every client; None leaves it transparent, for a pair of
            pictures that are swapped by the colour scheme.
        ex: the height of an x in CSS pixels: about 0.47 of the font size.
        cache: a folder that keeps pictures by content.
    """
    box = _box(formula, ex)
    if cache is None:
        return FormulaPicture(_png(formula.svg, box, ink, ground), box.width, box.height, box.depth)
    kept = cache / (_key("png", formula.svg, ink, str(ground), f"{ex:.4f}") + ".png")
    try:
        content = kept.read_bytes()
    except FileNotFoundError:
        content = _png(formula.svg, box, ink, ground)
        write_whole(kept, content)
    return FormulaPicture(content, box.width, box.height, box.depth)


@lru_cache(maxsize=4096)
def as_unicode(tex: str, cache: Path | None = None) -> Inlines | None:
    """A simple inline formula as real characters with sub- and superscripts; None where that would not be faithful."""
    found = typeset(tex, display=False, cache=cache)
    return unicode_of(ET.fromstring(found.mathml)) if isinstance(found, Typeset) else None  # noqa: S314  # ours


@lru_cache(maxsize=4096)
def spoken(formula: Typeset, language: str) -> str:
    """The formula in words of a language, such as `de-AT`; in English where there are none in it."""
    if language.partition("-")[0].lower() == "en":
        return formula.alt
    return words_of(ET.fromstring(formula.mathml), language) or formula.alt  # noqa: S314  # MathJax's own output


# --- setting ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _typeset(tex: str, display: bool) -> Typeset | FormulaError:  # noqa: FBT001  # a key of the cache
    bare, number = without_tag(tex)
    converted = convert(bare, display=display)
    if isinstance(converted, Refused):
        return FormulaError(tex, converted.message, min(converted.offset, max(len(tex) - 1, 0)))
    svg = drawn_in_full(converted.svg)
    if (missing := missing_glyph(svg)) is not None:
        return FormulaError(
            tex,
            f"the type of formulas has no {missing!r}; {where_to_get(missing)}",
            _place_of(missing, tex),
        )
    if (colour := wrong_colour(svg)) is not None:
        return FormulaError(tex, f"{colour} is no colour", max(tex.find(colour), 0))
    if max(view_of(svg)[2:]) > LIMIT_EX * UNITS_PER_EX:
        return FormulaError(tex, "the formula is too large")
    whole = with_all_ink(svg)
    if whole is None:
        return FormulaError(tex, "the formula shows nothing")
    _, top, width, height = (part / UNITS_PER_EX for part in view_of(whole))
    mathml = _tidy_mathml(converted.mathml)
    alt = words_of(ET.fromstring(mathml))  # noqa: S314  # MathJax's own output
    return Typeset(tex, display, whole, mathml, alt or bare, width, height, round(height + top, 4), number)


def _tidy_mathml(mathml: str) -> str:
    mathml = re.sub(r">\s*\n\s*<", "><", mathml)
    return re.sub(r' data-mjx-(?!texclass)[a-z]+="[^"]*"', "", mathml)


def _place_of(missing: str, tex: str) -> int:
    r"""Where the character stands, which may be written as a plain letter in a command such as `\mathbb`."""
    plain = unicodedata.normalize("NFKC", missing)
    return max(tex.find(missing), tex.rfind(plain) if missing not in tex else 0, 0)


# --- the picture ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Box:
    """Whole pixels around the formula, its baseline on a whole pixel, and the same in the SVG's units."""

    width: int
    height: int
    depth: int
    view: str


def _box(formula: Typeset, ex: float) -> _Box:
    scale = ex / UNITS_PER_EX
    left, top, width, height = view_of(formula.svg)
    above, below = _up(-top * scale), _up((height + top) * scale)
    across = _up(width * scale)
    side = (across / scale - width) / 2
    tall = max(above + below, 1)
    view = f"{left - side:.2f} {-above / scale:.2f} {across / scale:.2f} {tall / scale:.2f}"
    return _Box(across, tall, below if above + below else 0, view)


def _up(pixels: float) -> int:
    """The next whole pixel, with room for the soft edge of a line."""
    return int(pixels + 0.999) if pixels > 0 else -int(-pixels)


def _png(svg: str, box: _Box, ink: str, ground: str | None) -> bytes:
    if not all(re.fullmatch(r"#[0-9a-fA-F]{6}", colour) for colour in (ink, *([ground] if ground else []))):
        raise ValueError(f"colours are written as #rrggbb, not {ink} on {ground}")
    zoom = ZOOM
    while zoom > 1 and box.width * box.height * zoom * zoom > LIMIT_PIXELS:
        zoom -= 1
    drawn = painted(legible(svg, ink, ground), box.view, (box.width * zoom, box.height * zoom), ink, ground)
    with Image.open(io.BytesIO(drawn)) as image:
        return _with_few_colours(image, opaque=ground is not None)


def _with_few_colours(image: Image.Image, *, opaque: bool) -> bytes:
    """The picture with a palette: sixteen shades are enough for one ink, and a third of the bytes."""
    if opaque:
        small = image.convert("RGB").quantize(32, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    else:
        small = image.convert("RGBA").quantize(32, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    out = io.BytesIO()
    small.save(out, "PNG", optimize=True)
    return out.getvalue()


# --- what is kept ---------------------------------------------------------------------------------------------------------


def _key(*parts: str) -> str:
    fonts = "cjk" if eastern_font() else ""  # what was set with it cannot be drawn without it
    return hashlib.sha256("\x00".join((_VERSION, fonts, *parts)).encode()).hexdigest()


def _kept_typeset(path: Path, tex: str) -> Typeset | None:
    try:
        found = json.loads(path.read_bytes())
        kept = Typeset(**found)
    except (FileNotFoundError, ValueError, TypeError):  # not there, or written by nobody of ours
        return None
    return kept if kept.tex == tex else None
