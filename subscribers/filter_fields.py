"""What the fields of a segment's filter mean, in SQL on both databases."""

import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from unicodedata import normalize

import idna
from sqlalchemy import Boolean, ColumnElement, Float, String, and_, exists, func, literal, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from mailer.base.tables import SubscriberId
from subscribers.attributes import DAY, Kind, typed
from subscribers.audiences import shown_status
from subscribers.consents import agreed_at
from subscribers.erasure import NOBODY
from subscribers.models import Audience, Subscriber, Subscription
from subscribers.people import STATUSES

# What one comparison means: the sign or word, and the value as written; raises ValueError with what is allowed.
# (Unasked where it is the sign that is wrong). `!=` is never asked of it: that is the contrary of `=` for every field alike.
Field = Callable[[str, str], ColumnElement[bool]]
SIGNS: Mapping[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "=": lambda column, value: column == value,
    "<": lambda column, value: column < value,
    "<=": lambda column, value: column <= value,
    ">": lambda column, value: column > value,
    ">=": lambda column, value: column >= value,
}


class Unasked(ValueError):
    """A field cannot be compared so, whatever the value; the message goes on after the sign or word."""


def fields(now: datetime, audiences: Collection[str]) -> dict[str, Field]:
    """The fields that every filter can name.

    Args:
        audiences: the slugs of those that there are.
    """
    return {
        "email": _email,
        "name": _text(Subscriber.name),
        "language": _text(Subscriber.language),
        "zone": _text(Subscriber.zone),
        "status": _status(now),
        "audience": _audience(audiences),
        "tag": _tag,
        "created": time_field(Subscriber.created_at),
        "updated": time_field(Subscriber.updated_at),
        "consented": time_field(agreed_at()),
    }


def _text(column: Any) -> Field:
    def say(sign: str, value: str) -> ColumnElement[bool]:
        lowered, low = func.lower(column), value.lower()
        match sign:
            case "=":
                return or_(lowered == low, column == value)
            case "empty":
                return func.coalesce(column, "") == ""
            case "contains" | "starts" | "ends":
                pattern = {"contains": f"%{_plain(low)}%", "starts": f"{_plain(low)}%", "ends": f"%{_plain(low)}"}[sign]
                return lowered.like(pattern, escape="/")
        return SIGNS[sign](lowered, low)

    return say


def _email(sign: str, value: str) -> ColumnElement[bool]:
    """An address, or a part of one, is looked for as keys are written: folded, with the domain in its ASCII form."""
    as_text = _text(Subscriber.address_key)
    local, at, domain = value.rpartition("@")
    if sign == "=" and not (local and domain) and value != NOBODY:  # nobody's: behind `not` it would find everybody
        message = "is no whole address; use contains, starts with or ends with"
        raise ValueError(message)
    folded = normalize("NFC", normalize("NFC", local).casefold())
    spellings = {normalize("NFC", value).casefold()}
    if not domain.isascii():
        with suppress(idna.IDNAError):
            spellings.add(f"{folded}{at}{idna.encode(domain, uts46=True).decode('ascii')}")
    elif at:
        spellings = {f"{folded}@{domain.lower()}"}
    return or_(*(as_text(sign, spelling) for spelling in sorted(spellings)))


def _plain(text: str) -> str:
    """A text in which LIKE's signs mean themselves."""
    return re.sub(r"([/%_])", r"/\1", text)


def person_id() -> InstrumentedAttribute[SubscriberId]:
    """The person whom a filter asks about, for the fields that other parts lend."""
    return Subscriber.id


def time_field(column: Any) -> Field:
    """A field that holds a moment."""

    def say(sign: str, value: str) -> ColumnElement[bool]:
        if sign == "empty":
            found: ColumnElement[bool] = column.is_(None)
            return found
        if sign not in SIGNS:
            message = "cannot be asked of a time; use = != < <= > >= or is empty"
            raise Unasked(message)
        moment, day_after = _moment(value)
        if day_after is not None and sign in ("=", "<=", ">"):
            return _by_day(column, sign, moment, day_after)
        return SIGNS[sign](column, moment)

    return say


def _moment(value: str) -> tuple[datetime, datetime | None]:
    """The moment that is written, in UTC where no zone is; for a date the end of its day too, else None."""
    message = "is no time; write 2027-01-05, or 30 days ago without quotes"
    if not DAY.match(value):
        raise ValueError(message)
    try:
        try:
            day = datetime.combine(date.fromisoformat(value), time(), UTC)
        except ValueError:
            moment = datetime.fromisoformat(value)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC), None
        return day, day + timedelta(days=1)
    except (ValueError, OverflowError) as error:  # the years are 1 to 9999, in UTC too
        raise ValueError(message) from error


def _by_day(column: Any, sign: str, day: datetime, after: datetime) -> ColumnElement[bool]:
    """A date without a time means the whole day."""
    found: dict[str, ColumnElement[bool]] = {
        "=": and_(column >= day, column < after),
        "<=": column < after,
        ">": column >= after,
    }
    return found[sign]


def _status(now: datetime) -> Field:
    def say(sign: str, value: str) -> ColumnElement[bool]:
        _only_equal(sign)
        if value.lower() not in STATUSES:
            message = f"is no status; use one of {', '.join(STATUSES)}"
            raise ValueError(message)
        return shown_status(now) == value.lower()

    return say


