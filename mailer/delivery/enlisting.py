"""Enlisting: the recipients of a campaign get their rows of the ledger, and batches that own them, chunk by chunk."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Table, func, insert, literal, select
from sqlalchemy.orm import Session

from mailer.base.tables import AudienceId, CampaignId, SubscriberId
from mailer.delivery.models import Batch, Delivery
from subscribers.audiences import recipients
from subscribers.narrowing import EVERYBODY, Narrowing

_rows: Table = Delivery.metadata.tables["deliveries"]
_batches: Table = Batch.metadata.tables["batches"]


def enlist(
    session: Session,
    campaign_id: CampaignId,
    audience_ids: Sequence[AudienceId],
    *,
    after: int,
    last: SubscriberId,
    batch_size: int,
    now: datetime,
    first_wave: int = 0,
    narrowing: Narrowing = EVERYBODY,
) -> int:
    """Give the recipients among the subscribers after `after`, up to `last`, their rows, and batches that own the rows.

    No batch reaches over the end of the first wave. Returns how many there are.
    """
    base = _last_number(session, campaign_id)
    people = recipients(audience_ids, now=now, among=(after + 1, last), narrowing=narrowing).subquery()
    numbered = select(
        literal(campaign_id),
        literal(base) + func.row_number().over(order_by=people.c.subscriber_id),
        people.c.subscriber_id,
        people.c.mask,
    )
    columns = ["campaign_id", "number", "subscriber_id", "mask"]
    session.execute(insert(_rows).from_select(columns, numbered, include_defaults=False))
    end = _last_number(session, campaign_id)
    if end > base:
        session.execute(
            insert(_batches),
            [
                {
                    "campaign_id": campaign_id,
                    "first": first,
                    "last": last_number,
                    "state": "waiting",
                    "fence": 0,
                    "holder": "",
                    "due_at": now,
                }
                for first, last_number in _ranges(base + 1, end, batch_size, first_wave)
            ],
        )
    return end - base


def _ranges(first: int, end: int, size: int, first_wave: int) -> Iterator[tuple[int, int]]:
    while first <= end:
        last = min(first + size - 1, end)
        if first <= first_wave < last:
            last = first_wave
        yield first, last
        first = last + 1


def _last_number(session: Session, campaign_id: CampaignId) -> int:
    query = select(func.max(_rows.c.number)).where(_rows.c.campaign_id == campaign_id)
    return session.execute(query).scalar_one() or 0
