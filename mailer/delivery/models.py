"""The tables of delivery: the ledger, one row for each recipient of a campaign, and the batches that own ranges of it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from mailer.base.tables import Base, BatchId, BigId, CampaignId, SubscriberId, UtcDateTime

DELIVERY_STATES = ("pending", "sending", "sent", "failed", "skipped", "uncertain")
BATCH_STATES = ("waiting", "leased", "done")


class Delivery(Base):
    """One recipient of one campaign.

    `number` is dense within its campaign, from 1. It holds no address and no name: those are looked up when it is sent,
    so that an opt-out, a correction or an erasure takes effect on every message not yet handed to a relay.
    `mask` is the set of audiences it was enlisted for (bit i: the campaign's audience i).
    `was_uncertain`: a worker died while its answer was in flight; it may have been received twice.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("subscriber_id", "campaign_id"),  # in this order it finds a person's deliveries too
        CheckConstraint(f"state IN {DELIVERY_STATES!r}", name="state"),
        {"sqlite_with_rowid": False},
    )

    campaign_id: Mapped[CampaignId] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    subscriber_id: Mapped[SubscriberId | None] = mapped_column(ForeignKey("subscribers.id", ondelete="SET NULL"))
    mask: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[str] = mapped_column(String(9), default="pending", server_default="pending")
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    was_uncertain: Mapped[bool] = mapped_column(default=False, server_default="0")
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


class Batch(Base):
    """A range of the ledger, the unit of work of one task.

    Claiming it is one compare-and-set of `state` and `fence`. `leased_until` is renewed with every group of results;
    a lease that ran out is taken over, and the old holder's fencing number no longer writes anything.
    `due_at`: when it is to be worked on next (deferred rows wait in it); `done` has no row left to try.
    `hinted_at`: when the queue was last told of it, so that a slow relay does not fill the queue with repetitions.
    `failures`: how often in a row the relay could not be reached from it.
    """

    __tablename__ = "batches"
    __table_args__ = (
        CheckConstraint(f"state IN {BATCH_STATES!r}", name="state"),
        Index("ix_batches_work", "state", "due_at"),
        Index("ix_batches_campaign", "campaign_id", "state"),
    )

    id: Mapped[BatchId] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[CampaignId] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    first: Mapped[int] = mapped_column(BigId)
    last: Mapped[int] = mapped_column(BigId)
    state: Mapped[str] = mapped_column(String(7), default="waiting")
    fence: Mapped[int] = mapped_column(default=0)
    holder: Mapped[str] = mapped_column(String(200), default="")
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    hinted_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    failures: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")


class Notice(Base):
    """A single message to one person that waits to be sent, such as the one that asks to confirm; gone once it was sent.

    `due_at`: when it is to be tried next; a worker that takes it moves this on before it speaks to the relay.
    """

    __tablename__ = "notices"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    subscriber_id: Mapped[SubscriberId] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"), index=True)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
