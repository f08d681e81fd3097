"""What people decide about themselves: sign up, confirm, change, pause, leave, come back; each with its line of consent.

Every deed can be done twice. Each first locks the person's row, so that of two at once the second sees the first's outcome.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mailer.base import audit
from mailer.base.errors import NotAllowed, NotFound
from mailer.base.tables import AudienceId, SubscriberId
from mailer.base.tokens import Keys
from subscribers.addresses import Address, find_address
from subscribers.audiences import audience_ids
from subscribers.consents import last_consent, record
from subscribers.leaving import unsubscribe
from subscribers.models import Audience, Consent, SharedConsent, Subscriber, Subscription
from subscribers.public_ids import new_public_ids
from subscribers.suppression import is_suppressed

__all__ = [
    "NothingToSend",
    "SignUp",
    "ToConfirm",
    "confirm",
    "pause",
    "set_preferences",
    "subscribe",
    "undo_leave",
    "unpause",
    "unsubscribe",
    "waiting_for_confirmation",
]
# A form that is sent again and again must not fill somebody's mailbox.
BETWEEN_CONFIRMATIONS = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class ToConfirm:
    """Send one mail that asks whether it was really this person, naming the audiences that wait for a yes."""

    subscriber_id: SubscriberId
    address: str
    name: str
    language: str
    audiences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NothingToSend:
    """The sign-up changes nothing that needs an answer; the page says the same as ever."""


SignUp = ToConfirm | NothingToSend


def subscribe(
    session: Session,
    address: str,
    *,
    name: str = "",
    language: str = "",
    audience_slugs: Sequence[str],
    wording: str,
    source: str,
    keys: Keys,
    now: datetime,
) -> SignUp:
    """Someone typed an address into a form: write down what was asked for, and say what is to be mailed.

    Nothing that is live is undone by it, and whoever left comes back only by confirming. A suppressed address gets nothing.

    Raises:
        WrongInput: it is no address.
        NotFound: there is no such public audience.
    """
    parsed = find_address(address)
    wanted = offered_to_all(session, audience_slugs)
    if not wanted or is_suppressed(session, parsed.key, keys=keys):
        return NothingToSend()
    person = _person_of(session, parsed, name=name, language=language, keys=keys, now=now)
    if person is None:
        return NothingToSend()
    was_asked = _waits_since(session, person.id, now - BETWEEN_CONFIRMATIONS)
    for audience in wanted:
        subscription = session.get(Subscription, (person.id, audience.id))
        if subscription is not None and subscription.state == "subscribed" and person.status != "unsubscribed":
            continue
        if not audience.double_opt_in and subscription is None and person.status != "unsubscribed":
            _set(session, person.id, audience.id, "subscribed", now)
            record(session, person.id, "agreed", audience_id=audience.id, wording=wording, source=source, now=now)
            person.status = "subscribed"
            continue
        _set(session, person.id, audience.id, "unconfirmed", now)
        record(session, person.id, "asked", audience_id=audience.id, wording=wording, source=source, now=now)
    person.updated_at = now
    _note(session, person.id, "signed_up", now)
    session.flush()
    waiting = waiting_for_confirmation(session, person.id)
    if not waiting or was_asked:
        return NothingToSend()
    return ToConfirm(person.id, person.address, person.name, person.language, waiting)


def waiting_for_confirmation(session: Session, subscriber_id: SubscriberId) -> tuple[str, ...]:
    """The audiences that a press of the confirm button would make live."""
    return tuple(slug for _, slug in _subscriptions(session, subscriber_id, ("unconfirmed",)))


def confirm(session: Session, subscriber_id: SubscriberId, *, now: datetime, source: str) -> tuple[str, ...]:
    """Make everything live that was asked for and not withdrawn since; what was made live. Idempotent.

    Raises:
        NotFound: there is no such person.
    """
    person = _locked(session, subscriber_id)
    confirmed = []
    for subscription, slug in _subscriptions(session, subscriber_id, ("unconfirmed",)):
        last = last_consent(session, subscriber_id, subscription.audience_id)
        wording = last.wording if last is not None else ""
        subscription.state, subscription.since = "subscribed", now
        record(session, subscriber_id, "agreed", audience_id=subscription.audience_id, wording=wording, source=source, now=now)  # fmt: skip
        confirmed.append(slug)
    if confirmed:
        person.status, person.updated_at = "subscribed", now
        _note(session, subscriber_id, "confirmed", now, detail=" ".join(confirmed))
        session.flush()
    return tuple(confirmed)


def undo_leave(session: Session, subscriber_id: SubscriberId, *, now: datetime, source: str) -> tuple[str, ...]:
    """Take back the last leaving; the audiences that are live again. Only what had been live is restored.

    Raises:
        NotFound: there is no such person.
    """
    person = _locked(session, subscriber_id)
    left = [
        (subscription, slug)
        for subscription, slug in _subscriptions(session, subscriber_id, ("unsubscribed",))
        if _deed_of(last_consent(session, subscriber_id, subscription.audience_id)) == "withdrew"
    ]
    last = max((subscription.since for subscription, _ in left), default=now)
    chosen = [(subscription, slug) for subscription, slug in left if subscription.since == last]
    for subscription, _ in chosen:
        _agree(session, person, subscription.audience_id, wording="", source=source, now=now)
    if chosen:
        _note(session, subscriber_id, "leave_undone", now)
        session.flush()
    return tuple(slug for _, slug in chosen)


def set_preferences(
    session: Session,
    subscriber_id: SubscriberId,
    *,
    name: str | None = None,
    audience_slugs: Collection[str],
    language: str | None = None,
    wording: str = "",
    now: datetime,
    source: str,
) -> None:
    """What a person wants from now on: exactly these audiences; None leaves a field as it is.

    Whoever does this holds a link that only their mailbox got, so nothing needs to be confirmed.

    Raises:
        NotFound: there is no such person.
        NotAllowed: there is no such audience, or it is private and the person was never in it.
    """
    person = _locked(session, subscriber_id)
    wanted = _offered(session, subscriber_id, audience_slugs)
    mine = _subscriptions(session, subscriber_id, ("subscribed", "unconfirmed"))
    dropped = [slug for subscription, slug in mine if subscription.audience_id not in wanted]
    for audience_id in wanted:
        state = session.get(Subscription, (subscriber_id, audience_id))
        if state is None or state.state != "subscribed" or person.status != "subscribed":
            _agree(session, person, audience_id, wording=wording, source=source, now=now)
    if name is not None:
        person.name = name.strip()[:200]
    if language is not None:
        person.language = language[:35]
    person.updated_at = now
    _note(session, subscriber_id, "preferences_set", now, detail=" ".join(sorted(audience_slugs)))
    session.flush()
    if dropped or not wanted:
        everything = None if not wanted else dropped
        unsubscribe(session, subscriber_id, audience_slugs=everything, now=now, source=source)


def pause(session: Session, subscriber_id: SubscriberId, *, until: datetime, now: datetime, source: str) -> None:
    """Send nothing until a moment; the audiences stay as they are.

    Raises:
        NotFound: there is no such person.
        NotAllowed: the moment is past.
    """
    if until <= now:
        raise NotAllowed("a pause cannot end in the past", do="choose a later day")
    person = _locked(session, subscriber_id)
    if person.paused_until != until:
        person.paused_until, person.updated_at = until, now
        record(session, subscriber_id, "paused", wording=f"until {until:%Y-%m-%d}", source=source, now=now)
        _note(session, subscriber_id, "paused", now)
        session.flush()


def unpause(session: Session, subscriber_id: SubscriberId, *, now: datetime, source: str) -> None:
    """Send again from now on. Idempotent.

    Raises:
        NotFound: there is no such person.
    """
    person = _locked(session, subscriber_id)
    if person.paused_until is not None:
        person.paused_until, person.updated_at = None, now
        record(session, subscriber_id, "unpaused", source=source, now=now)
        _note(session, subscriber_id, "unpaused", now)
        session.flush()


def _agree(
    session: Session, person: Subscriber, audience_id: AudienceId, *, wording: str, source: str, now: datetime
) -> None:
    """Make one audience live by the person's own will; it brings back whoever had left everything."""
    _set(session, person.id, audience_id, "subscribed", now)
    person.status, person.updated_at = "subscribed", now
    record(session, person.id, "agreed", audience_id=audience_id, wording=wording, source=source, now=now)


