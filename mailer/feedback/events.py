"""Events: recorded once, and acted on in the same transaction."""

from datetime import datetime

from sqlalchemy import bindparam, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mailer.base.tables import CampaignId, SubscriberId, UtcDateTime
from mailer.feedback.models import Event
from subscribers import person_by_id, suppress, unsubscribe

OPT_OUT = "opt-out:"
"""How the key of an event begins that somebody left by a letter's link."""


def record(
    session: Session,
    kind: str,
    *,
    source_key: str,
    now: datetime,
    campaign_id: CampaignId | None = None,
    subscriber_id: SubscriberId | None = None,
    number: int | None = None,
    detail: str = "",
) -> bool:
    """Record an event and act on it; False where this very one was recorded before.

    A hard bounce and a complaint end the mail to that address; a complaint takes the person off every list too.

    Args:
        kind: `bounced` (for good), `deferred`, `complained`, `unsubscribed`, `clicked`, `opened`.
        source_key: the same each time that the same thing is told.
    """
    event = Event(
        kind=kind,
        campaign_id=campaign_id,
        subscriber_id=subscriber_id,
        number=number,
        detail=detail,
        source_key=source_key,
        at=now,
    )
    if not _is_new(session, event):
        return False
    person = person_by_id(session, subscriber_id, now=now) if subscriber_id is not None else None
    if person is not None and kind == "bounced":
        suppress(session, person.email, reason="bounced", source="bounce", now=now)
    if person is not None and kind == "complained":
        suppress(session, person.email, reason="complained", source="complaint", now=now)
        unsubscribe(session, person.id, audience_slugs=None, now=now, source="complaint")
    session.flush()
    return True


def _is_new(session: Session, event: Event) -> bool:
    """Write an event down, unless it is known; of two who do it at once, one is told so."""
    known = select(Event.id).where(Event.source_key == event.source_key)
    if session.scalar(known) is not None:
        return False
    try:
        with session.begin_nested():
            session.add(event)
    except IntegrityError:
        if session.scalar(known) is None:
            raise
        return False
    return True


def record_opt_out(session: Session, campaign_id: CampaignId, subscriber_id: SubscriberId, *, now: datetime) -> None:
    """Write down that a letter's link was used to leave; pressed twice, it counts once.

    One statement, and no more to be done: they have left already.
    """
    row = {
        "campaign_id": campaign_id or None,
        "subscriber_id": subscriber_id,
        "source_key": f"{OPT_OUT}{campaign_id}:{subscriber_id}",
        "at": now,
    }
    session.connection().execute(_OPT_OUT, row)


_OPT_OUT = text(
    "INSERT INTO feedback_events (kind, campaign_id, subscriber_id, detail, source_key, at)"
    " VALUES ('unsubscribed', :campaign_id, :subscriber_id, '', :source_key, :at) ON CONFLICT (source_key) DO NOTHING"
).bindparams(bindparam("at", type_=UtcDateTime()))
