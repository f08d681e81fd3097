"""Whether the words of a letter stand out from their ground, as its HTML is compiled and as its theme's palettes say."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from mailer.content.colours import LEAST_CONTRAST, contrast
from mailer.content.issue import Place
from mailer.rendering.templates import folders
from mailer.rendering.themes import Palette, Theme, faint_pairs

LEAST_LARGE: Final = 3.0
"""Of type from 24 px, or from 18.66 px where it is bold (WCAG 2.2, 1.4.3)."""
_VOID: Final = frozenset({"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
_HEX: Final = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})(?![0-9a-f])", re.IGNORECASE)
_NAMED: Final = {
    "white": "#ffffff", "black": "#000000", "red": "#ff0000", "blue": "#0000ff", "green": "#008000", "yellow": "#ffff00",
    "gray": "#808080", "grey": "#808080", "silver": "#c0c0c0", "lightgray": "#d3d3d3", "lightgrey": "#d3d3d3",
    "darkgray": "#a9a9a9", "darkgrey": "#a9a9a9", "orange": "#ffa500", "navy": "#000080", "purple": "#800080",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Faint:
    """Words that are too faint: their colour, the ground, the contrast, the first of them, the colour as it is written."""

    text: str
    ground: str
    contrast: float
    words: str
    written: str


def faint_words(html: str) -> tuple[Faint, ...]:
    """Each pair of colours that is too faint in light mode, once, by the styles that stand on the elements themselves."""
    found = _Painted(html).faint
    return tuple({(one.text, one.ground): one for one in reversed(found)}.values())[::-1]


def faint_palette(theme: Theme, overrides: str) -> Iterator[tuple[Place | None, str]]:
    """The pairs of a theme that are too faint, each with the theme's file and line where that lies in the workspace."""
    for name, palette in (("light", theme.light), ("dark", theme.dark)):
        for text, ground, found in faint_pairs(palette):
            place = _place(theme, overrides, name, (text, ground), palette)
            yield (
                place,
                f"{text} on {ground} of the {name} palette of {theme.name} has {found:.1f} : 1, not {LEAST_CONTRAST} : 1",
            )


def _place(theme: Theme, overrides: str, section: str, keys: tuple[str, str], palette: Palette) -> Place | None:
    path = next((folder / "themes" / f"{theme.name}.toml" for folder in folders(overrides)), None)
    if path is None or not path.is_file() or not overrides:
        return None
    return next(
        (Place(str(path), line) for key in keys if (line := _line_of(path, section, key, palette[key]))),
        Place(str(path), 1),
    )


def _line_of(path: Path, section: str, key: str, value: str) -> int:
    """The line of a key in a section of a TOML file; 0 where it is not there."""
    inside = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip().startswith("["):
            inside = line.strip() == f"[{section}]"
        elif inside and re.match(rf"\s*{key}\s*=\s*[\"']{re.escape(value)}", line):
            return number
    return 0


@dataclass(frozen=True, slots=True)
class _Look:
    """How the words of an element look: colours as #rrggbb, size in CSS pixels."""

    tag: str
    text: str = "#000000"
    written: str = ""
    ground: str = "#ffffff"
    size: float = 16
    bold: bool = False
    hidden: bool = False

    @property
    def least(self) -> float:
        return LEAST_LARGE if self.size >= 24 or (self.bold and self.size >= 18.66) else LEAST_CONTRAST


class _Painted(HTMLParser):
    """Goes through a page with the look of the elements that are open."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.faint: list[Faint] = []
        self._open = [_Look("")]
        self.feed(re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID:
            given = {name: value or "" for name, value in attrs}
            self._open.append(_within(self._open[-1], tag, given.get("style", "").lower(), given.get("bgcolor", "")))

    def handle_endtag(self, tag: str) -> None:
        if any(look.tag == tag for look in self._open[1:]):
            while self._open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        look = self._open[-1]
        if not look.hidden and data.strip():
            found = contrast(look.text, look.ground)
            if found < look.least:
                self.faint.append(Faint(look.text, look.ground, found, " ".join(data.split())[:40], look.written))


@lru_cache(maxsize=4096)
def _within(outer: _Look, tag: str, style: str, painted: str) -> _Look:
    styles = dict(re.findall(r"([a-z-]+)\s*:\s*([^;]+)", style))
    ground = _colour(styles.get("background-color") or styles.get("background") or painted)
    text = _colour(styles.get("color", ""))
    size = re.match(r"([\d.]+)px", styles.get("font-size", ""))
    weight = styles.get("font-weight", "").strip()
    is_hidden = (
        tag in {"head", "style", "script", "title"} or "none" in styles.get("display", "") or "mso-hide" in styles
    )
    return _Look(
        tag,
        text or outer.text,
        styles["color"].strip() if text else outer.written,
        ground or outer.ground,
        float(size[1]) if size else outer.size,
        weight in {"bold", "700", "800", "900"}
        if weight
        else outer.bold or tag in {"b", "strong", "th", "h1", "h2", "h3", "h4"},
        outer.hidden or is_hidden,
    )


def _colour(value: str) -> str:
    """As #rrggbb; empty where it is none that can be reckoned with."""
    value = value.strip()
    if found := _HEX.search(value):
        digits = found[0][1:]
        return f"#{digits if len(digits) == 6 else ''.join(2 * digit for digit in digits)}".lower()
    return _NAMED.get(value.split(" ")[0], "")