def _locked(session: Session, subscriber_id: SubscriberId) -> Subscriber:
    query = select(Subscriber).where(Subscriber.id == subscriber_id).with_for_update()
    person = session.scalar(query.execution_options(populate_existing=True))
    if person is None:
        raise NotFound("there is no such person (any more)", do="sign up again, or ask the sender")
    return person


def _person_of(
    session: Session, address: Address, *, name: str, language: str, keys: Keys, now: datetime
) -> Subscriber | None:
    """The person of an address, locked; made where there is none, but for one who is being forgotten at this moment."""
    query = select(Subscriber).where(Subscriber.address_key == address.key).with_for_update()
    query = query.execution_options(populate_existing=True)
    person = session.scalar(query)
    if person is not None:
        return person
    person = Subscriber(
        public_id=next(new_public_ids(1, now)),
        address=address.written,
        address_key=address.key,
        name=name.strip()[:200],
        language=language[:35],
        created_at=now,
        updated_at=now,
    )
    try:
        with session.begin_nested():
            session.add(person)
    except IntegrityError:  # the same form was sent twice at once: the other one made the person
        return session.scalars(query).one()
    # Only now: whoever adds a person waits until another's erasure of the same one is done.
    if is_suppressed(session, address.key, keys=keys):
        session.delete(person)
        return None
    return person


