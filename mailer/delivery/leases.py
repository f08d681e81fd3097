"""Who works on which batch: leases that run out, and the fencing number that proves them (record 2)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from mailer.base.tables import BatchId, CampaignId
from mailer.delivery.calls import CAN_BE_CLAIMED, IS_STRANDED
from mailer.delivery.models import Batch

LEASE = timedelta(seconds=60)

_batches: Table = Batch.metadata.tables["batches"]
_LEASE = (
    _batches.c.id, _batches.c.campaign_id, _batches.c.first, _batches.c.last, _batches.c.fence, _batches.c.failures,
)  # fmt: skip
_UNTIL = bindparam("until", type_=_batches.c.leased_until.type)


# --- made once, because SQLAlchemy takes longer to make a statement than the database to carry it out --------------------

_TAKE = (
    update(_batches)
    .where(_batches.c.id == bindparam("batch"), CAN_BE_CLAIMED)
    .values(state="leased", fence=_batches.c.fence + 1, leased_until=_UNTIL, holder=bindparam("by"), hinted_at=None)
    .returning(*_LEASE)
)
_TAKE_STRANDED = (
    update(_batches)
    .where(IS_STRANDED)
    .values(fence=_batches.c.fence + 1, leased_until=_UNTIL, holder="")
    .returning(*_LEASE)
)
_NEXT = (
    select(_batches.c.id)
    .where(CAN_BE_CLAIMED)
    .order_by(_batches.c.due_at, _batches.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_RENEW = (
    update(_batches)
    .where(_batches.c.id == bindparam("batch"), _batches.c.fence == bindparam("number"), _batches.c.state == "leased")
    .values(leased_until=_UNTIL)
    .returning(_batches.c.id)
)


@dataclass(frozen=True, slots=True)
class Lease:
    """A batch that is ours for a while; `fence` proves it."""

    batch_id: BatchId
    campaign_id: CampaignId
    first: int
    last: int
    fence: int
    failures: int


def take(session: Session, batch_id: BatchId, *, now: datetime, holder: str) -> Lease | None:
    """Take a batch that waits and is due, or whose lease ran out, of a campaign that is being sent; one statement decides."""
    taken = {"batch": batch_id, "now": now, "until": now + LEASE, "by": holder}
    found = session.execute(_TAKE, taken).one_or_none()
    return None if found is None else Lease(*found)


def take_next(session: Session, *, now: datetime, holder: str) -> Lease | None:
    """Take the batch that has been due longest, of those that nobody else is just taking."""
    batch_id = session.execute(_NEXT, {"now": now}).scalar_one_or_none()
    return None if batch_id is None else take(session, batch_id, now=now, holder=holder)


def take_stranded(session: Session, *, now: datetime) -> tuple[Lease, ...]:
    """Take all batches whose holder was lost and that nobody else will take: to settle what he had under way."""
    return tuple(Lease(*found) for found in session.execute(_TAKE_STRANDED, {"now": now, "until": now + LEASE}))


def renew(session: Session, lease: Lease, *, now: datetime) -> bool:
    """Hold the batch for longer, and lock it until the end of the transaction; False where it is no longer ours."""
    held = {"batch": lease.batch_id, "number": lease.fence, "until": now + LEASE}
    return session.execute(_RENEW, held).scalar_one_or_none() is not None


def free(session: Session, is_over: Callable[[str, Lease], bool], *, now: datetime) -> None:
    """Let those leases run out now whose holder certainly sends nothing any more under them."""
    query = select(_batches.c.holder, *_LEASE).where(_batches.c.state == "leased", _batches.c.leased_until > now)
    for holder, *columns in session.execute(query).all():
        lease = Lease(*columns)
        if is_over(holder, lease):
            same = (_batches.c.id == lease.batch_id, _batches.c.fence == lease.fence, _batches.c.state == "leased")
            session.execute(update(_batches).where(*same).values(leased_until=now))
