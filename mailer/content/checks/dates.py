"""Rules about dates: a weekday that is not the date's, an event or a deadline that is over."""

import re
from calendar import monthrange
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
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
_FIGURES: Final = r"(?:\d{1,2}\.\s?\d{1,2}\.\s?\d{4}|\d{1,2}/\d{1,2}/\d{4})\b"
_ARTICLE: Final = r"(?:the\s+|den\s+|dem\s+|der\s+|le\s+)?"
_TO: Final = r"\s*(?:–|—|-|\bto\b|\bbis\b|\bau\b|\band\b|\bund\b|\bet\b)\s*"
_SHORT_NAMES: Final = {
    "de": ("mo", "di", "mi", "do", "fr", "sa", "so"),
    "fr": ("lun", "mar", "mer", "jeu", "ven", "sam", "dim"),
}
"""Names that are words in other languages: in French with a full stop only."""
_DEADLINE: Final = re.compile(
    r"(?<!\bwas )(?<!\bwere )\b(?:deadlines?|register|registration|apply|applications?|submit|submissions?|nominate|nominations?|abstracts?|rsvp"
    r"|reply|book|sign\s+up|closing\s+date|clos(?:es|ing)|due|anmeld\w+|bewerb\w+|einreich\w+|\w*frist|\w*schluss|meld(?:e|en|et)|"
    r"inscri\w+|candidat\w+|date\s+limite|soumett\w+"
    r"|join\s+us|meet\s+us|see\s+you|takes\s+place|will\s+(?:take\s+place|be\s+held|meet|speak|be\s+giving|give|host)"
    r"|findet|treffen\s+(?:wir\s+)?uns|wir\s+treffen|aura\s+lieu|rejoignez|rendez-vous)\b"
    r"(?:(?!\b(?:clos|open|end|start|pass)ed\b|\b(?:was|were|took|received|war|waren|fand|était|eu)\b)[^.!?\n]){0,80}?"
    r"(?:\bby\b|\buntil\b|\bbefore\b|\bis\b|\bare\b|\bon\b|:|\bbis\b|\bspätestens\b|\bist\b|\bam\b"
    r"|\bavant\b|\bjusqu'au\b|\bjusqu’au\b|\best\b|\ble\b)\s*"
    rf"(?:(?:on|the|the\s+end\s+of|zum|am|den|le|au)\s+)*(?:{_WEEKDAY},?\s+)?({_DATE}|\d{{1,2}}\.\s?\d{{1,2}}\.\s?\d{{4}}\b)",
    re.IGNORECASE,
)
_WRITTEN: Final = re.compile(rf"(?<![\w.:/-])(?:{_DATE}|\d{{1,2}}\.(?:0\d|1[0-2])\.\d{{4}}\b)", re.IGNORECASE)
_NTH: Final = r"(?:st|nd|rd|th|er|\.)?"
_FROM: Final = rf"{_ARTICLE}(?P<from>\d{{1,2}}){_NTH}"
_UNTIL: Final = rf"(?P<to>\d{{1,2}}){_NTH}\s+(?:of\s+)?(?P<month>{_MONTH})(?:,?\s+(?P<year>\d{{4}}))?"
_DAYS: Final = rf"(?<![\w–-])(?P<first>{_WEEKDAY})(?:{_TO}(?P<last>{_WEEKDAY}))?\s*,?\s+{_FROM}{_TO}{_UNTIL}"
_DAY_BY_DAY: Final = (
    rf"(?<![\w–-])(?P<first>{_WEEKDAY})\s*,?\s+{_FROM}{_TO}{_ARTICLE}(?P<last>{_WEEKDAY})\s*,?\s+{_ARTICLE}{_UNTIL}"
)
_RANGES: Final = (re.compile(_DAYS, re.IGNORECASE), re.compile(_DAY_BY_DAY, re.IGNORECASE))
"""`Monday–Wednesday, 3–5 March` and `Monday 3 – Wednesday 5 March`."""
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
            yield warning(place, "deadline-past", f"{_said(day)} is over before the issue appears; mend or drop it")


