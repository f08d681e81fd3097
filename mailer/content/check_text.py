"""Rules about the words: placeholders, doubled words, headings, subject and preheader, formulas, dates."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from mailer.content.checking import Checked, error, warning
from mailer.content.formulas import FormulaError, typeset
from mailer.content.issue import CodeBlock, DisplayFormula, Event, Finding, Formula, Heading, Place, Table
from mailer.content.moments import parse_when, stated_weekdays
from mailer.content.plain import plain
from mailer.content.walk import all_inlines, inlines_of

_PLACEHOLDER: Final = re.compile(r"\b(?:TODO|FIXME|XXX+|TBC|TBD|TBA)\b|\?\?\?|(?i:\blorem ipsum\b)")
_DOUBLED: Final = re.compile(r"\b([^\W\d_]{2,})\s+\1\b", re.IGNORECASE)
_MAY_DOUBLE: Final = frozenset(
    {"had", "that", "very", "bye", "so", "sie", "die", "der", "das", "nous", "vous", "new", "no"}
)
_FOOTNOTE: Final = re.compile(r"\[\^[^\]\s]+\]")
_REFERENCE: Final = re.compile(r"\[([^\[\]^][^\[\]]*)\]\[([^\[\]]*)\]")
_TEX_BRACKETS: Final = re.compile(r"\\\((.+?)\\\)|\\\[(.+?)\\\]")
SUBJECT_CHARACTERS: Final = 78
PREHEADER_CHARACTERS: Final = 140


def placeholders(checked: Checked) -> Iterator[Finding]:
    """`placeholder`: TODO, XXX, FIXME, TBC or lorem ipsum was left in the text."""
    for block, text in checked.texts:
        for found in _PLACEHOLDER.finditer(text.text):
            place = checked.place_in(block, re.escape(found[0]))
            yield warning(place, "placeholder", f"“{found[0]}” was left in the text; write what belongs there")
    meta = checked.issue.meta
    for key, value in (("title", meta.title), ("subject", meta.subject), ("preheader", meta.preheader)):
        if left := _PLACEHOLDER.search(value):
            yield warning(
                checked.place_of_key(key),
                "placeholder",
                f"“{left[0]}” was left in the {key}; write what belongs there",
            )


def doubled_words(checked: Checked) -> Iterator[Finding]:
    """`doubled-word`: a word stands twice, as happens at the end of a line."""
    for block in checked.blocks:
        if isinstance(block, CodeBlock | DisplayFormula):
            continue
        for run in inlines_of(block):
            without_formulas = tuple(inline for inline in run if not isinstance(inline, Formula))
            for found in _DOUBLED.finditer(plain(without_formulas) if len(without_formulas) == len(run) else ""):
                if found[1].lower() in _MAY_DOUBLE or found[1].isupper():
                    continue
                place = checked.place_in(block, rf"(?i:\b{re.escape(found[1])}(?:\s+{re.escape(found[1])}\b|\s*$))")
                yield warning(place, "doubled-word", f"“{' '.join(found[0].split())}” stands twice; delete one")


def heading_levels(checked: Checked) -> Iterator[Finding]:
    """`heading-skips`: a level is left out, which confuses who listens to the headings."""
    level = 1
    for block in checked.issue.blocks:
        if isinstance(block, Heading):
            if block.level > level + 1:
                hint = f"level {level + 1} is left out before it; write {'#' * (level + 1)}"
                yield warning(
                    block.place,
                    "heading-skips",
                    f"the heading “{plain(block.inlines)}” is of level {block.level}, {hint}",
                )
            level = block.level


def subject_and_preheader(checked: Checked) -> Iterator[Finding]:
    """`subject-long`, `preheader-missing`, `preheader-long`, `preheader-repeats`: what an inbox shows first."""
    meta = checked.issue.meta
    if not meta.own:
        return
    variants = [
        ("subject", meta.subject),
        *(("by_audience", given.get("subject", "")) for given in meta.by_audience.values()),
    ]
    for key, subject in variants:
        if len(_shown(subject)) > SUBJECT_CHARACTERS:
            message = (
                f"the subject has {len(_shown(subject))} characters and will be cut; keep it under {SUBJECT_CHARACTERS}"
            )
            yield warning(checked.place_of_key(key), "subject-long", message)
    preheader = _shown(meta.preheader)
    place = checked.place_of_key("preheader")
    if not preheader:
        yield warning(
            place,
            "preheader-missing",
            "inboxes will show the letter's first words; add preheader: … to the front matter",
        )
    elif len(preheader) > PREHEADER_CHARACTERS:
        message = f"the preheader has {len(preheader)} characters and will be cut; keep it under {PREHEADER_CHARACTERS}"
        yield warning(place, "preheader-long", message)
    elif preheader.casefold() == _shown(meta.subject).casefold():
        yield warning(place, "preheader-repeats", "the preheader repeats the subject; tell what else is in the letter")


def _shown(text: str) -> str:
    """The text with its merge fields about as long as a name."""
    return " ".join(re.sub(r"\{\{.*?\}\}", "Firstname", text).split())


def formulas(checked: Checked) -> Iterator[Finding]:
    """`formula-error`: a formula that cannot be set; it would be shown as its source."""
    seen: set[tuple[str, bool, Place]] = set()
    for _, inline in all_inlines(checked.issue.blocks):
        if not isinstance(inline, Formula) or (inline.tex, inline.display, inline.place) in seen:
            continue
        seen.add((inline.tex, inline.display, inline.place))
        found = typeset(inline.tex, display=inline.display)
        if isinstance(found, FormulaError):
            yield error(_within(inline, found.offset, checked), "formula-error", f"{found.message}; mend the formula")


def _within(formula: Formula, offset: int, checked: Checked) -> Place:
    """The place of a character of the formula, whose place is that of its dollar or, on lines of its own, of its source."""
    place = formula.place
    before = formula.tex[:offset]
    if place.file != checked.issue.source:
        return place
    row = before.count("\n")
    if row:
        return Place(place.file, place.line + row, offset - before.rfind("\n"))
    line = checked.lines[place.line - 1] if place.line <= len(checked.lines) else ""
    dollars = 2 if line.startswith("$$", place.column - 1) else 1 if line.startswith("$", place.column - 1) else 0
    return Place(place.file, place.line, place.column + offset + (dollars if offset else 0))


def lost_markup(checked: Checked) -> Iterator[Finding]:
    """`footnote-missing`, `reference-missing`, `tex-brackets`: what was meant as more than the characters shown."""
    for block, text in checked.texts:
        for found in _FOOTNOTE.findall(text.text):
            place = checked.place_in(block, re.escape(found))
            yield error(
                place, "footnote-missing", f"there is no footnote {found}; write {found}: … on a line of its own"
            )
        for words, name in _REFERENCE.findall(text.text):
            place = checked.place_in(block, re.escape(f"[{words}][{name}]"))
            message = (
                f"nothing says where [{words}][{name}] leads; write [{name or words}]: https://… on a line of its own"
            )
            yield warning(place, "reference-missing", message)
    for number, line in enumerate(checked.lines, 1):
        for bracketed in _TEX_BRACKETS.finditer(line):
            if re.search(r"[\\^_]", bracketed[1] or bracketed[2]):
                place = Place(checked.issue.source, number, bracketed.start() + 1)
                yield warning(place, "tex-brackets", r"\(…\) and \[…\] are not read as formulas; write $…$ or $$…$$")


def wide_tables(checked: Checked) -> Iterator[Finding]:
    """`table-wide`: more columns than a phone can show."""
    for block in checked.blocks:
        if isinstance(block, Table) and len(block.align) > 5:
            message = (
                f"the table has {len(block.align)} columns, phones show about five; leave some out or turn it round"
            )
            yield warning(block.place, "table-wide", message)


# --- dates --------------------------------------------------------------------------------------------------------------


def past_events(checked: Checked) -> Iterator[Finding]:
    """`event-past`: over before the issue's date or, where it has none, before now."""
    day = checked.issue.meta.date
    moment = datetime.combine(day, time(), UTC) if day else checked.now
    if moment is None:
        return
    for block in checked.blocks:
        if isinstance(block, Event) and _end_of(block) <= moment:
            message = f"“{plain(block.title)}” is over before the issue appears; tell of it in the past, or delete it"
            yield warning(block.place, "event-past", message)


def _end_of(event: Event) -> datetime:
    end = event.end or event.start
    if isinstance(end, datetime):
        return end
    return datetime.combine(end + timedelta(days=1), time(), ZoneInfo(event.zone))


_DATED: Final = re.compile(
    r"\b([^\W\d_]{3,10})\.?,?\s+(\d{1,2}(?:st|nd|rd|th|\.)?\s+[^\W\d_]{3,9}\.?,?\s+\d{4}|\d{4}-\d{2}-\d{2}|[^\W\d_]{3,9}\s+\d{1,2},\s+\d{4})"
)


def weekdays(checked: Checked) -> Iterator[Finding]:
    """`weekday-mismatch`: the date falls on another day of the week."""
    names = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    for number, line in enumerate(checked.lines, 1):
        for found in _DATED.finditer(line):
            stated = stated_weekdays(found[1])
            when = parse_when(found[2], zone="UTC") if stated else None
            if when is None or isinstance(when.start, datetime) or not isinstance(when.start, date):
                continue
            real = when.start.weekday()
            if real != stated[0]:
                place = Place(checked.issue.source, number, found.start() + 1)
                yield warning(
                    place, "weekday-mismatch", f"{when.start:%d %B %Y} is a {names[real]}; mend the day or the date"
                )
