"""When something happens, as people write it.

    2027-01-12                              a whole day
    2027-01-12 to 2027-01-14                whole days, the last one included
    12 January 2027 · 12–13 January 2027 · 30 January – 2 February 2027 · January 12, 2027
    2027-01-12 14:00 · 2027-01-12 14:00–15:30 · 12 January 2027, 2pm to 3.30pm
    2027-01-12 14:00 to 2027-01-13 12:00
    12.1.2027, 14 Uhr · du 12 au 14 janvier 2027 · 12 janvier 2027, de 14 h 30 à 16 h · 2027-01-12T14:00+01:00

A weekday may stand before a date, `at` or a comma before a time. A range is written with `–`, `—`, `-`, `to`, `bis`,
`au` or `until`. An IANA zone may stand last (`2027-01-12 14:00 Europe/Berlin`); months may be German or French.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_MONTHS: Final = (
    ("january", "jan", "januar", "janvier", "janv", "jänner"),
    ("february", "feb", "februar", "février", "fevrier", "févr"),
    ("march", "mar", "märz", "maerz", "mrz", "mars"),
    ("april", "apr", "avril", "avr"),
    ("may", "mai"),
    ("june", "jun", "juni", "juin"),
    ("july", "jul", "juli", "juillet", "juil"),
    ("august", "aug", "août", "aout"),
    ("september", "sep", "sept", "septembre"),
    ("october", "oct", "oktober", "okt", "octobre"),
    ("november", "nov", "novembre"),
    ("december", "dec", "dezember", "dez", "décembre", "decembre", "déc"),
)
MONTHS: Final = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
_WEEKDAYS: Final = (
    ("monday", "mon", "montag", "lundi"),
    ("tuesday", "tue", "tues", "dienstag", "mardi"),
    ("wednesday", "wed", "mittwoch", "mercredi"),
    ("thursday", "thu", "thur", "thurs", "donnerstag", "jeudi"),
    ("friday", "fri", "freitag", "vendredi"),
    ("saturday", "sat", "samstag", "sonnabend", "samedi"),
    ("sunday", "sun", "sonntag", "dimanche"),
)
WEEKDAYS: Final = {name: number for number, names in enumerate(_WEEKDAYS) for name in names}

_MONTH: Final = "(?:" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")\.?"
_WEEKDAY: Final = "(?:" + "|".join(sorted(WEEKDAYS, key=len, reverse=True)) + r")\.?"
_TO: Final = r"\s*(?:–|—|-|\bto\b|\bbis\b|\buntil\b|\bau\b|\bà\b)\s*"
_DAY: Final = r"(\d{1,2})(?:st|nd|rd|th|\.|er)?"
_TIME: Final = r"(\d{1,2})(?:(?:[:.h]|\s+h\s+)(\d{2}))?\s*(a\.?m\.?|p\.?m\.?|uhr|h)?"
_ISO: Final = re.compile(r"(\d{4})([-/])(\d{1,2})\2(\d{1,2})")
_DOTTED: Final = re.compile(r"(\d{1,2})\.(?:\s?(?:–|-|bis)\s?(\d{1,2})\.)?\s?(\d{1,2})\.\s?(\d{4})")
"""The day stands first wherever dots are between the figures."""
_EXACT: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})")
_DAY_MONTH: Final = re.compile(
    rf"{_DAY}(?:{_TO}(?:{_WEEKDAY}\s+)?{_DAY})?\s+(?:of\s+)?({_MONTH})(?:,?\s+(\d{{4}}))?", re.IGNORECASE
)
_MONTH_DAY: Final = re.compile(rf"({_MONTH})\s+{_DAY}(?:{_TO}{_DAY})?(?:,?\s+(\d{{4}}))?", re.IGNORECASE)
_CLOCK: Final = re.compile(
    rf"\s*[,·]?\s*(?:\bat\b|\bum\b|\bà\b|T|\bfrom\b|\bde\b|\bvon\b|\bab\b)?\s*{_TIME}"
    rf"(?:{_TO}{_TIME}(?!(?:st|nd|rd|th|er|\.)?\s*(?:of\s+)?{_MONTH}\b))?(?![\d-])",
    re.IGNORECASE,
)
_LEADING: Final = re.compile(
    rf"[\s,]*(?:(?:on|am|le|from|du|vom|von)\s+)?(?:{_WEEKDAY}(?:{_TO}{_WEEKDAY})?[\s,]+)?(?:(?:on|am|le|the|der|den|dem)\s+)?",
    re.IGNORECASE,
)
_ABBREVIATED: Final = re.compile(r"[\s(]+([A-Z]{3,4})\)?\s*$")
_GERMAN: Final = {"MEZ": "CET", "MESZ": "CEST"}
_ZONE: Final = re.compile(r"[\s(]+([A-Za-z_]+/[A-Za-z_/+-]+|UTC|GMT|Z)\)?\s*$")


@dataclass(frozen=True, slots=True)
class When:
    """From when to when, whole days or aware moments, and the zone in which it was meant."""

    start: date | datetime
    end: date | datetime | None
    zone: str


@dataclass(frozen=True, slots=True)
class _Part:
    """A day with its possible second day and times; a day without a year takes that of the next part."""

    day: tuple[int | None, int, int]
    last_day: int | None
    times: tuple[time, time | None] | None


@lru_cache(maxsize=256)
def is_zone(name: str) -> bool:
    """Whether it is an IANA zone that this machine knows."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # unknown, a path, a folder of zones
        return False
    return True


