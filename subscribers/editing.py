"""What the manager changes about a person: name, language and attributes, and audiences by the consent they gave."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.base import audit
from mailer.base.errors import NotAllowed, NotFound
from mailer.base.tables import SubscriberId
from mailer.base.tokens import Keys
from subscribers.attributes import read_values
from subscribers.audiences import find_audience_id
from subscribers.consents import Deed, has_left, record
from subscribers.models import Subscriber, Subscription
from subscribers.suppression import is_suppressed


def edit_person(
    session: Session,
    subscriber_id: SubscriberId,
    *,
    name: str | None = None,
    language: str | None = None,
    attributes: Mapping[str, str | float | bool | None] | None = None,
    now: datetime,
    actor: str,
) -> None:
    """Change what is given; None leaves as it is. An attribute that is None is taken away, the others stay (RFC 7396).

    Raises:
        NotFound: there is no such person.
        WrongInput: a value does not fit its attribute's type.
    """
    person = lock_person(session, subscriber_id)
    merged = {**person.attributes, **read_values(session, attributes or {})}
    given = {
        "name": name.strip() if name is not None else person.name,
        "language": person.language if language is None else language,
        "attributes": {key: value for key, value in merged.items() if value is not None},
    }
    changed = sorted(field for field, value in given.items() if getattr(person, field) != value)
    if not changed:
        return
    for field in changed:
        setattr(person, field, given[field])
    person.updated_at = now
    audit.note(
        session,
        actor=actor,
        deed="person_edited",
        subject=f"subscriber {subscriber_id}",
        now=now,
        detail=", ".join(changed),
    )
    session.flush()


def enrol(
    session: Session,
    subscriber_id: SubscriberId,
    slug: str,
    *,
    consent: str,
    source: str,
    keys: Keys,
    now: datetime,
    actor: str,
) -> None:
    """Put a person into an audience: live by the consent that they gave elsewhere, without one unconfirmed. Idempotent.

    Who left comes back by their own hand only; who is live is not made unconfirmed.

    Raises:
        NotFound: there is no such person or audience.
        NotAllowed: they left, or must not be mailed.
    """
    person = lock_person(session, subscriber_id)
    audience_id = find_audience_id(session, slug)
    if is_suppressed(session, person.address_key, keys=keys):
        raise NotAllowed("this address is suppressed", do="an address that must not be mailed joins nothing")
    subscription = session.get(Subscription, (subscriber_id, audience_id), populate_existing=True)
    left = person.status == "unsubscribed" or (subscription is not None and subscription.state == "unsubscribed")
    if left or has_left(session, subscriber_id, audience_id):
        raise NotAllowed("this person left", do="only they can come back: let them sign up again")
    state = "subscribed" if consent.strip() else "unconfirmed"
    if subscription is None:
        session.add(Subscription(subscriber_id=subscriber_id, audience_id=audience_id, state=state, since=now))
    elif state == "subscribed" and subscription.state != "subscribed":
        subscription.state, subscription.since = state, now
    else:
        return
    if state == "subscribed":
        person.status = "subscribed"
    deed: Deed = "agreed" if state == "subscribed" else "asked"
    record(session, subscriber_id, deed, audience_id=audience_id, wording=consent, source=source, now=now)
    person.updated_at = now
    audit.note(
        session, actor=actor, deed="person_enrolled", subject=f"subscriber {subscriber_id}", now=now, detail=slug
    )
    session.flush()


def lock_person(session: Session, subscriber_id: SubscriberId) -> Subscriber:
    """A person, whom nobody else changes before this transaction ends.

    Raises:
        NotFound: there is no such person.
    """
    query = select(Subscriber).where(Subscriber.id == subscriber_id).with_for_update()
    person = session.scalar(query.execution_options(populate_existing=True))
    if person is None:
        raise NotFound("there is no such person (any more)", do="check how the address is written")
    return person
