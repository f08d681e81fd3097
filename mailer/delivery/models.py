"""The tables of delivery: the ledger, one row for each recipient of a campaign, and the batches that own ranges of it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, SmallInteger, String, Text, UniqueConstraint
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
    On PostgreSQL its references are looked after a statement at a time, by triggers (decision 0027), and its pages have room
    for the two changes of each row (decision 0018).
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
    `address`: where it goes, if not to the person's own, such as the old one after a change; `change_id`: which change.
    """

    __tablename__ = "notices"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    subscriber_id: Mapped[SubscriberId] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"), index=True)
    change_id: Mapped[int] = mapped_column(BigId, default=0, server_default="0")
    address: Mapped[str] = mapped_column(String(320), default="", server_default="")
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Allowance(Base):
    """What all workers together have taken of a limit in one slice of time: a second of a rate, a day of a warm-up.

    `of` names the limit, such as `relay mx.example.org:587 a second`; `slice` counts slices since 1970. Workers take
    some at once, a few times a second, never one for each message.
    """

    __tablename__ = "allowances"

    of: Mapped[str] = mapped_column(String(300), primary_key=True)
    slice: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    taken: Mapped[int] = mapped_column(default=0)
    until: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class DomainStanding(Base):
    """What was learned of a recipient domain that has deferred us; without a row there is nothing to mind.

    `rate` is messages a second for all workers together. Until `closed_until` nothing is sent there; `trips` is how often
    in a row that was found necessary, and `closed_since` when it began. `reason` is what the domain said last.
    """

    __tablename__ = "domain_standings"

    domain: Mapped[str] = mapped_column(String(255), primary_key=True)
    rate: Mapped[float] = mapped_column(Float)
    trips: Mapped[int] = mapped_column(SmallInteger, default=0)
    closed_until: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    closed_since: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    deferred_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text, default="")


class SendingMinute(Base):
    """What came of a campaign's messages in one minute (`minute` counts those since 1970), for its rate and the metrics.

    Written about once a second by each who sends; the ledger is what counts.
    """

    __tablename__ = "sending_minutes"

    campaign_id: Mapped[CampaignId] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True)
    minute: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    accepted: Mapped[int] = mapped_column(default=0)
    deferred: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    uncertain: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