def parse_when(text: str, *, zone: str) -> When | None:
    """What `text` says, with times in `zone` unless the text names its own; None where it cannot be read."""
    text = text.strip()
    if _EXACT.fullmatch(text):
        return When(datetime.fromisoformat(text).astimezone(ZoneInfo(zone)), None, zone)
    if (named := _ZONE.search(text)) and (named[1] == "Z" or is_zone(named[1])):
        return _in_zone(text[: named.start()], "UTC" if named[1] == "Z" else named[1])
    if short := _ABBREVIATED.search(text):
        found = _in_zone(text[: short.start()], zone)
        # the short name of the zone's own time says nothing new; that of another time would be a riddle
        own = isinstance(found.start, datetime) and found.start.tzname() if found else None
        return found if own == _GERMAN.get(short[1], short[1]) else None
    return _in_zone(text, zone)


def _in_zone(text: str, zone: str) -> When | None:
    first = _part(text)
    if first is None:
        return None
    part, rest = first
    second: _Part | None = None
    if joined := re.match(_TO, rest, re.IGNORECASE):
        after = _part(rest[joined.end() :])
        if after is None or after[1].strip(" ,."):
            return None
        second = after[0]
    elif rest.strip(" ,."):
        return None
    try:
        return _when(part, second, zone)
    except ValueError:  # there is no 30 February
        return None


def _part(text: str) -> tuple[_Part, str] | None:
    lead = _LEADING.match(text)
    position = lead.end() if lead else 0
    last_day: int | None = None
    year: int | None
    if found := _ISO.match(text, position):
        year, month, day = int(found[1]), int(found[3]), int(found[4])
    elif found := _DOTTED.match(text, position):
        day, month, year = int(found[1]), int(found[3]), int(found[4])
        last_day = int(found[2]) if found[2] else None
    elif found := _DAY_MONTH.match(text, position):
        day_text, last, month_name, year_text = found.groups()
        day, month = int(day_text), MONTHS[month_name.lower().rstrip(".")]
        last_day, year = int(last) if last else None, int(year_text) if year_text else None
    elif found := _MONTH_DAY.match(text, position):
        month_name, day_text, last, year_text = found.groups()
        day, month = int(day_text), MONTHS[month_name.lower().rstrip(".")]
        last_day, year = int(last) if last else None, int(year_text) if year_text else None
    else:
        return None
    rest = text[found.end() :]
    times: tuple[time, time | None] | None = None
    if (clock := _CLOCK.match(rest)) and (read := _times(clock)):
        times, rest = read, rest[clock.end() :]
    return _Part((year, month, day), last_day, times), rest


def _times(found: re.Match[str]) -> tuple[time, time | None] | None:
    hour, minute, half, hour2, minute2, half2 = found.groups()
    if minute is None and half is None and minute2 is None and half2 is None:
        return None  # a bare number is no time of day
    first = _time(hour, minute, half or (half2 if half2 and int(hour) <= int(hour2) else None))
    second = _time(hour2, minute2, half2) if hour2 else None
    return (first, second) if first and (second or not hour2) else None


def _time(hour: str, minute: str | None, half: str | None) -> time | None:
    number = int(hour)
    letters = (half or "").lower().replace(".", "")
    if letters in {"am", "pm"}:
        if not 1 <= number <= 12:
            return None
        number = number % 12 + (12 if letters == "pm" else 0)
    minutes = int(minute or 0)
    return time(number, minutes) if number < 24 and minutes < 60 else None


def _when(part: _Part, second: _Part | None, zone: str) -> When | None:
    year, month, day = part.day
    if year is None:
        if second is None or second.day[0] is None:
            return None
        year = second.day[0] - (1 if (month, day) > second.day[1:] else 0)
    start_day = date(year, month, day)
    if second is not None:
        if (
            part.last_day is not None
            or (part.times and part.times[1])
            or (part.times is None) != (second.times is None)
        ):
            return None
        end_day = date(second.day[0] or year, second.day[1], second.last_day or second.day[2])
        first_time, last_time = part.times and part.times[0], second.times and second.times[0]
    else:
        end_day = start_day.replace(day=part.last_day) if part.last_day else start_day
        first_time, last_time = part.times or (None, None)
        if first_time and last_time and end_day == start_day and last_time <= first_time:
            end_day += timedelta(days=1)  # past midnight
    if first_time is None:
        return None if end_day < start_day else When(start_day, end_day if end_day > start_day else None, zone)
    start = datetime.combine(start_day, first_time, ZoneInfo(zone))
    end = datetime.combine(end_day, last_time, ZoneInfo(zone)) if last_time else None
    return None if end is not None and end <= start else When(start, end, zone)
