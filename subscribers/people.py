"""People as they are shown: find one, list them, add one by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mailer.base import audit
from mailer.base.errors import NotAllowed, NotFound, WrongInput
from mailer.base.tables import SubscriberId
from mailer.base.tokens import Keys
from subscribers.addresses import Address, find_address, parse_address
from subscribers.attributes import read_values
from subscribers.audiences import audience_ids, find_audience_id, shown_status
from subscribers.consents import agreed_at, record
from subscribers.models import Audience, Subscriber, Subscription
from subscribers.public_ids import new_public_ids
from subscribers.suppression import is_suppressed

Status = Literal["unconfirmed", "subscribed", "paused", "unsubscribed", "suppressed"]
STATUSES: tuple[Status, ...] = ("unconfirmed", "subscribed", "paused", "unsubscribed", "suppressed")


@dataclass(frozen=True, slots=True)
class Membership:
    """A person's place in an audience, with the state that is shown."""

    slug: str
    name: str
    state: str


@dataclass(frozen=True, slots=True)
class Person:
    """A person with the status that is shown: suppression wins, then having left everything, then a pause."""

    id: SubscriberId
    public_id: str
    email: str
    name: str
    language: str
    status: str
    created_at: datetime
    audiences: tuple[Membership, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    paused_until: datetime | None = None
    zone: str = ""
    consented_at: datetime | None = None
    """When those who are subscribed last agreed to anything."""

    def as_dict(self) -> dict[str, Any]:
        """The shape that commands and the API give out."""
        return {
            "id": self.public_id,
            "email": self.email,
            "name": self.name,
            "status": self.status,
            "audiences": [{"slug": m.slug, "name": m.name, "state": m.state} for m in self.audiences],
            "attributes": dict(self.attributes),
            "language": self.language,
            "zone": self.zone,
            "paused_until": self.paused_until.isoformat() if self.paused_until else None,
            "consented_at": self.consented_at.isoformat() if self.consented_at else None,
            "created_at": self.created_at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Page:
    """Some people, and after which id the next page begins; None at the end."""

    people: tuple[Person, ...]
    next_after: int | None


def find_person(session: Session, email_or_public_id: str, *, now: datetime) -> Person:
    """The person of an address or a public id.

    Raises:
        NotFound: there is none.
    """
    text = email_or_public_id.strip()
    if "@" in text:
        try:
            condition = Subscriber.address_key == find_address(text).key
        except WrongInput as error:
            raise NotFound(f"there is no person {text!r}", do=error.message) from error
    else:
        condition = Subscriber.public_id == text
    found = _people(session, condition, limit=1, now=now)
    if not found:
        raise NotFound(f"there is no person {text!r}", do="check how the address is written")
    return found[0]


def find_suppressed(session: Session, address: str, *, keys: Keys, now: datetime) -> Person | None:
    """Someone of whom nothing is known but that they must not be mailed; None where not even that is."""
    try:
        parsed = find_address(address)
    except WrongInput:
        return None
    if not is_suppressed(session, parsed.key, keys=keys):
        return None
    return Person(SubscriberId(0), "", parsed.written, "", "", "suppressed", now)


def person_by_id(session: Session, subscriber_id: SubscriberId, *, now: datetime) -> Person | None:
    """A person, or None who was erased."""
    found = _people(session, Subscriber.id == subscriber_id, limit=1, now=now)
    return found[0] if found else None


def shown_person(session: Session, subscriber_id: SubscriberId, *, now: datetime) -> Person:
    """A person of whom the id is known.

    Raises:
        NotFound: they were erased.
    """
    found = person_by_id(session, subscriber_id, now=now)
    if found is None:
        raise NotFound("there is no such person (any more)", do="check how the address is written")
    return found


def list_people(
    session: Session,
    *,
    search: str = "",
    audience: str | None = None,
    status: str | None = None,
    where: ColumnElement[bool] | None = None,
    after: int | None = None,
    limit: int = 50,
    now: datetime,
) -> Page:
    """A page of people by id.

    Args:
        search: part of an address or a name.
        where: one more condition, such as a segment's.

    Raises:
        NotFound: there is no such audience.
    """
    conditions = _conditions(session, search=search, audience=audience, status=status, where=where, now=now)
    people = _people(session, and_(Subscriber.id > (after or 0), *conditions), limit=limit + 1, now=now)
    shown = tuple(people[:limit])
    return Page(shown, shown[-1].id if len(people) > limit else None)


def count_people(
    session: Session,
    *,
    search: str = "",
    audience: str | None = None,
    status: str | None = None,
    where: ColumnElement[bool] | None = None,
    now: datetime,
) -> int:
    """How many people a listing has."""
    conditions = _conditions(session, search=search, audience=audience, status=status, where=where, now=now)
    return session.scalar(select(func.count()).select_from(Subscriber).where(*conditions)) or 0


def add_person(
    session: Session,
    address: str,
    *,
    name: str = "",
    language: str = "",
    attributes: Mapping[str, Any] | None = None,
    audience_slugs: Sequence[str] = (),
    status: Literal["unconfirmed", "subscribed"] = "unconfirmed",
    consent: str = "",
    source: str,
    keys: Keys | None = None,
    now: datetime,
    actor: str = "system",
) -> SubscriberId:
    """Add one person by hand.

    Args:
        consent: what they agreed to; nobody is subscribed without.
        keys: with them it is noticed that an address was erased.

    Raises:
        WrongInput: it is no address, someone is to be subscribed without the consent that they gave, or a value does not
            fit its attribute's type.
        NotAllowed: they are known already, must not be mailed, or there is no such audience.
    """
    parsed = parse_address(address)
    if status == "subscribed" and not consent.strip():
        raise WrongInput(
            "nobody is subscribed without consent on record", do="say what was agreed to, or add them as unconfirmed"
        )
    _require_mailable(session, parsed, keys)
    ids = audience_ids(session, audience_slugs)
    person = Subscriber(
        public_id=next(new_public_ids(1, now)),
        address=parsed.written,
        address_key=parsed.key,
        name=name.strip()[:200],
        language=language[:35],
        attributes=read_values(session, attributes or {}),
        status=status,
        created_at=now,
        updated_at=now,
    )
    try:
        with session.begin_nested():
            session.add(person)
            session.flush()
            _require_mailable(session, parsed, keys)  # again: if they were being forgotten, that was waited for
    except IntegrityError as error:
        raise NotAllowed(f"{parsed.written} is known already", do="change that person instead") from error
    for audience_id in ids:
        session.add(Subscription(subscriber_id=person.id, audience_id=audience_id, state=status, since=now))
    if status == "subscribed":
        for about in ids or (None,):
            record(session, person.id, "agreed", audience_id=about, wording=consent, source=source, now=now)
    audit.note(session, actor=actor, deed="person_added", subject=f"subscriber {person.id}", now=now)
    session.flush()
    return person.id


def _require_mailable(session: Session, address: Address, keys: Keys | None) -> None:
    if is_suppressed(session, address.key, keys=keys):
        raise NotAllowed(f"{address.written} is suppressed", do="an address that must not be mailed is not added")


def _conditions(
    session: Session,
    *,
    search: str,
    audience: str | None,
    status: str | None,
    where: ColumnElement[bool] | None,
    now: datetime,
) -> list[ColumnElement[bool]]:
    conditions = [] if where is None else [where]
    if search:
        part = search.strip().lower()
        conditions.append(
            or_(
                Subscriber.address_key.contains(part, autoescape=True),
                func.lower(Subscriber.name).contains(part, autoescape=True),
            )
        )
    if audience is not None:
        audience_id = find_audience_id(session, audience, archived=True)
        conditions.append(
            exists().where(Subscription.subscriber_id == Subscriber.id, Subscription.audience_id == audience_id)
        )
    if status is not None:
        conditions.append(shown_status(now) == status)
    return conditions


def _people(session: Session, condition: ColumnElement[bool], *, limit: int, now: datetime) -> list[Person]:
    query = select(
        Subscriber.id,
        Subscriber.public_id,
        Subscriber.address,
        Subscriber.name,
        Subscriber.language,
        Subscriber.attributes,
        Subscriber.paused_until,
        Subscriber.created_at,
        shown_status(now),
        Subscriber.zone,
        agreed_at(),
    )
    rows = session.execute(query.where(condition).order_by(Subscriber.id).limit(limit)).all()
    memberships = memberships_of(session, {row[0]: row[8] for row in rows})
    return [
        Person(
            id=row[0],
            public_id=row[1],
            email=row[2],
            name=row[3],
            language=row[4],
            attributes=row[5],
            paused_until=row[6] if row[6] is not None and row[6] > now else None,
            created_at=row[7],
            status=row[8],
            zone=row[9],
            consented_at=row[10] if row[8] in ("subscribed", "paused") else None,
            audiences=tuple(memberships[row[0]]),
        )
        for row in rows
    ]


def memberships_of(session: Session, statuses: Mapping[SubscriberId, str]) -> dict[SubscriberId, list[Membership]]:
    """The places of these people in audiences; the person's own status, where worse, shows in each."""
    found: dict[SubscriberId, list[Membership]] = {subscriber_id: [] for subscriber_id in statuses}
    query = (
        select(Subscription.subscriber_id, Audience.slug, Audience.name, Subscription.state)
        .join(Audience, Audience.id == Subscription.audience_id)
        .where(Subscription.subscriber_id.in_(list(found)))
        .order_by(Subscription.subscriber_id, Audience.id)
    )
    for subscriber_id, slug, name, state in session.execute(query):
        own = statuses[subscriber_id]
        is_worse = state == "subscribed" or (own == "suppressed" and state == "unconfirmed")
        shown = own if is_worse else state
        found[subscriber_id].append(Membership(slug, name, shown))
    return found
