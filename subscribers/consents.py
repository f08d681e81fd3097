"""The log of consent: what was agreed to or withdrawn, when, how, and in which words; it is only ever added to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.base.tables import AudienceId, SubscriberId
from subscribers.models import Audience, Consent

# asked: signed up, not yet confirmed. declined: left without ever having confirmed.
Deed = Literal["asked", "agreed", "withdrew", "declined", "paused", "unpaused", "moved"]


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """One line of the log; `audience` is empty where everything is meant."""

    at: datetime
    deed: str
    audience: str
    wording: str
    source: str


def record(
    session: Session,
    subscriber_id: SubscriberId,
    deed: Deed,
    *,
    audience_id: AudienceId | None = None,
    wording: str = "",
    source: str,
    now: datetime,
) -> None:
    """Add a line to the log."""
    session.add(
        Consent(
            subscriber_id=subscriber_id,
            audience_id=audience_id,
            deed=deed,
            wording=wording,
            source=source[:200],
            at=now,
        )
    )


def list_consents(session: Session, subscriber_id: SubscriberId) -> tuple[ConsentRow, ...]:
    """Everything that a person agreed to or withdrew, oldest first."""
    query = (
        select(Consent.at, Consent.deed, Audience.slug, Consent.wording, Consent.source)
        .outerjoin(Audience, Audience.id == Consent.audience_id)
        .where(Consent.subscriber_id == subscriber_id)
        .order_by(Consent.id)
    )
    return tuple(
        ConsentRow(at, deed, slug or "", wording, source) for at, deed, slug, wording, source in session.execute(query)
    )


def last_consent(session: Session, subscriber_id: SubscriberId, audience_id: AudienceId) -> Consent | None:
    """The newest line about a person and an audience."""
    query = (
        select(Consent)
        .where(Consent.subscriber_id == subscriber_id, Consent.audience_id == audience_id)
        .order_by(Consent.id.desc())
        .limit(1)
    )
    return session.scalar(query)
