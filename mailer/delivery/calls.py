"""Which batches there is work in: what may be claimed, what the queue should be told of, what nobody holds any more."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Table, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session

from mailer import campaigns
from mailer.base.tables import BatchId, CampaignId
from mailer.delivery.models import Batch

HINT_AGAIN = timedelta(seconds=30)
HINTS_AT_ONCE = 32
"""So many batches are called out to the queue and not yet claimed, at most, so that a slow relay does not fill it."""

_batches: Table = Batch.metadata.tables["batches"]


def can_be_claimed(session: Session, now: datetime) -> ColumnElement[bool]:
    """True in SQL of a batch that waits and is due, or whose lease ran out, of a campaign that is being sent.

    While a first wave is out, only its batches.
    """
    waiting = and_(_batches.c.state == "waiting", _batches.c.due_at <= now)
    run_out = and_(_batches.c.state == "leased", _batches.c.leased_until <= now)
    live = campaigns.working(session)
    whole = _batches.c.campaign_id.in_([campaign.id for campaign in live if not campaign.canary])
    first_waves = [
        and_(_batches.c.campaign_id == campaign.id, _batches.c.last <= campaign.canary)
        for campaign in live
        if campaign.canary
    ]
    return and_(or_(whole, *first_waves), or_(waiting, run_out))


def call_out(session: Session, *, now: datetime) -> tuple[BatchId, ...]:
    """Batches that the queue should be told of: due or run out, and not called out a moment ago."""
    recent = now - HINT_AGAIN
    waiting_calls = select(func.count()).where(_batches.c.state == "waiting", _batches.c.hinted_at > recent)
    room = HINTS_AT_ONCE - session.execute(waiting_calls).scalar_one()
    if room <= 0:
        return ()
    query = (
        select(_batches.c.id)
        .where(can_be_claimed(session, now), or_(_batches.c.hinted_at.is_(None), _batches.c.hinted_at <= recent))
        .order_by(_batches.c.due_at, _batches.c.id)
        .limit(room)
        .with_for_update(skip_locked=True)
    )
    called = tuple(session.execute(query).scalars())
    if called:
        session.execute(update(_batches).where(_batches.c.id.in_(called)).values(hinted_at=now))
    return called


def is_finished(session: Session, campaign_id: CampaignId) -> bool:
    """Whether no batch of the campaign has anything left to do."""
    unfinished = and_(_batches.c.campaign_id == campaign_id, _batches.c.state.in_(("waiting", "leased")))
    return not session.execute(select(exists().where(unfinished))).scalar_one()
