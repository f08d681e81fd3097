"""Attributes: what can be known of a person beside name and language. Each is declared, with the type of its values.

A name that nobody declared is declared as text when a value of it first comes in, so that filters, letters and the checker
know which names there are. `text` keeps a value as it was given; `number`, `date` and `yes-no` read it, or refuse it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from mailer.base import audit
from mailer.base.errors import NotAllowed, NotFound, WrongInput
from mailer.base.tables import SubscriberId, insert_into
from subscribers.models import Attribute, Subscriber

Kind = Literal["text", "number", "date", "yes-no"]
KINDS: Final[Mapping[str, Kind]] = {"text": "text", "number": "number", "date": "date", "yes-no": "yes-no"}
NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
LONGEST: Final = 200  # signs of a name, as a file may have it
TAGS: Final = "tags"
"""The list of tags stands among the attributes and is none: filters ask for it by `tag`."""
DAY: Final = re.compile(r"\d{4}-?\d\d-?\d\d", re.ASCII)
"""How a date begins. Python reads 2026-W05 too, as the Monday of a week of which a reader thinks as seven days."""
_NUMBER: Final = re.compile(r"-?\d{1,15}(\.\d{1,15})?", re.ASCII)
_YES_NO: Final[Mapping[object, bool]] = {
    "yes": True, "true": True, "y": True, "1": True, 1: True,
    "no": False, "false": False, "n": False, "0": False, 0: False,
}  # fmt: skip


Unfit = Literal["refuse", "remove"]
CHUNK: Final = 5_000  # people whose values are looked at in one go


@dataclass(frozen=True, slots=True)
class Change:
    """What became of values when their type changed."""

    converted: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True)
class AttributeRow:
    """A declared attribute as it is shown."""

    name: str
    kind: Kind
    label: str


def typed(kind: Kind, value: Any) -> Any:
    """A value as its type keeps it: text as given, numbers as numbers, a date as 2027-01-05, yes and no as booleans.

    Raises:
        ValueError: it is none; the message goes on after the value.
    """
    text = value.strip() if isinstance(value, str) else value
    match kind:
        case "number":
            return _number(text)
        case "date":
            return _date(text)
        case "yes-no":
            return _yes_no(text)
    return value


def _number(value: object) -> int | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value) if "." in value else int(value)
    message = "is no number; write 12 or 12.5"
    raise ValueError(message)


def _date(value: object) -> str:
    message = "is no date; write 2027-01-05"
    if not (isinstance(value, str) and DAY.match(value)):
        raise ValueError(message)
    try:
        return datetime.fromisoformat(value).date().isoformat()
    except ValueError as error:
        raise ValueError(message) from error


def _yes_no(value: object) -> bool:
    said = _YES_NO.get(value.casefold() if isinstance(value, str) else value) if _is_plain(value) else None
    if said is None:
        message = "is neither yes nor no"
        raise ValueError(message)
    return said


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float)


def declare(
    session: Session,
    name: str,
    kind: str = "text",
    label: str = "",
    *,
    unfit: Unfit = "refuse",
    now: datetime,
    actor: str,
) -> Change:
    """Declare an attribute, or give a declared one another type and label; the values that people have take on the type.

    Args:
        unfit: what becomes of values that are none of the type: `refuse` changes nothing at all, `remove` takes them away.

    Raises:
        WrongInput: it is no name or no type.
        NotAllowed: some of the values do not fit.
    """
    known = session.get(Attribute, name)
    if known is None and (not NAME.fullmatch(name) or name == TAGS):
        raise WrongInput(
            f"{name!r} cannot name an attribute", do="use letters, digits and underscores, a letter first; not `tags`"
        )
    if kind not in KINDS:
        raise WrongInput(f"{kind!r} is no type of attribute", do=f"use one of {', '.join(KINDS)}")
    change = Change()
    if known is None or known.kind != kind:
        change = _retype(session, name, KINDS[kind], unfit)
    if known is None:
        session.add(Attribute(name=name, kind=kind, label=label[:200]))
    else:
        known.kind, known.label = kind, label[:200] or known.label
    session.flush()
    detail = f"{name} {kind}" + (f", {change.removed} values removed" if change.removed else "")
    audit.note(session, actor=actor, deed="attribute_declared", subject="attributes", now=now, detail=detail)
    return change


def _retype(session: Session, name: str, kind: Kind, unfit: Unfit) -> Change:
    """Let the values that people have of an attribute take on a type; text keeps everything as it is."""
    if kind == "text":
        return Change()
    touched, misfits, example = 0, 0, ""
    value = Subscriber.attributes[name]
    query = select(Subscriber.id, Subscriber.attributes).where(value.as_string().is_not(None)).order_by(Subscriber.id)
    after = SubscriberId(0)
    while rows := session.execute(query.where(Subscriber.id > after).limit(CHUNK)).all():
        after, changed = rows[-1].id, []
        for subscriber_id, has in rows:
            try:
                kept = {**has, name: typed(kind, has[name])}
            except ValueError:
                misfits, example = misfits + 1, example or repr(has[name])
                kept = {key: other for key, other in has.items() if key != name}
            if kept.get(name) != has[name] or type(kept[name]) is not type(has[name]):
                changed.append({"id": subscriber_id, "attributes": kept})
        touched += len(changed)
        if changed and not (misfits and unfit == "refuse"):
            session.execute(update(Subscriber), changed)
    if misfits and unfit == "refuse":
        values = "1 value" if misfits == 1 else f"{misfits} values"
        raise NotAllowed(
            f"{values} of {name} cannot be read as {kind}, such as {example}",
            do="correct them, or let them be removed; nothing was changed",
        )
    return Change(touched - misfits, misfits)


def retire(session: Session, name: str, *, now: datetime, actor: str) -> None:
    """Declare it no longer: filters and letters do not know it any more. Values stay with the people who have them.

    Raises:
        NotFound: there is none of this name.
    """
    gone = delete(Attribute).where(Attribute.name == name).returning(Attribute.name)
    if session.execute(gone).scalar_one_or_none() is None:
        raise NotFound(f"there is no attribute {name!r}", do=f"use one of {listed(kinds(session))}")
    audit.note(session, actor=actor, deed="attribute_retired", subject="attributes", now=now, detail=name)


def list_attributes(session: Session) -> tuple[AttributeRow, ...]:
    """All that are declared, by their names."""
    rows = session.scalars(select(Attribute).order_by(Attribute.name))
    return tuple(AttributeRow(row.name, KINDS[row.kind], row.label) for row in rows)


def kinds(session: Session) -> dict[str, Kind]:
    """The types of all that are declared, by their names."""
    return {row.name: row.kind for row in list_attributes(session)}


def declare_new(session: Session, names: Iterable[str]) -> None:
    """Declare as text what is not declared yet: values of these names come in."""
    for name in sorted(set(names)):
        if name != TAGS and len(name) <= LONGEST:
            statement = insert_into(session, Attribute).values(name=name, kind="text", label="")
            session.execute(statement.on_conflict_do_nothing())


def read_values(session: Session, given: Mapping[str, Any]) -> dict[str, Any]:
    """The values as their types keep them; None stays None. New names are declared as text.

    Raises:
        WrongInput: a value is not of its attribute's type.
    """
    if not given:
        return {}
    declared, read = kinds(session), dict(given)
    for name, value in given.items():
        if value is not None:
            try:
                read[name] = typed(declared.get(name, "text"), value)
            except ValueError as error:
                message = f"the attribute {name} is declared as {declared[name]}: {value!r} {error}"
                raise WrongInput(message, do="correct the value", place=f"attributes.{name}") from error
    declare_new(session, (name for name, value in read.items() if value is not None and name not in declared))
    return read


def listed(names: Iterable[str]) -> str:
    """Names as they are told to a person."""
    shown = sorted(names)
    return (", ".join(shown[:30]) + (", …" if len(shown) > 30 else "")) or "(none is declared yet)"
