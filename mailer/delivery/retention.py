"""How long the ledger remembers who it was that a message went to."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case, func, select, update

from mailer.base import audit
from mailer.base.database import Database
from mailer.base.tables import CampaignId
from mailer.delivery.models import Delivery

SLICE = 10_000  # rows of the ledger in a transaction


def forget_recipients(database: Database, finished: Sequence[CampaignId], *, now: datetime) -> None:
    """Take the persons out of the ledger of campaigns that are over; counts and reasons stay."""
    for campaign_id in finished:
        _forget(database, campaign_id, now)


def _forget(database: Database, campaign_id: CampaignId, now: datetime) -> None:
    mine = (Delivery.campaign_id == campaign_id, Delivery.subscriber_id.is_not(None))
    with database.read() as session:
        first, last = session.execute(select(func.min(Delivery.number), func.max(Delivery.number)).where(*mine)).one()
    if first is None:
        return
    # A mail server's answer may repeat the address.
    reason = case((Delivery.reason.contains("@"), ""), else_=Delivery.reason)
    for start in range(first, last + 1, SLICE):
        some = Delivery.number.between(start, start + SLICE - 1)
        with database.begin() as session:
            session.execute(update(Delivery).where(*mine, some).values(subscriber_id=None, reason=reason))
    with database.begin() as session:
        audit.note(session, actor="retention", deed="recipients_forgotten", subject=f"campaign {campaign_id}", now=now)
