"""Themes: the colours, type, measures and logo of a letter, as data in `templates/email/themes/NAME.toml`.

A theme is laid over another: a workspace's own over the program's of the same name, that over the default one. So it need
name only what it changes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from mailer.base.errors import WrongInput
from mailer.content.colours import LEAST_CONTRAST, contrast
from mailer.rendering.tables import place_of, read_table, wrong

DEFAULT = "meridian"
COLOUR = re.compile(r"#[0-9a-f]{6}")
TEXT_ON = (
    ("text", "sheet"),
    ("heading", "sheet"),
    ("muted", "sheet"),
    ("link", "sheet"),
    ("text", "tint"),
    ("heading", "tint"),
    ("muted", "tint"),
    ("link", "tint"),
    ("muted", "ground"),
    ("link", "ground"),
    ("button_text", "button"),
    ("text", "mark"),
    ("masthead_text", "masthead"),
    ("masthead_muted", "masthead"),
)
"""Which colour of a palette is written on which."""

LETTER = range(320, 961)
"""CSS pixels: from a narrow phone to what the reading panes of desktop clients show."""
PALETTES = ("light", "dark", "code_colours", "code_colours_dark")

Palette = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Logo:
    """The sender's mark in the masthead, the bytes of its files: `dark` is shown where the client is in dark mode.

    `place` is where the theme speaks of it.
    """

    place: str
    alt: str
    width: int
    light: bytes
    dark: bytes | None = None


@dataclass(frozen=True, slots=True)
class Theme:
    """The look of a letter; lengths are CSS pixels."""

    name: str
    fonts: Mapping[str, str]
    type: Mapping[str, float | str]
    measure: Mapping[str, int]
    light: Palette
    dark: Palette
    code_colours: Palette
    code_colours_dark: Palette
    logo: Logo | None = None

    @property
    def column(self) -> int:
        """The width of a line of text on a wide screen."""
        return self.measure["letter"] - 2 * self.measure["padding"]


def theme(name: str, folders: tuple[Path, ...]) -> Theme:
    """The theme of that name; the default theme where there is none.

    Args:
        name: as the issue's front matter has it.
        folders: where themes are looked for; the first one's count most.

    Raises:
        WrongInput: a theme cannot be read, holds a key that no theme has, or something else than belongs there; with its line.
    """
    name = name if name in theme_names(folders) else DEFAULT
    layers = [folder / "themes" / f"{named}.toml" for named in dict.fromkeys((name, DEFAULT)) for folder in folders]
    if name != DEFAULT:
        # a workspace may change the default theme; what it says there is not for themes of another name
        layers = [path for path in layers if path.stem != DEFAULT or path.parent.parent == folders[-1]]
    found = tuple(path for path in layers if path.is_file())
    if not found or found[-1].stem != DEFAULT:
        raise WrongInput("there is no theme", do=f"add themes/{DEFAULT}.toml", place=str(folders[-1]))
    return _read(name, found, tuple(sorted(_stamp(path) for layer in found for path in layer.parent.iterdir())))


def theme_names(folders: tuple[Path, ...]) -> tuple[str, ...]:
    """The themes that can be named in an issue, sorted."""
    return tuple(sorted({path.stem for folder in folders for path in (folder / "themes").glob("*.toml")}))


def faint_pairs(palette: Palette) -> tuple[tuple[str, str, float], ...]:
    """The pairs of a palette whose text is too faint on its ground, each with its contrast."""
    pairs = ((text, ground, contrast(palette[text], palette[ground])) for text, ground in TEXT_ON)
    return tuple(pair for pair in pairs if pair[2] < LEAST_CONTRAST)


def _stamp(path: Path) -> tuple[str, int]:
    return path.name, path.stat().st_mtime_ns


@lru_cache(maxsize=16)
def _read(name: str, layers: tuple[Path, ...], stamps: tuple[tuple[str, int], ...]) -> Theme:
    del stamps  # part of the cache's key: an edited theme is read again
    *upper, lowest = layers
    given = read_table(lowest)
    logo: Logo | None = None
    for path in reversed(upper):
        layer = read_table(path)
        if "logo" in layer:
            logo = _logo(path, layer.pop("logo"))
        for section, values in layer.items():
            _require_known(path, section, values, given)
            given[section] = {**given[section], **values}
    return Theme(
        name=name,
        fonts=given["fonts"],
        type=given["type"],
        measure=given["measure"],
        light=given["light"],
        dark=given["dark"],
        code_colours=given["code_colours"],
        code_colours_dark=given["code_colours_dark"],
        logo=logo,
    )


def _require_known(path: Path, section: str, values: object, base: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse what the theme below has no such key for, or another kind of value.

    Raises:
        WrongInput: the section, a key or a value is wrong; with its line.
    """
    if section not in base or not isinstance(values, dict):
        raise wrong(path, section, f"a theme has no [{section}]", f"use one of {', '.join(base)}, logo")
    for key, value in values.items():
        if key not in base[section]:
            raise wrong(path, key, f"[{section}] has no {key}", f"use one of {', '.join(base[section])}")
        if section in PALETTES and not COLOUR.fullmatch(str(value)):
            raise wrong(path, key, f"{key} = {value!r} is no colour", "write it as #1d4f91, in small letters")
        if section == "measure" and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            raise wrong(path, key, f"{key} = {value!r} is no length", "write whole CSS pixels")
        if key == "letter" and value not in LETTER:
            raise wrong(path, key, f"letter = {value} is no width for a letter", f"write {LETTER[0]} to {LETTER[-1]}")
        wanted = type(base[section][key])
        if wanted is str and not isinstance(value, str):
            raise wrong(path, key, f"{key} = {value!r} is no text", "put it between quotes")
        if wanted in (int, float) and (not isinstance(value, int | float) or isinstance(value, bool)):
            raise wrong(path, key, f"{key} = {value!r} is no number", "write CSS pixels, or lines for leading")


def _logo(path: Path, given: object) -> Logo:
    """The logo that the theme names, whose files lie beside it.

    Raises:
        WrongInput: a key is missing or wrong, or there is no such file.
    """
    values = given if isinstance(given, dict) else {}
    unknown = sorted(values.keys() - {"file", "dark", "alt", "width"})
    if unknown:
        raise wrong(path, unknown[0], f"[logo] has no {unknown[0]}", "use file, dark, alt and width")
    alt, width = values.get("alt"), values.get("width")
    if not isinstance(alt, str) or not alt.strip() or not isinstance(width, int) or not 0 < width <= 600:
        raise wrong(path, "[logo]", "a logo needs alt and width", 'write alt = "Our name" and width = 180')
    light, dark = values.get("file"), values.get("dark")
    return Logo(
        place_of(path, "[logo]"),
        alt,
        width,
        _logo_file(path, light),
        _logo_file(path, dark) if dark is not None else None,
    )


def _logo_file(path: Path, name: object) -> bytes:
    if not isinstance(name, str) or not re.fullmatch(r"\w[\w.-]*", name) or not (path.parent / name).is_file():
        raise wrong(path, str(name), f"there is no logo {name!r}", "name a file that lies beside the theme")
    return (path.parent / name).read_bytes()
