"""Formulas in a letter: text where text is faithful, else a picture on the line, in light and in dark.

The picture that every client shows has an opaque ground, so that no dark mode swallows it; where a client knows colour
schemes it is swapped for one in the dark palette.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from mailer.content.formulas.typesetting import FormulaError, FormulaPicture, Typeset, as_unicode, png, spoken, typeset
from mailer.content.issue import Formula, Inlines, Text
from mailer.rendering.escaping import attribute
from mailer.rendering.letter import Picture
from mailer.rendering.pictures import Gallery, content_name
from mailer.rendering.themes import Theme

if TYPE_CHECKING:
    from mailer.rendering.inlines import MailInlines

X_HEIGHT: Final = 0.47
"""Height of an x over the font size, in the faces that letters are read in."""


class MailFormulas:
    """Writes the formulas of one letter, with their words in the letter's language."""

    def __init__(self, theme: Theme, cache: Path | None, language: str = "en") -> None:
        self._language = language
        self._theme = theme
        self._cache = cache
        self._written: dict[tuple[str, bool, int, str], Markup | None] = {}

    def __call__(self, formula: Formula, write: "MailInlines", gallery: Gallery) -> Markup | None:
        """The formula's markup; None where its source is to be shown as code."""
        room = write.column or self._theme.column
        key = (formula.tex, formula.display, room, write.ground)
        if key not in self._written:
            self._written[key] = self._markup(formula, write, gallery, room)
        return self._written[key]

    def _markup(self, formula: Formula, write: "MailInlines", gallery: Gallery, room: int) -> Markup | None:
        if not formula.display:
            characters = as_unicode(formula.tex, self._cache)
            if characters is not None:
                return Markup('<span class="fu">{}</span>').format(write(characters))
        found = typeset(formula.tex, display=formula.display, cache=self._cache)
        if isinstance(found, FormulaError):
            return None
        # a formula wider than the column is drawn smaller; on a phone it shrinks with the screen
        ex = min(float(self._theme.type["text"]) * X_HEIGHT, room / max(found.width, 1))
        light, dark = self._theme.light, self._theme.dark
        alt = spoken(found, self._language)
        base = _picture(found, light["text"], light[write.ground], ex, self._cache)
        swapped = _picture(found, dark["text"], None, ex, self._cache)
        return _image("fl", base, alt, gallery) + Markup("<!--[if !mso]><!-->{}<!--<![endif]-->").format(
            _image("fd", swapped, alt, gallery)
        )


_OPENS: Final = re.compile(r"[(\[{„“‘«‚]+$")
_CLOSES: Final = re.compile(r"[.,;:!?)\]}”’»“…]+")


def together(inlines: Inlines, written: Sequence[str]) -> list[str]:
    """The markup of inlines, in which a formula that is drawn stays on the line of the signs that belong to it.

    A browser may end a line on either side of a picture, before a full stop too.
    """
    parts = list(map(str, written))
    if not any(isinstance(part, Formula) for part in inlines):
        return parts
    for index, part in enumerate(parts):
        if not isinstance(inlines[index], Formula) or part.startswith(("<span", "<code")):
            continue
        before = _OPENS.search(parts[index - 1]) if index and isinstance(inlines[index - 1], Text) else None
        after = (
            _CLOSES.match(parts[index + 1]) if index + 1 < len(parts) and isinstance(inlines[index + 1], Text) else None
        )
        if before is None and after is None:
            continue
        parts[index] = f'<span class="fu">{before[0] if before else ""}{part}{after[0] if after else ""}</span>'
        if before:
            parts[index - 1] = parts[index - 1][: before.start()]
        if after:
            parts[index + 1] = parts[index + 1][after.end() :]
    return parts


@lru_cache(maxsize=2048)
def _picture(formula: Typeset, ink: str, ground: str | None, ex: float, cache: Path | None) -> FormulaPicture:
    """The picture, kept in this process as well: every letter of an issue shows the same ones."""
    return png(formula, ink=ink, ground=ground, ex=ex, cache=cache)


def _image(kind: str, picture: FormulaPicture, alt: str, gallery: Gallery) -> Markup:
    name = content_name(picture.content, "png")
    shown = gallery.keep(Picture(name, picture.content, "image/png", picture.width, picture.height))
    hidden = "display:none;" if kind == "fd" else ""
    return Markup('<img class="{}" src="{}" alt="{}" width="{}" height="{}" style="{}"/>').format(
        kind,
        shown.src,
        attribute(alt),
        picture.width,
        picture.height,
        f"{hidden}vertical-align:-{picture.depth}px;max-width:100%;height:auto",
    )
