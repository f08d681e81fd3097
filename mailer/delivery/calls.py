"""Which batches there is work in: what may be claimed, what the queue should be told of, what nobody holds any more."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Table, and_, bindparam, exists, func, or_, select, update
from sqlalchemy.orm import Session

from mailer import campaigns
from mailer.base.tables import BatchId, CampaignId
from mailer.delivery.models import Batch

HINT_AGAIN = timedelta(seconds=30)
HINTS_AT_ONCE = 32
"""So many batches are called out to the queue and not yet claimed, at most, so that a slow relay does not fill it."""

_batches: Table = Batch.metadata.tables["batches"]


_MOMENT = _batches.c.due_at.type
_NOW = bindparam("now", type_=_MOMENT)
_RECENT = bindparam("recent", type_=_MOMENT)
CAN_BE_CLAIMED: Final = and_(
    campaigns.may_go_out(_batches.c.campaign_id, _batches.c.last),
    or_(
        and_(_batches.c.state == "waiting", _batches.c.due_at <= _NOW),
        and_(_batches.c.state == "leased", _batches.c.leased_until <= _NOW),
    ),
)
"""True in SQL of a batch that waits and is due `now`, or whose lease ran out, of a campaign that is being sent."""
IS_STRANDED: Final = and_(
    ~campaigns.may_go_out(_batches.c.campaign_id, _batches.c.last),
    _batches.c.state == "leased",
    _batches.c.leased_until <= _NOW,
)
"""True in SQL of a batch whose lease ran out and that nobody takes over, for its campaign is paused, cancelled or over."""

_CALLED = select(func.count()).where(_batches.c.state == "waiting", _batches.c.hinted_at > _RECENT)
_TO_CALL = (
    select(_batches.c.id)
    .where(CAN_BE_CLAIMED, or_(_batches.c.hinted_at.is_(None), _batches.c.hinted_at <= _RECENT))
    .order_by(_batches.c.due_at, _batches.c.id)
    .limit(bindparam("room"))
    .with_for_update(skip_locked=True)
)


def call_out(session: Session, *, now: datetime) -> tuple[BatchId, ...]:
    """Batches that the queue should be told of: due or run out, and not called out a moment ago."""
    recent = now - HINT_AGAIN
    room = HINTS_AT_ONCE - session.execute(_CALLED, {"recent": recent}).scalar_one()
    if room <= 0:
        return ()
    called = tuple(session.execute(_TO_CALL, {"now": now, "recent": recent, "room": room}).scalars())
    if called:
        session.execute(update(_batches).where(_batches.c.id.in_(called)).values(hinted_at=now))
    return called


def knock_again(session: Session, *, now: datetime) -> None:
    """Let batches that wait for a relay try it now: whoever begins to work may have been given another, or another plan."""
    waits = (_batches.c.state == "waiting", _batches.c.failures > 0, _batches.c.due_at > now)
    session.execute(update(_batches).where(*waits).values(due_at=now, hinted_at=None))


_IS_UNFINISHED = select(
    exists().where(_batches.c.campaign_id == bindparam("campaign"), _batches.c.state.in_(("waiting", "leased")))
)


def is_finished(session: Session, campaign_id: CampaignId) -> bool:
    """Whether no batch of the campaign has anything left to do."""
    return not session.execute(_IS_UNFINISHED, {"campaign": campaign_id}).scalar_one()
