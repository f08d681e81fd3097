"""The log of consent: what was agreed to or withdrawn, when, how, and in which words; it is only ever added to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from mailer.base.tables import AudienceId, SubscriberId
from subscribers.models import Audience, Consent, SharedConsent, Subscriber

# asked: signed up, not yet confirmed. reminded: asked a second and last time. declined: left without having confirmed.
Deed = Literal["asked", "reminded", "agreed", "withdrew", "declined", "paused", "unpaused", "moved"]

# When a shared line is true of a person: at their own time, where the file that brought them tells one.
_SHARED_AT = func.coalesce(Subscriber.consented_at, SharedConsent.at)


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
    rows = [
        *session.execute(
            _log(SharedConsent, _SHARED_AT)
            .join(Subscriber, is_about(Subscriber.id))
            .where(Subscriber.id == subscriber_id)
        ),
        *session.execute(_log(Consent, Consent.at).where(Consent.subscriber_id == subscriber_id)),
    ]
    return tuple(ConsentRow(at, deed, slug or "", wording, source) for at, deed, slug, wording, source in rows)


def is_about(subscriber_id: SubscriberId | InstrumentedAttribute[SubscriberId]) -> ColumnElement[bool]:
    """Whether a shared line is about a person.

    Ranges do not overlap, so that it is one of those that begin last before them; all that begin before would be many.
    """
    begins = aliased(SharedConsent)
    last_begin = select(func.max(begins.first_id)).where(begins.first_id <= subscriber_id).correlate(Subscriber)
    return and_(SharedConsent.first_id == last_begin.scalar_subquery(), SharedConsent.last_id >= subscriber_id)


def _log(
    table: type[Consent | SharedConsent], at: ColumnElement[datetime] | InstrumentedAttribute[datetime]
) -> Select[datetime, str, str, str, str]:
    return (
        select(at, table.deed, Audience.slug, table.wording, table.source)
        .select_from(table)
        .outerjoin(Audience, Audience.id == table.audience_id)
        .order_by(table.id)
    )


def agreed_at() -> ColumnElement[datetime]:
    """When the person of a row last agreed to anything, in SQL."""
    own = select(func.max(Consent.at)).where(Consent.subscriber_id == Subscriber.id, Consent.deed == "agreed")
    shared = select(func.max(_SHARED_AT)).where(is_about(Subscriber.id), SharedConsent.deed == "agreed")
    # A shared line is the first of a person, so any of their own is newer.
    return func.coalesce(own.scalar_subquery(), shared.scalar_subquery())


def was_reminded(session: Session, subscriber_id: SubscriberId) -> bool:
    """Whether a person has had the one reminder that anybody gets."""
    query = select(Consent.id).where(Consent.subscriber_id == subscriber_id, Consent.deed == "reminded")
    return session.scalar(query.limit(1)) is not None


def has_left(session: Session, subscriber_id: SubscriberId, audience_id: AudienceId) -> bool:
    """Whether a person's own last word about an audience was to leave it: to be asked again, by whoever filled in a form, is none."""
    words = select(Consent.deed).where(
        Consent.subscriber_id == subscriber_id,
        Consent.audience_id == audience_id,
        Consent.deed.in_(("agreed", "withdrew", "declined")),
    )
    return session.scalar(words.order_by(Consent.id.desc()).limit(1)) in {"withdrew", "declined"}


def last_consent(
    session: Session, subscriber_id: SubscriberId, audience_id: AudienceId
) -> Consent | SharedConsent | None:
    """The newest line about a person and an audience."""
    own = select(Consent).where(Consent.subscriber_id == subscriber_id, Consent.audience_id == audience_id)
    found = session.scalar(own.order_by(Consent.id.desc()).limit(1))
    if found is not None:
        return found
    shared = select(SharedConsent).where(is_about(subscriber_id), SharedConsent.audience_id == audience_id)
    return session.scalar(shared.order_by(SharedConsent.id.desc()).limit(1))