def offered_to_all(session: Session, slugs: Sequence[str]) -> list[Audience]:
    """The public audiences of these slugs.

    Raises:
        NotFound: there is no such public audience.
    """
    query = select(Audience).where(Audience.is_public, Audience.archived_at.is_(None)).order_by(Audience.id)
    offered = {audience.slug: audience for audience in session.scalars(query)}
    for slug in slugs:
        if slug not in offered:
            raise NotFound(f"there is no audience {slug!r}", do=f"choose of {', '.join(offered)}")
    return [offered[slug] for slug in dict.fromkeys(slugs)]


def _offered(session: Session, subscriber_id: SubscriberId, slugs: Collection[str]) -> tuple[AudienceId, ...]:
    """The ids of audiences that this person may choose: public ones, and private ones they have been in."""
    ids = audience_ids(session, tuple(slugs))
    query = select(Audience.id).where(Audience.id.in_(ids), ~Audience.is_public)
    for private in session.scalars(query):
        if session.get(Subscription, (subscriber_id, private)) is None:
            raise NotAllowed("this audience is by invitation", do="ask the sender")
    return ids


def _subscriptions(
    session: Session, subscriber_id: SubscriberId, states: Collection[str]
) -> list[tuple[Subscription, str]]:
    query = (
        select(Subscription, Audience.slug)
        .join(Audience, Audience.id == Subscription.audience_id)
        .where(Subscription.subscriber_id == subscriber_id, Subscription.state.in_(states))
        .order_by(Audience.id)
        .execution_options(populate_existing=True)
    )
    return list(session.execute(query))


def _set(session: Session, subscriber_id: SubscriberId, audience_id: AudienceId, state: str, now: datetime) -> None:
    subscription = session.get(Subscription, (subscriber_id, audience_id))
    if subscription is None:
        session.add(Subscription(subscriber_id=subscriber_id, audience_id=audience_id, state=state, since=now))
    elif subscription.state != state:
        subscription.state, subscription.since = state, now


def _waits_since(session: Session, subscriber_id: SubscriberId, moment: datetime) -> bool:
    """Whether they were asked since that moment for something that still waits for their yes."""
    query = (
        select(Consent.id)
        .join(
            Subscription,
            (Subscription.subscriber_id == Consent.subscriber_id) & (Subscription.audience_id == Consent.audience_id),
        )
        .where(
            Consent.subscriber_id == subscriber_id,
            Consent.deed == "asked",
            Consent.at > moment,
            Subscription.state == "unconfirmed",
        )
    )
    return session.scalar(query.limit(1)) is not None


def _deed_of(consent: Consent | SharedConsent | None) -> str:
    return consent.deed if consent is not None else ""


def _note(session: Session, subscriber_id: SubscriberId, deed: str, now: datetime, *, detail: str = "") -> None:
    audit.note(session, actor="subscriber", deed=deed, subject=f"subscriber {subscriber_id}", now=now, detail=detail)