def _audience(audiences: Collection[str]) -> Field:
    def say(sign: str, value: str) -> ColumnElement[bool]:
        _only_equal(sign)
        if value.lower() not in audiences:  # a slip of the pen behind `not` would find everybody
            message = f"is no audience; use one of {', '.join(audiences) or '(there is none yet)'}"
            raise ValueError(message)
        return exists().where(
            Subscription.subscriber_id == Subscriber.id,
            Subscription.state == "subscribed",
            Audience.id == Subscription.audience_id,
            Audience.slug == value.lower(),
        )

    return say


def _tag(sign: str, value: str) -> ColumnElement[bool]:
    _only_equal(sign)
    return has_tag(Subscriber.attributes, literal(value))


def _only_equal(sign: str) -> None:
    if sign != "=":
        message = "cannot be asked of it; use =, != or in (…)"
        raise Unasked(message)


def attribute(name: str, kind: Kind) -> Field:
    """A declared attribute, compared as its type; a value that was there before the type and is none of it is not found."""
    column = attribute_of(Subscriber.attributes, literal(name))
    return {"text": _loose, "number": _number, "date": _date, "yes-no": _yes_no}[kind](column)


def _number(column: Any) -> Field:
    def say(sign: str, value: str) -> ColumnElement[bool]:
        if sign == "empty":
            return _text(column)(sign, value)
        _only_compared(sign, "a number")
        return SIGNS[sign](number_of(column), float(typed("number", value)))

    return say


def _date(column: Any) -> Field:
    def say(sign: str, value: str) -> ColumnElement[bool]:
        if sign == "empty":
            return _text(column)(sign, value)
        _only_compared(sign, "a date")
        # Dates are kept as 2027-01-05, whose order as text is their own.
        return and_(column.like("____-__-__"), SIGNS[sign](column, typed("date", value)))

    return say


def _yes_no(column: Any) -> Field:
    def say(sign: str, value: str) -> ColumnElement[bool]:
        if sign == "empty":
            return _text(column)(sign, value)
        _only_equal(sign)
        return func.lower(column).in_(["true", "1", "yes"] if typed("yes-no", value) else ["false", "0", "no"])

    return say


def _only_compared(sign: str, what: str) -> None:
    if sign not in SIGNS:
        message = f"cannot be asked of {what}; use = != < <= > >= or is empty"
        raise Unasked(message)


def _loose(column: Any) -> Field:
    """Text keeps what was given: it is compared as a number where both are one."""
    as_text = _text(column)

    def say(sign: str, value: str) -> ColumnElement[bool]:
        if sign not in SIGNS or not re.fullmatch(r"-?\d+(\.\d+)?", value):
            return as_text(sign, value)
        as_number = SIGNS[sign](number_of(column), float(value))
        return or_(as_text("=", value), as_number) if sign == "=" else as_number

    return say


class attribute_of(GenericFunction[str]):  # noqa: N801 - it reads as the SQL function that it is
    """A value of the attributes as text; NULL where there is none. True and false are `true` and `false`."""

    type = String()
    inherit_cache = True


@compiles(attribute_of)
def _attribute_of(element: attribute_of, compiler: SQLCompiler, **options: Any) -> str:
    attributes, name = (compiler.process(part, **options) for part in element.clauses)
    return f"({attributes} ->> CAST({name} AS TEXT))"


@compiles(attribute_of, "sqlite")
def _attribute_of_sqlite(element: attribute_of, compiler: SQLCompiler, **options: Any) -> str:
    attributes, name = (compiler.process(part, **options) for part in element.clauses)
    path = f"'$.\"' || {name} || '\"'"
    words = "WHEN 'true' THEN 'true' WHEN 'false' THEN 'false'"
    return f"(CASE json_type({attributes}, {path}) {words} ELSE json_extract({attributes}, {path}) END)"


class number_of(GenericFunction[float]):  # noqa: N801 - it reads as the SQL function that it is
    """A text as a number; NULL where it is none."""

    type = Float()
    inherit_cache = True


# Both read -12.5 and nothing else. PostgreSQL refuses a whole statement for one number beyond 1e308; it counts to 255.
@compiles(number_of)
def _number_of(element: number_of, compiler: SQLCompiler, **options: Any) -> str:
    text = compiler.process(element.clauses, **options)
    return f"(CASE WHEN {text} ~ '^-?[0-9]{{1,255}}([.][0-9]{{1,255}})?$' THEN CAST({text} AS DOUBLE PRECISION) END)"


@compiles(number_of, "sqlite")
def _number_of_sqlite(element: number_of, compiler: SQLCompiler, **options: Any) -> str:
    text = compiler.process(element.clauses, **options)
    others = " ".join(f"AND {text} NOT GLOB '{glob}'" for glob in ("*[^0-9.-]*", "?*-*", "*.*.*", ".*", "-.*"))
    return f"(CASE WHEN length({text}) < 256 AND {text} GLOB '*[0-9]' {others} THEN CAST({text} AS REAL) END)"


class has_tag(GenericFunction[bool]):  # noqa: N801 - it reads as the SQL function that it is
    """Whether the list `tags` of the attributes holds a text."""

    type = Boolean()
    inherit_cache = True


@compiles(has_tag)
def _has_tag(element: has_tag, compiler: SQLCompiler, **options: Any) -> str:
    attributes, tag = (compiler.process(part, **options) for part in element.clauses)
    return f"coalesce((CAST({attributes} AS JSONB) -> 'tags') @> to_jsonb(CAST({tag} AS TEXT)), false)"


@compiles(has_tag, "sqlite")
def _has_tag_sqlite(element: has_tag, compiler: SQLCompiler, **options: Any) -> str:
    attributes, tag = (compiler.process(part, **options) for part in element.clauses)
    return f"EXISTS (SELECT 1 FROM json_each({attributes}, '$.tags') WHERE value = {tag})"  # noqa: S608 - parameters
