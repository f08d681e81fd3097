"""One row of a file -> what it says of one person, or why it cannot be used."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.header import decode_header, make_header
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from mailer.base.errors import WrongInput
from subscribers import will
from subscribers.addresses import find_address, is_plain, written_name
from subscribers.attributes import Kind, typed
from subscribers.candidate import Candidate, Setter, Unusable, clean_text, set_attribute
from subscribers.delimited import Record
from subscribers.json_text import read_json
from subscribers.standing import NO_END, Standing, standing_of

ATTRIBUTES_LIMIT = 16_384  # signs of JSON
_NOTHING = ("", None)
_TONGUES: Mapping[str, str] = {
    word: tag
    for tag, words in {
        "de": "german deutsch allemand alemán tedesco duits",
        "en": "english englisch anglais inglés inglese engels",
        "fr": "french französisch français francés francese frans",
        "es": "spanish spanisch espagnol español spagnolo spaans",
        "it": "italian italienisch italien italiano italiaans",
        "nl": "dutch niederländisch néerlandais nederlands",
        "pt": "portuguese portugiesisch portugais português",
        "pl": "polish polnisch polonais polski",
        "ja": "japanese japanisch japonais 日本語",
        "zh": "chinese chinesisch chinois 中文",
    }.items()
    for word in words.split()
}
_BETWEEN = re.compile(r"[\s;,|]*(?::::|[\s;,|])[\s;,|]*")  # several addresses in one cell
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")


def read_row(setters: tuple[tuple[int, Setter, str], ...], record: Record, standing: Standing) -> Candidate | str:
    """The person of a row, or why the row cannot be used.

    Args:
        setters: index of a cell, what reads it, the column's name.
        standing: that of everyone in the file.
    """
    line, _, cells, fault = record
    if fault:
        return fault
    candidate = Candidate(line, standing)
    is_unanswered = False
    try:
        for index, setter, name in setters:
            value = cells[index]
            if value or value not in _NOTHING:  # 0 and false are something
                setter(candidate, name, value)
            elif setter is will.WANTED:
                is_unanswered = True
    except IndexError:  # a short row: the setters stand in the order of the cells
        is_unanswered = is_unanswered or any(
            setter is will.WANTED for index, setter, _ in setters if index >= len(cells)
        )
    except Unusable as unusable:
        return str(unusable)
    if is_unanswered and not candidate.has_status:
        # A box that was not ticked: forms, and PHP for a `false`, leave the cell empty.
        candidate.standing = max(candidate.standing, Standing.UNCONFIRMED)
    return _with_address(candidate)


def _with_address(candidate: Candidate) -> Candidate | str:
    written = candidate.written
    if not written:
        return "has no address"
    if is_plain(written):
        candidate.key = written.lower()
    else:
        try:
            candidate.written, candidate.key = find_address(written)
        except WrongInput as error:
            return error.message
    if not candidate.name:
        parts = f"{candidate.first_name} {candidate.last_name}".strip()
        candidate.name = parts[:200] or _person_name(written_name(written))
    elif candidate.last_name and not candidate.first_name and candidate.last_name not in candidate.name:
        candidate.name = f"{candidate.name} {candidate.last_name}"[:200]  # under `name` and `surname`
    if candidate.standing == Standing.PAUSED and candidate.paused_until is None:
        candidate.paused_until = NO_END
    return candidate


def _person_name(value: object) -> str:
    """A name; one in the words of a mail's header (RFC 2047), as Mailman lists it, is read, and JSON's parts are joined."""
    if isinstance(value, dict):
        value = " ".join(part for part in value.values() if isinstance(part, str))
    text = clean_text(value)
    if "=?" in text and "?=" in text:
        with suppress(ValueError, LookupError):
            text = clean_text(str(make_header(decode_header(text))))
    return text[:200]


# --- what each kind of column sets -------------------------------------------------------------------------------


def _email(candidate: Candidate, _name: str, value: Any) -> None:
    """The first column with an address counts, and of several addresses in a cell the first.

    Mailman's REST has a web address there, and Exchange the path of a mailbox, with the address in a later column.
    """
    if not candidate.written or "@" not in candidate.written or "://" in candidate.written:
        text = value if type(value) is str else str(value)
        if text.count("@") > 1 and "<" not in text:
            text = _BETWEEN.split(text.strip(), maxsplit=1)[0]
        candidate.written = text.strip()


def _name(candidate: Candidate, _name: str, value: Any) -> None:
    candidate.name = candidate.name or _person_name(value)


def _first_name(candidate: Candidate, _name: str, value: Any) -> None:
    candidate.first_name = clean_text(value)


def _last_name(candidate: Candidate, _name: str, value: Any) -> None:
    candidate.last_name = clean_text(value)


def _language(candidate: Candidate, _name: str, value: Any) -> None:
    """A tag such as `de-AT`, or the language's name as a form or an address book has it."""
    text = clean_text(value)
    text = _TONGUES.get(text.partition(" (")[0].casefold(), text)
    if _LANGUAGE.fullmatch(text):
        candidate.language = text.replace("_", "-")[:35]


