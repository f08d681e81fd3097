"""The fixed words of a letter in the issue's language, and dates in it; the table is `templates/email/phrases.toml`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import Any

from mailer.base.settings import templates_dir
from mailer.rendering.tables import read_table, wrong

RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


@dataclass(frozen=True, slots=True)
class Phrases:
    """The words of one language; English stands in for a language that the table does not hold.

    `language` is the one that they are in.
    """

    words: Mapping[str, Any]
    language: str = "en"

    def __getitem__(self, key: str) -> str:
        return str(self.words[key])

    @property
    def direction(self) -> str:
        """In which direction the words are written, `ltr` or `rtl`."""
        return direction(self.language)

    def listed(self, names: Sequence[str]) -> str:
        """`a, b and c`."""
        if len(names) < 2:  # a list of one needs no "and"
            return "".join(names)
        return f"{', '.join(names[:-1])} {self['and']} {names[-1]}"

    def day(self, day: date, *, weekday: bool = False) -> str:
        """A date in words, such as `14 October 2026`."""
        return self["day_date" if weekday else "date"].format(
            weekday=self.words["weekdays"][day.weekday()],
            day=day.day,
            month=self.words["months"][day.month - 1],
            year=day.year,
        )

    def short_month(self, day: date) -> str:
        """The month's abbreviation."""
        return str(self.words["months_short"][day.month - 1])

    def span(self, start: date, end: date | None) -> str:
        """When something happens: days, or moments with their zone's name; `end` is inclusive."""
        if isinstance(start, datetime):
            return self._moments(start, end if isinstance(end, datetime) else None)
        if end is None or end <= start:
            return self.day(start, weekday=True)
        if start.year == end.year:
            first = self.day(start, weekday=True).removesuffix(f" {start.year}")
            if start.month == end.month:
                first = first.removesuffix(f" {self.words['months'][start.month - 1]}")
            return f"{first} – {self.day(end, weekday=True)}"
        return f"{self.day(start, weekday=True)} – {self.day(end, weekday=True)}"

    def _moments(self, start: datetime, end: datetime | None) -> str:
        first = f"{self.day(start, weekday=True)}, {start:%H:%M}"
        if end is None or end <= start:
            return f"{first} {zone_name(start)}"
        if end.date() == start.date():
            if zone_name(start) != zone_name(end):  # the night in which the clocks are changed
                return f"{first} {zone_name(start)} – {end:%H:%M} {zone_name(end)}"
            return f"{first}–{end:%H:%M} {zone_name(start)}"
        return f"{first} – {self.day(end, weekday=True)}, {end:%H:%M} {zone_name(end)}"


def zone_name(moment: datetime) -> str:
    """`GMT`, `CEST`, or `UTC+05:30` where the zone has no letters of its own."""
    name = moment.tzname() or ""
    if name.isalpha():
        return name
    offset = moment.utcoffset() or timedelta()
    minutes = int(offset.total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def direction(language: str) -> str:
    """`rtl` or `ltr`."""
    return "rtl" if language.partition("-")[0].lower() in RIGHT_TO_LEFT else "ltr"


def phrases(language: str, folders: tuple[Path, ...]) -> Phrases:
    """The words of a language; of several folders the first that knows a word in it gives it.

    Raises:
        WrongInput: a `phrases.toml` cannot be read, or holds a phrase that cannot be used; with its line.
    """
    paths = [path for folder in reversed(folders) if (path := folder / "phrases.toml").is_file()]
    ours = tuple(path for path in paths if path.is_relative_to(templates_dir()))
    tables = [_table(path, ours, path.stat().st_mtime_ns) for path in paths]
    words: dict[str, Any] = {}
    spoken = "en"
    for key in dict.fromkeys(("en", language.partition("-")[0].lower(), language.lower())):
        for table in tables:
            if key in table:
                words.update(table[key])
                spoken = key
    return Phrases(words, spoken)


@lru_cache(maxsize=8)
def _table(path: Path, ours: tuple[Path, ...], changed: int) -> Mapping[str, Mapping[str, Any]]:
    """The table of a file, each of its phrases of the same kind as the English one of our own."""
    del changed  # part of the cache's key: an edited file is read again
    table = read_table(path)
    if path not in ours:
        english = {key: phrase for own in ours for key, phrase in read_table(own)["en"].items()}
        for language, words in table.items():
            if not isinstance(words, dict):
                raise wrong(path, language, f"{language} stands outside of a language", "write it below [en]")
            for key, phrase in words.items():
                _require_usable(path, key, phrase, english)
    return table


def _require_usable(path: Path, key: str, phrase: object, english: Mapping[str, Any]) -> None:
    if key not in english:
        raise wrong(path, key, f"there is no phrase {key}", f"use one of {', '.join(english)}")
    model = english[key]
    if isinstance(model, list):
        if not isinstance(phrase, list) or len(phrase) != len(model) or not all(isinstance(one, str) for one in phrase):
            raise wrong(path, key, f"{key} must be a list of {len(model)} words", "write all of them")
        return
    known = _gaps(model)
    try:
        gaps = _gaps(phrase) if isinstance(phrase, str) else {"?"}
    except ValueError:
        gaps = {"?"}
    if not gaps <= known:
        what = " and ".join(f"{{{gap}}}" for gap in sorted(known)) or "no braces"
        raise wrong(path, key, f"{key} = {phrase!r} cannot be used", f"write a text with {what}")


def _gaps(phrase: str) -> set[str]:
    """The names between braces."""
    return {name for _, name, _, _ in Formatter().parse(phrase) if name is not None}
