"""What was sent to one person, as far as the ledger remembers."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.base.tables import CampaignId, SubscriberId
from mailer.delivery.models import Delivery


class SentLetter(NamedTuple):
    """A message that somebody was to get, what became of it, and since when; `at` is empty while nothing was tried."""

    campaign_id: CampaignId
    state: str
    reason: str
    at: datetime | None


def letters_to(session: Session, subscriber_id: SubscriberId) -> list[SentLetter]:
    """Everything that was enlisted for a person, the oldest campaign first."""
    query = select(Delivery.campaign_id, Delivery.state, Delivery.reason, Delivery.updated_at)
    mine = query.where(Delivery.subscriber_id == subscriber_id).order_by(Delivery.campaign_id)
    return [SentLetter(*row) for row in session.execute(mine)]
