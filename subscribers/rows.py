"""One row of a file -> what it says of one person, or why it cannot be used."""

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.header import decode_header, make_header
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from mailer.base.errors import WrongInput
from subscribers.addresses import HIDDEN, find_address, is_plain, written_name
from subscribers.attributes import Kind, typed
from subscribers.delimited import Record
from subscribers.json_text import read_json
from subscribers.standing import FALSE, NEVER, NO_END, STANDINGS, Standing, reason_of, standing_of

ATTRIBUTES_LIMIT = 16_384  # signs of JSON
_NOTHING = ("", None)
# The Newsletter Plugin of WordPress.
LETTERS: Mapping[str, str] = {
    "C": "confirmed", "S": "not confirmed", "U": "unsubscribed", "B": "bounced", "P": "complained",
}  # fmt: skip
NO_MAIL = frozenset({"nomail", "no email", "no mail", "none", "don't send email updates"})
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
LONGEST_CODE = 3  # of a part of a country: OK, NSW
_BETWEEN = re.compile(r"[\s;,|]*(?::::|[\s;,|])[\s;,|]*")  # several addresses in one cell
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")


class Candidate:
    """What one row says of one person; filled in while the row is read. What is not said stays with the class.

    Args:
        line: where the row begins.
        consented_at: when they agreed, as the file tells it.
        written: the address as written; `key` makes it one person.
        standing: the worst that the row says of the person's will to be mailed; `reason` why, where that is suppressed.
        audiences: those that the row itself names.
        has_status: a column of its own tells the standing in a word.
    """

    written: str = ""
    key: str = ""
    name: str = ""
    first_name: str = ""
    last_name: str = ""
    language: str = ""
    zone: str = ""
    reason: str = ""
    paused_until: datetime | None = None
    consented_at: datetime | None = None
    created_at: datetime | None = None
    audiences: tuple[tuple[str, Standing], ...] = ()
    has_status: bool = False

    def __init__(self, line: int, standing: Standing) -> None:
        self.line = line
        self.standing = standing
        self.attributes: dict[str, Any] = {}


class Unusable(Exception):
    """A row with a value that must not be guessed at; never leaves this module."""


Setter = Callable[[Candidate, str, Any], None]


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
            elif setter is _WANTED:
                is_unanswered = True
    except IndexError:  # a short row: the setters stand in the order of the cells
        is_unanswered = is_unanswered or any(setter is _WANTED for index, setter, _ in setters if index >= len(cells))
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
    """A name; one in the words of a mail's header (RFC 2047), as Mailman lists it, is read."""
    text = clean_text(value)
    if "=?" in text and "?=" in text:
        with suppress(ValueError, LookupError):
            text = clean_text(str(make_header(decode_header(text))))
    return text[:200]


def clean_text(value: object) -> str:
    """A cell as text, blanks of every kind made plain."""
    text = value if isinstance(value, str) else str(value)
    return " ".join((text if text.isascii() else text.translate(HIDDEN)).split())


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


def _attribute(candidate: Candidate, name: str, value: Any) -> None:
    kept = clean_text(value) if isinstance(value, str) else value
    if kept != "":
        candidate.attributes[name] = kept


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


# --- what the columns about a person's will say ------------------------------------------------------------------


def _status(candidate: Candidate, _name: str, value: Any) -> None:
    word = clean_text(value)
    said = standing_of(word) if word else Standing.SUBSCRIBED
    if said is None:
        message = f"has the status {word[:40]!r}, which is not known"
        raise Unusable(message)
    candidate.has_status = True
    _judge(candidate, said, word)


def _place(candidate: Candidate, name: str, value: Any) -> None:
    """`State` beside a city or a country: a part of a country; a status where it is a word for one, as `Unsubscribed`."""
    word = clean_text(value)
    said = STANDINGS.get(word.casefold()) if len(word) > LONGEST_CODE else None
    if said is None:
        _attribute(candidate, name, value)
    else:
        _judge(candidate, said, word)


def _status_letter(candidate: Candidate, name: str, value: Any) -> None:
    _status(candidate, name, LETTERS.get(clean_text(value), value))


def _reception(candidate: Candidate, _name: str, value: Any) -> None:
    """Sympa's and Google's: who is on the list and has switched its mail off gets none."""
    _judge(candidate, Standing.UNSUBSCRIBED if clean_text(value).casefold() in NO_MAIL else Standing.SUBSCRIBED, "")


def _lists(candidate: Candidate, _name: str, value: Any) -> None:
    """The lists of listmonk's API: who has left all of them is out, and who has confirmed none is not in yet.

    A list without double opt-in leaves its people unconfirmed, and mails them.
    """
    each = [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
    states = {
        "confirmed" if state == "unconfirmed" and one.get("optin") == "single" else state
        for one in each
        if (state := one.get("subscription_status"))
    }
    if states == {"unsubscribed"}:
        _judge(candidate, Standing.UNSUBSCRIBED, "")
    elif states and "confirmed" not in states:
        _judge(candidate, Standing.UNCONFIRMED, "")


def _yes(if_not: Standing) -> Setter:
    """A column that is true where all is well; where false, `if_not` is meant."""

    def read(candidate: Candidate, _name: str, value: Any) -> None:
        word = clean_text(value).casefold()
        _judge(candidate, if_not if word in FALSE else standing_of(word) or Standing.SUBSCRIBED, word)

    return read


def _no(if_so: Standing, reason: str = "") -> Setter:
    """A column that is empty or false where all is well; whatever else it holds, yes or a time, `if_so` is meant."""

    def read(candidate: Candidate, _name: str, value: Any) -> None:
        word = clean_text(value).casefold()
        _judge(candidate, if_so if word and word not in NEVER else Standing.SUBSCRIBED, reason)

    return read


_WANTED = _yes(Standing.UNSUBSCRIBED)


def _judge(candidate: Candidate, said: Standing, word: str) -> None:
    if said == Standing.SUPPRESSED:
        candidate.reason = reason_of(word)
    candidate.standing = max(candidate.standing, said)


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
    "attribute": _attribute,
    "attributes": _attributes,
    "tags": _tags,
    "audiences": _audiences,
    "paused_until": _paused_until,
    "consented_at": _consented_at,
    "created_at": _created_at,
    "status": _status,
    "status_letter": _status_letter,
    "place": _place,
    "lists": _lists,
    "reception": _reception,
    "+unsubscribed": _WANTED,
    "+unconfirmed": _yes(Standing.UNCONFIRMED),
    "-unsubscribed": _no(Standing.UNSUBSCRIBED),
    "-unconfirmed": _no(Standing.UNCONFIRMED),
    "-bounced": _no(Standing.SUPPRESSED, "bounced"),
    "-complained": _no(Standing.SUPPRESSED, "complained"),
    "-blocklisted": _no(Standing.SUPPRESSED, "import"),
    "-paused": _no(Standing.PAUSED),
}
