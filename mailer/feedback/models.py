"""The table of events: what happened to a delivery after it was sent."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from mailer.base.tables import Base, BigId, CampaignId, SubscriberId, UtcDateTime

KINDS = ("bounced", "deferred", "complained", "unsubscribed", "clicked", "opened")


class Event(Base):
    """Something that happened, recorded once: `source_key` names where it was read, such as a message's digest."""

    __tablename__ = "feedback_events"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS!r}", name="kind"),
        Index("ix_feedback_events_campaign", "campaign_id", "kind"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    campaign_id: Mapped[CampaignId | None] = mapped_column(ForeignKey("campaigns.id", ondelete="SET NULL"))
    subscriber_id: Mapped[SubscriberId | None] = mapped_column(
        ForeignKey("subscribers.id", ondelete="SET NULL"), index=True
    )
    number: Mapped[int | None] = mapped_column(BigId, default=None)
    detail: Mapped[str] = mapped_column(Text, default="")
    source_key: Mapped[str] = mapped_column(String(100), unique=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
