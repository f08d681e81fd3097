"""Whom of a campaign the pace of their domains holds back, for whoever wonders why it stands still."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from mailer.campaigns import CampaignRow
from mailer.delivery.models import Batch, Delivery
from mailer.delivery.pacing.pace import HELD


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Recipients who wait for their domain: how many, until when the first of them, and why most of them."""

    count: int
    until: datetime
    reason: str
    other_reasons: int

    @property
    def why(self) -> str:
        """The reason, and that there are others."""
        return f"{self.reason}; and {self.other_reasons} more" if self.other_reasons else self.reason


def held_back(session: Session, campaign: CampaignRow, *, now: datetime) -> HeldBack | None:
    """Whom of a campaign at work the pace holds back now; None where it is nobody.

    Only batches that were begun and are not done are looked through: before, there is nobody to be found.
    """
    if not campaign.is_at_work:
        return None
    begun = and_(Batch.campaign_id == campaign.id, Batch.state.in_(("waiting", "leased")), Batch.fence > 0)
    in_it = and_(Delivery.campaign_id == campaign.id, Delivery.number.between(Batch.first, Batch.last))
    query = (
        select(Delivery.reason, func.count().label("count"), func.min(Delivery.due_at))
        .select_from(Batch)
        .join(Delivery, in_it)
        .where(begun, Delivery.state.in_(("pending", "uncertain")), Delivery.due_at > now)
        .where(Delivery.reason.startswith(HELD))
        .group_by(Delivery.reason)
        .order_by(func.count().desc(), Delivery.reason)
    )
    found = [(reason, count, due) for reason, count, due in session.execute(query) if due is not None]
    if not found:
        return None
    until = min(due for _, _, due in found)
    return HeldBack(
        count=sum(count for _, count, _ in found),
        until=until.replace(tzinfo=until.tzinfo or now.tzinfo),  # SQLite's min() forgets it
        reason=found[0][0].removeprefix(HELD),
        other_reasons=len(found) - 1,
    )
