"""Whether the ledger is whole: what no transaction of ours leaves behind, but a broken disk or a hand in the database may."""

from collections.abc import Sequence

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from mailer.base.tables import CampaignId
from mailer.delivery.models import Batch, Delivery


def ledger_faults(session: Session, at_work: Sequence[CampaignId]) -> list[str]:
    """What is wrong with the ledger, a line each.

    Args:
        at_work: the campaigns whose batches are still to be done.
    """
    return [*_gaps(session), *_ranges(session), *_forgotten(session, at_work)]


def _gaps(session: Session) -> list[str]:
    first, last, count = func.min(Delivery.number), func.max(Delivery.number), func.count()
    query = select(Delivery.campaign_id, count, last).group_by(Delivery.campaign_id)
    return [
        f"campaign {campaign_id}: its recipients are numbered up to {last_number}, and there are {rows}"
        for campaign_id, rows, last_number in session.execute(query.having(or_(first != 1, last != count)))
    ]


def _ranges(session: Session) -> list[str]:
    """Batches must own each number from 1 to the last, each once: the first of one follows the last of the one before."""
    before = func.lag(Batch.last, 1, 0).over(partition_by=Batch.campaign_id, order_by=Batch.first)
    batches = select(Batch.campaign_id, Batch.id, Batch.first, before.label("before")).subquery()
    torn = select(batches.c.campaign_id, batches.c.id).where(batches.c.first != batches.c.before + 1)
    ends = select(Batch.campaign_id, func.max(Batch.last).label("last")).group_by(Batch.campaign_id).subquery()
    rows = (
        select(Delivery.campaign_id, func.max(Delivery.number).label("last")).group_by(Delivery.campaign_id).subquery()
    )
    unowned = (
        select(rows.c.campaign_id)
        .outerjoin(ends, ends.c.campaign_id == rows.c.campaign_id)
        .where(or_(ends.c.last.is_(None), ends.c.last != rows.c.last))
    )
    return [
        *(
            f"campaign {campaign_id}: batch {batch_id} does not begin where the one before it ends"
            for campaign_id, batch_id in session.execute(torn)
        ),
        *(f"campaign {campaign_id}: its last recipients are in no batch" for campaign_id in session.scalars(unowned)),
    ]


def _forgotten(session: Session, at_work: Sequence[CampaignId]) -> list[str]:
    """Rows that are still to be sent, in a batch that is done: nobody would ever look at them again."""
    mine = and_(Batch.campaign_id == Delivery.campaign_id, Delivery.number.between(Batch.first, Batch.last))
    query = (
        select(Delivery.campaign_id, func.count())
        .join(Batch, mine)
        .where(Delivery.campaign_id.in_(at_work), Delivery.state.in_(("pending", "sending")), Batch.state == "done")
        .group_by(Delivery.campaign_id)
    )
    return [
        f"campaign {campaign_id}: {count} recipients wait in batches that are done"
        for campaign_id, count in session.execute(query)
    ]
