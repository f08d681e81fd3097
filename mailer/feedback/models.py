"""The tables: what happened to a delivery after it was sent; when the bounce mailbox was read, and what of it."""

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


class BounceMailbox(Base):
    """A mailbox that is read: `key` names it, `not_before` tells when it is read next, or until when somebody reads it."""

    __tablename__ = "bounce_mailboxes"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    not_before: Mapped[datetime] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    error: Mapped[str] = mapped_column(Text, default="")


class ReadMessage(Base):
    """A message that was read of a mailbox which keeps no marks; `uid` is its server's name for it (RFC 1939 §7)."""

    __tablename__ = "bounce_messages_read"

    mailbox: Mapped[str] = mapped_column(String(64), primary_key=True)
    uid: Mapped[str] = mapped_column(String(200), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
