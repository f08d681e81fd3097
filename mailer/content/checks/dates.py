"""Rules about dates: a weekday that is not the date's, an event or a deadline that is over."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from mailer.content.checks.checked import Checked, warning
from mailer.content.issue import Event, Finding
from mailer.content.moments import MONTHS, WEEKDAYS, parse_when
from mailer.content.plain import plain
from mailer.content.timing import end_of

_NAMES: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTH: Final = "(?:" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")\b\.?"
_WEEKDAY: Final = "(?:" + "|".join(sorted(WEEKDAYS, key=len, reverse=True)) + r")\b\.?"
_DAY: Final = r"\d{1,2}(?:st|nd|rd|th|er|\.)?"
_DATE: Final = (
    rf"(?:\d{{4}}-\d{{2}}-\d{{2}}\b|{_DAY}\s+(?:of\s+)?{_MONTH}(?:,?\s+\d{{4}}\b)?"
    rf"|{_MONTH}\s+{_DAY}(?!\d)(?:,?\s+\d{{4}}\b)?)"
)
_DATED: Final = re.compile(
    rf"(?<![\w–-])({_WEEKDAY})(?:\s*,\s*|\s+)(?:the\s+|den\s+|dem\s+|der\s+|le\s+)?({_DATE})"
    rf"|({_DATE})\s*\(({_WEEKDAY})\)",
    re.IGNORECASE,
)
_DEADLINE: Final = re.compile(
    r"\b(?:deadlines?|register|registration|apply|applications?|submit|submissions?|nominate|nominations?|abstracts?|rsvp"
    r"|reply|book|sign\s+up|closing\s+date|clos(?:es|ing)|due|anmeld\w+|bewerb\w+|einreich\w+|frist|"
    r"inscri\w+|candidat\w+|date\s+limite|soumett\w+)\b"
    r"[^.!?\n]{0,80}?(?:\bby\b|\buntil\b|\bbefore\b|\bis\b|\bare\b|\bon\b|:|\bbis\b|\bspätestens\b|\bist\b|\bam\b"
    r"|\bavant\b|\bjusqu'au\b|\bjusqu’au\b|\best\b|\ble\b)\s*"
    rf"(?:(?:on|the|the\s+end\s+of|zum|am|den|le|au)\s+)*(?:{_WEEKDAY},?\s+)?({_DATE})",
    re.IGNORECASE,
)
_NUMBERED: Final = {
    "de": re.compile(
        rf"(?<!\w)((?i:{_WEEKDAY})|(?:Mo|Di|Mi|Do|Fr|Sa|So)\.)(?:\s*,\s*|\s+)(?:den\s+|dem\s+)?(\d{{1,2}}\.\s?\d{{1,2}}\.\s?\d{{4}})\b"
    ),
    "fr": re.compile(
        rf"(?<!\w)({_WEEKDAY}|(?:lun|mar|mer|jeu|ven|sam|dim)\.)(?:\s*,\s*|\s+)(?:le\s+)?(\d{{1,2}}/\d{{1,2}}/\d{{4}})\b",
        re.IGNORECASE,
    ),
}
"""Dates in figures, in the languages whose order of day and month is beyond doubt."""
_SHORT: Final = dict(
    zip(
        (*("mo", "di", "mi", "do", "fr", "sa", "so"), *("lun", "mar", "mer", "jeu", "ven", "sam", "dim")),
        (*range(7), *range(7)),
        strict=True,
    )
)
BEFORE: Final = timedelta(days=60)
AFTER: Final = timedelta(days=200)
"""How far from the issue's date a date without a year is believed to lie."""


def events(checked: Checked) -> Iterator[Finding]:
    """`event-past`, `event-end`: over before the issue's date or, where it has none, before now; or without an end."""
    moment = _moment(checked)
    for block in checked.blocks:
        if not isinstance(block, Event):
            continue
        if moment is not None and end_of(block) <= moment:
            if block.past == "keep":
                message = (
                    f"“{plain(block.title)}” is over before the issue appears; tell of it in the past, or delete it"
                )
                yield warning(block.place, "event-past", message)
        elif isinstance(block.start, datetime) and block.end is None:  # RFC 5545 §3.6.1: it ends as it begins
            message = f"“{plain(block.title)}” has no end, and calendars keep no time free; write when: 2027-01-12 14:00–15:30"
            yield warning(checked.place_in(block, r"(?i:\bwhen\s*:)"), "event-end", message)


def past_deadlines(checked: Checked) -> Iterator[Finding]:
    """`deadline-past`: readers are asked to do something by a day that is over when the issue appears."""
    moment = _moment(checked)
    if moment is None:
        return
    for found in _DEADLINE.finditer(checked.prose):
        day = _day(checked, found[1])
        if day is not None and day < moment.date():
            place = checked.place_at(found.start(1))
            yield warning(place, "deadline-past", f"{day:%d %B %Y} is over before the issue appears; mend or drop it")


def weekdays(checked: Checked) -> Iterator[Finding]:
    """`weekday-mismatch`: the date falls on another day of the week."""
    for found in _DATED.finditer(checked.prose):
        stated, written = (found[1], found[2]) if found[1] else (found[4], found[3])
        day = _day(checked, written)
        if day is not None and day.weekday() != WEEKDAYS[stated.lower().rstrip(".")]:
            message = f"{day:%d %B %Y} is a {_NAMES[day.weekday()]}; mend the day or the date"
            yield warning(checked.place_at(found.start()), "weekday-mismatch", message)
    numbered = _NUMBERED.get(checked.issue.meta.language.split("-")[0].lower())
    for found in numbered.finditer(checked.prose) if numbered else ():
        day = _numbered_day(found[2])
        name = found[1].lower().rstrip(".")
        if day is not None and day.weekday() != _SHORT.get(name, WEEKDAYS.get(name)):
            message = f"{day:%d %B %Y} is a {_NAMES[day.weekday()]}; mend the day or the date"
            yield warning(checked.place_at(found.start()), "weekday-mismatch", message)


def _numbered_day(written: str) -> date | None:
    day, month, year = map(int, re.findall(r"\d+", written))
    try:
        return date(year, month, day)
    except ValueError:  # there is no 31.2.2027
        return None


def _day(checked: Checked, written: str) -> date | None:
    """The day that is meant; without a year the one near the issue's date, None where none is near enough."""
    written = " ".join(written.split())
    if re.search(r"\d{4}", written):
        when = parse_when(written, zone="UTC")
        return when.start if when and not isinstance(when.start, datetime) else None
    issued = checked.issue.meta.date
    if issued is None:
        return None
    for year in (issued.year - 1, issued.year, issued.year + 1):
        when = parse_when(f"{written.rstrip(',')} {year}", zone="UTC")
        day = when.start if when and not isinstance(when.start, datetime) else None
        if day is not None and -BEFORE <= day - issued <= AFTER:
            return day
    return None


def _moment(checked: Checked) -> datetime | None:
    day = checked.issue.meta.date
    return datetime.combine(day, time(), UTC) if day else checked.now
