"""Leaving: these audiences or everything, at once.

After a large send mail programs leave for their people by the thousand: it is done in seven short statements, without
objects in between (decision 0022).
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BindParameter, String, Text, bindparam, case, insert, select, update
from sqlalchemy.orm import Session

from mailer.base import audit
from mailer.base.database import together
from mailer.base.errors import NotFound
from mailer.base.tables import SubscriberId, UtcDateTime
from subscribers.models import Audience, Consent, Subscriber, Subscription

LIVE = ("subscribed", "unconfirmed")
_PERSON: BindParameter[SubscriberId] = bindparam("person")
# Locked first, so that of two who press at once the second sees the first's outcome.
_LOCK = select(Subscriber.status).where(Subscriber.id == _PERSON).with_for_update()
_STATES = (
    select(Audience.id, Audience.slug, Subscription.state)
    .outerjoin_from(
        Audience, Subscription, (Subscription.audience_id == Audience.id) & (Subscription.subscriber_id == _PERSON)
    )
    .order_by(Audience.id)
)
_MEANT = (
    Subscription.subscriber_id == _PERSON,
    Subscription.audience_id.in_(bindparam("audiences", expanding=True)),
    Subscription.state.in_(LIVE),
)
_LEAVE = update(Subscription).where(*_MEANT).values(state="unsubscribed", since=bindparam("now"))
_SET = (
    update(Subscriber)
    .where(Subscriber.id == _PERSON)
    .values(status=bindparam("new_status"), updated_at=bindparam("now"))
)
_COLUMNS = ("subscriber_id", "audience_id", "deed", "wording", "source", "at")
_HOW = (bindparam("wording", type_=Text()), bindparam("source", type_=String()), bindparam("now", type_=UtcDateTime()))
_RECORD = (
    insert(Consent)
    .from_select(
        _COLUMNS,
        select(
            Subscription.subscriber_id,
            Subscription.audience_id,
            case((Subscription.state == "subscribed", "withdrew"), else_="declined"),
            *_HOW,
        ).where(*_MEANT),
    )
    .inline()
)
_RECORD_ALL = (
    insert(Consent)
    .values(subscriber_id=_PERSON, audience_id=None, deed="withdrew", wording=_HOW[0], source=_HOW[1], at=_HOW[2])
    .inline()
)


def unsubscribe(
    session: Session,
    subscriber_id: SubscriberId,
    *,
    audience_slugs: Sequence[str] | None,
    now: datetime,
    source: str,
    reason: str = "",
    actor: str = "subscriber",
) -> tuple[str, ...]:
    """Leave these audiences, or with None everything; what was left, for an undo. Idempotent.

    Who has no live audience any more has left everything.

    Raises:
        NotFound: there is no such person or audience.
    """
    session.flush()
    connection = session.connection()
    status = connection.execute(_LOCK, {"person": subscriber_id}).scalar_one_or_none()
    if status is None:
        raise NotFound("there is no such person (any more)", do="sign up again, or ask the sender")
    states = connection.execute(_STATES, {"person": subscriber_id}).all()
    meant = _known(audience_slugs, [slug for _, slug, _ in states])
    live = [(audience_id, slug) for audience_id, slug, state in states if state in LIVE]
    left = [(audience_id, slug) for audience_id, slug in live if slug in meant]
    leaves_all = (audience_slugs is None or len(left) == len(live)) and status != "unsubscribed"
    if not (left or leaves_all):
        return ()
    slugs = tuple(slug for _, slug in left)
    what = {
        "person": subscriber_id,
        "audiences": [audience_id for audience_id, _ in left],
        "new_status": "unsubscribed" if leaves_all else status,
        "wording": reason,
        "source": source[:200],
        "now": now,
    }
    detail = f"{source}: {' '.join(slugs) if audience_slugs is not None else 'everything'}"
    with together(session):
        if left:
            connection.execute(_RECORD, what)
            connection.execute(_LEAVE, what)
        if leaves_all:
            connection.execute(_RECORD_ALL, what)
        connection.execute(_SET, what)
        audit.note(
            session, actor=actor, deed="unsubscribed", subject=f"subscriber {subscriber_id}", now=now, detail=detail
        )
    session.expire_all()  # what was loaded before knows nothing of this
    return slugs


def _known(slugs: Sequence[str] | None, all_slugs: Sequence[str]) -> set[str]:
    """The audiences that are meant: all where none is named."""
    if slugs is None:
        return set(all_slugs)
    for slug in slugs:
        if slug not in all_slugs:
            raise NotFound(f"there is no audience {slug!r}", do=f"use one of {', '.join(all_slugs)}")
    return set(slugs)