def weekdays(checked: Checked) -> Iterator[Finding]:
    """`weekday-mismatch`: the date falls on another day of the week."""
    names, dated = _named_days(checked.issue.meta.language.split("-")[0].lower())
    for found in dated.finditer(checked.prose):
        stated, written = next(
            (found[f"name{kind}"], found[f"date{kind}"]) for kind in (1, 2, 3) if found[f"name{kind}"]
        )
        days = _days(checked, written)
        if days and all(day.weekday() != names[stated.lower().rstrip(".")] for day in days):
            yield _mismatch(checked, found.start(), days[0])
    for found in (found for pattern in _RANGES for found in pattern.finditer(checked.prose)):
        for stated, number in ((found["first"], found["from"]), (found["last"], found["to"])):
            day = _day(checked, f"{number} {found['month']} {found['year'] or ''}".strip())
            if stated and day is not None and day.weekday() != WEEKDAYS[stated.lower().rstrip(".")]:
                yield _mismatch(checked, found.start(), day)
                break


def _mismatch(checked: Checked, offset: int, day: date) -> Finding:
    message = f"{_said(day)} is a {_NAMES[day.weekday()]}; mend the day or the date"
    return warning(checked.place_at(offset), "weekday-mismatch", message)


def _said(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


@lru_cache(maxsize=8)
def _named_days(language: str) -> tuple[dict[str, int], re.Pattern[str]]:
    """The weekdays' names in a language, long and short, and how a date stands beside one."""
    short = _SHORT_NAMES.get(language, ())
    dot = r"\." if language == "fr" else r"\.?"
    name = rf"(?:{_WEEKDAY}|(?:{'|'.join(short)})\b{dot})" if short else _WEEKDAY
    day = rf"(?:{_FIGURES}|{_DATE})"
    pattern = (
        rf"(?<![\w–-])(?P<name1>{name})(?:\s*,\s*|\s+)\(?{_ARTICLE}(?P<date1>{day})"
        rf"|(?P<date2>{day})\s*\((?P<name2>{name}|{'|'.join(_BRIEF)})\)"
        rf"|(?P<date3>\d{{4}}-\d{{2}}-\d{{2}}|{_DAY}\s+{_MONTH}\s+\d{{4}})\s*,\s*(?:an?\s+|ein\s+|un\s+)?(?P<name3>{_WEEKDAY})(?=\s*[.,;)|]|\s*$)"
    )
    names = {**_BRIEF, **WEEKDAYS, **{word: number for number, word in enumerate(short)}}
    return names, re.compile(pattern, re.IGNORECASE | re.MULTILINE)


_BRIEF: Final = {word: number for names in _SHORT_NAMES.values() for number, word in enumerate(names)}
"""In brackets behind a date a short name is one in every language."""


def impossible_dates(checked: Checked) -> Iterator[Finding]:
    """`no-such-date`: a day that its month has not got."""
    for found in _WRITTEN.finditer(checked.prose):
        figures = [int(part) for part in re.findall(r"\d+", found[0])]
        month = next(
            (number for name, number in MONTHS.items() if re.search(rf"\b{name}\b", found[0], re.IGNORECASE)), 0
        )
        if "-" in found[0]:
            year, month, day = figures
        elif not month:
            day, month, year = figures
        else:
            day, year = figures[0], figures[1] if len(figures) > 1 else 2024  # any leap year
        if not 1 <= month <= 12 or not 1 <= day <= monthrange(max(year, 1), month)[1]:
            message = f"there is no {' '.join(found[0].split())}; mend the day or the month"
            yield warning(checked.place_at(found.start()), "no-such-date", message)


def _days(checked: Checked, written: str) -> list[date]:
    """The days that may be meant: with bars between the figures the month may stand first, but for French."""
    if not re.fullmatch(_FIGURES, written):
        return [day] if (day := _day(checked, written)) else []
    first, second, year = map(int, re.findall(r"\d+", written))
    day_first = "." in written or checked.issue.meta.language.startswith("fr")
    found = []
    for number, month in {(first, second), (first, second) if day_first else (second, first)}:
        with suppress(ValueError):  # there is no 31.2.2027
            found.append(date(year, month, number))
    return sorted(found)


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