def _zone(candidate: Candidate, _name: str, value: Any) -> None:
    text = clean_text(value)
    if text in _zones():
        candidate.zone = text


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _attributes(candidate: Candidate, _name: str, value: Any) -> None:
    if isinstance(value, str):
        try:
            value = read_json(value)
        except ValueError as error:
            message = f"has attributes that are no JSON: {error}"
            raise Unusable(message) from error
    if not isinstance(value, dict):
        message = "has attributes that are no JSON object"
        raise Unusable(message)
    if len(json.dumps(value)) > ATTRIBUTES_LIMIT:
        message = f"has more than {ATTRIBUTES_LIMIT} signs of attributes"
        raise Unusable(message)
    candidate.attributes.update(value)


def _tags(candidate: Candidate, _name: str, value: Any) -> None:
    """`"Partners","Press"`, `a, b`, `a;b`, `a ::: b` or a JSON list; Google's own groups begin with a star."""
    if isinstance(value, str) and value.startswith("["):
        try:
            value = read_json(value)
        except ValueError:
            value = str(value).strip("[]")
    if isinstance(value, list):
        parts = [str(part.get("name", part)) if isinstance(part, dict) else str(part) for part in value]
    elif ":::" in str(value):
        parts = str(value).split(":::")
    else:
        separator = "," if "," in str(value) or '"' in str(value) else ";" if ";" in str(value) else "|"
        parts = next(csv.reader([str(value)], delimiter=separator, skipinitialspace=True), [])
    tags = [tag for tag in map(clean_text, parts) if tag and not tag.startswith("*")]
    if tags:
        candidate.attributes["tags"] = list(dict.fromkeys(tags))


def _audiences(candidate: Candidate, _name: str, value: Any) -> None:
    candidate.audiences = tuple(_named_audiences(value))


def _named_audiences(value: Any) -> Iterator[tuple[str, Standing]]:
    """`academic:subscribed industry:unsubscribed` as the CSV export writes it, or the list of JSON lines."""
    if isinstance(value, list):
        pairs = [
            (str(each.get("slug", "")), str(each.get("state", ""))) if isinstance(each, dict) else (str(each), "")
            for each in value
        ]
    else:
        pairs = [(word.partition(":")[0], word.partition(":")[2]) for word in str(value).replace(",", " ").split()]
    for slug, state in pairs:
        said = standing_of(state) if state else Standing.SUBSCRIBED
        if said is None:
            message = f"has the state {state[:40]!r} in an audience, which is not known"
            raise Unusable(message)
        yield slug, said


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value).strip())
    except ValueError as error:
        message = f"has {str(value)[:40]!r} where a time in ISO 8601 belongs"
        raise Unusable(message) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _paused_until(candidate: Candidate, _name: str, value: Any) -> None:
    candidate.paused_until = _moment(value)


def _consented_at(candidate: Candidate, _name: str, value: Any) -> None:
    """When they agreed, as the file has it; the last of several. What is no time, or could be two, tells nothing."""
    try:
        moment = _moment(str(value).strip().removesuffix(" UTC"))
    except Unusable:
        return
    if candidate.consented_at is None or moment > candidate.consented_at:
        candidate.consented_at = moment


def _created_at(candidate: Candidate, _name: str, value: Any) -> None:
    candidate.created_at = _moment(value)


def setter_for(role: str, name: str, declared: Mapping[str, Kind]) -> Setter:
    """What reads a column of this role and name; values of attributes that are more than text are read into their types.

    Args:
        declared: the types of attributes.
    """
    plain = SETTERS[role]
    strict = {one: kind for one, kind in declared.items() if kind != "text" and (role == "attributes" or one == name)}
    if role not in ("attribute", "attributes", "place") or not strict:
        return plain

    def read(candidate: Candidate, column: str, value: Any) -> None:
        plain(candidate, column, value)
        for one in strict.keys() & candidate.attributes.keys():
            given = candidate.attributes[one]
            try:
                candidate.attributes[one] = typed(strict[one], given)
            except ValueError as error:
                message = f"has the {strict[one]} {one} {given!r}, which {error}"
                raise Unusable(message) from error

    return read


SETTERS: Mapping[str, Setter] = {
    "email": _email,
    "name": _name,
    "first_name": _first_name,
    "last_name": _last_name,
    "language": _language,
    "zone": _zone,
    "attribute": set_attribute,
    "attributes": _attributes,
    "tags": _tags,
    "audiences": _audiences,
    "paused_until": _paused_until,
    "consented_at": _consented_at,
    "created_at": _created_at,
    "status": will.status,
    "status_letter": will.status_letter,
    "place": will.place,
    "lists": will.lists,
    "reception": will.reception,
    "+unsubscribed": will.WANTED,
    "+unconfirmed": will.yes(Standing.UNCONFIRMED),
    "-unsubscribed": will.no(Standing.UNSUBSCRIBED),
    "-unconfirmed": will.no(Standing.UNCONFIRMED),
    "-bounced": will.no(Standing.SUPPRESSED, "bounced"),
    "-complained": will.no(Standing.SUPPRESSED, "complained"),
    "-blocklisted": will.no(Standing.SUPPRESSED, "import"),
    "-paused": will.no(Standing.PAUSED),
}
