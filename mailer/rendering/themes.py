"""Themes: the colours, type and measures of a letter, as data in `templates/email/themes/NAME.toml`."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from mailer.base.errors import WrongInput

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

Palette = Mapping[str, str]


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

    @property
    def column(self) -> int:
        """The width of a line of text on a wide screen."""
        return self.measure["letter"] - 2 * self.measure["padding"]


def theme(name: str, folders: tuple[Path, ...]) -> Theme:
    """The theme of that name in the first folder that has it; the default theme where none has.

    A workspace's own theme need not repeat what it leaves as it is: what is missing comes from the default theme.

    Raises:
        WrongInput: the theme cannot be read, lacks a key, or holds something else than a colour where one belongs.
    """
    own = _find(name or DEFAULT, folders)
    base = _find(DEFAULT, folders[-1:])  # the program's own, which has every key, also under a workspace's of that name
    if base is None:
        raise WrongInput("there is no theme", do=f"add themes/{DEFAULT}.toml", place=str(folders[-1]))
    path = own or base
    return _read(path, base, path.stat().st_mtime_ns, base.stat().st_mtime_ns)


def theme_names(folders: tuple[Path, ...]) -> tuple[str, ...]:
    """The themes that can be named in an issue, sorted."""
    return tuple(sorted({path.stem for folder in folders for path in (folder / "themes").glob("*.toml")}))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def faint_pairs(palette: Palette, *, least: float = 4.5) -> tuple[tuple[str, str, float], ...]:
    """The pairs of a palette whose text is too faint on its ground, each with its contrast."""
    pairs = ((text, ground, contrast(palette[text], palette[ground])) for text, ground in TEXT_ON)
    return tuple(pair for pair in pairs if pair[2] < least)


def _luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _find(name: str, folders: tuple[Path, ...]) -> Path | None:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        return None
    paths = (folder / "themes" / f"{name}.toml" for folder in folders)
    return next((path for path in paths if path.is_file()), None)


@lru_cache(maxsize=16)
def _read(path: Path, base: Path, changed: int, base_changed: int) -> Theme:
    del changed, base_changed  # parts of the cache's key: an edited theme is read again
    given = _toml(base)
    if path != base:
        for section, values in _toml(path).items():
            given[section] = {**given.get(section, {}), **values}
    for palette in ("light", "dark", "code_colours"):
        for key, colour in given[palette].items():
            if not COLOUR.fullmatch(str(colour)):
                raise WrongInput(
                    f"{key} = {colour!r} is no colour", do="write it as #1d4f91, in small letters", place=str(path)
                )
    for key, size in given["measure"].items():
        if not isinstance(size, int):
            raise WrongInput(f"{key} = {size!r} is no length", do="write whole CSS pixels", place=str(path))
    return Theme(
        name=path.stem,
        fonts=given["fonts"],
        type=given["type"],
        measure=given["measure"],
        light=given["light"],
        dark=given["dark"],
        code_colours=given["code_colours"],
    )


def _toml(path: Path) -> dict[str, dict[str, Any]]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise WrongInput(str(error), do="mend the file", place=str(path)) from error
