"""The tables of people: who they are, what they asked for, what they agreed to, and who is never to be mailed."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from mailer.base.tables import MAY_NAME_PEOPLE, AudienceId, Base, BigId, SubscriberId, UtcDateTime


class Subscriber(Base):
    """A person with an address.

    `address` is as written and is what mail goes to; `address_key` is what makes it one person. `status` is the person's
    own, above all audiences: `unsubscribed` has left everything. Suppression is a table of its own, and wins. `consented_at`
    is when they agreed to what a `SharedConsent` says of them, where the file that brought them tells it; it never changes.
    """

    __tablename__ = "subscribers"
    __table_args__ = (
        CheckConstraint("status IN ('unconfirmed', 'subscribed', 'unsubscribed')", name="status"),
        # An id is never given twice: the links of an erased person must not open another one's page.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[SubscriberId] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(22), unique=True)
    address: Mapped[str] = mapped_column(String(320))
    address_key: Mapped[str] = mapped_column(String(320), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    language: Mapped[str] = mapped_column(String(35), default="")
    zone: Mapped[str] = mapped_column(String(64), default="")
    attributes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    status: Mapped[str] = mapped_column(String(12), default="unconfirmed")
    paused_until: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    consented_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Audience(Base):
    """A named segment that a person can join. `is_public`: offered on the pages and shown in the archive."""

    __tablename__ = "audiences"

    id: Mapped[AudienceId] = mapped_column(BigId, primary_key=True)
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    is_public: Mapped[bool] = mapped_column(default=True)
    double_opt_in: Mapped[bool] = mapped_column(default=True)
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


class Subscription(Base):
    """A person in an audience; state and the moment since which it holds.

    On PostgreSQL its references are looked after a statement at a time, by triggers (decision 0021).
    """

    __tablename__ = "subscriptions"
    __table_args__ = (
        CheckConstraint("state IN ('unconfirmed', 'subscribed', 'unsubscribed')", name="state"),
        Index("ix_subscriptions_audience", "audience_id", "state"),
        {"sqlite_with_rowid": False},
    )

    subscriber_id: Mapped[SubscriberId] = mapped_column(
        ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True
    )
    audience_id: Mapped[AudienceId] = mapped_column(ForeignKey("audiences.id", ondelete="RESTRICT"), primary_key=True)
    state: Mapped[str] = mapped_column(String(12), default="unconfirmed")
    since: Mapped[datetime] = mapped_column(UtcDateTime)


class Consent(Base):
    """One line of the append-only log of what was agreed to or withdrawn.

    `audience_id` None is about everything; `wording` is the text agreed to, with its version; `source` tells how and from
    where: `import people.csv`, `page`, `one-click`, `api`.
    """

    __tablename__ = "consents"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subscriber_id: Mapped[SubscriberId] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"), index=True)
    audience_id: Mapped[AudienceId | None] = mapped_column(
        ForeignKey("audiences.id", ondelete="RESTRICT"), default=None
    )
    deed: Mapped[str] = mapped_column(String(20))
    wording: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class SharedConsent(Base):
    """One line of the same log that is true of many: of everyone whose id lies from `first_id` to `last_id`.

    An import writes one for the people of a chunk who all agreed to the same, where a million lines would say it a million
    times. They are new people: this is the first line of each. `at` is true of whoever has no `consented_at` of their own.
    """

    __tablename__ = "shared_consents"
    __table_args__ = (CheckConstraint("first_id <= last_id", name="range"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    first_id: Mapped[SubscriberId] = mapped_column(BigId, index=True)
    last_id: Mapped[SubscriberId] = mapped_column(BigId)
    audience_id: Mapped[AudienceId | None] = mapped_column(
        ForeignKey("audiences.id", ondelete="RESTRICT"), default=None
    )
    deed: Mapped[str] = mapped_column(String(20))
    wording: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)


_SUBJECTS = ("address_key", "address_hash", "domain")


class Suppression(Base):
    """An address, or a whole domain, never to be mailed.

    Exactly one of `address_key`, `address_hash` (after erasure) and `domain` is set.
    """

    __tablename__ = "suppressions"
    __table_args__ = (
        CheckConstraint(
            " + ".join(f"CASE WHEN {name} IS NULL THEN 0 ELSE 1 END" for name in _SUBJECTS) + " = 1", name="one_subject"
        ),
        UniqueConstraint("address_key"),
        UniqueConstraint("address_hash"),
        UniqueConstraint("domain"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    address_key: Mapped[str | None] = mapped_column(String(320), default=None)
    address_hash: Mapped[str | None] = mapped_column(String(64), default=None)
    domain: Mapped[str | None] = mapped_column(String(255), default=None)
    reason: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(String(200), default="")
    since: Mapped[datetime] = mapped_column(UtcDateTime)


class WaitingSignUp(Base):
    """What somebody wrote into a sign-up form, for the moment until it is carried out; nobody's row points at it."""

    __tablename__ = "sign_ups"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    address: Mapped[str] = mapped_column(String(320))
    name: Mapped[str] = mapped_column(String(200), default="")
    language: Mapped[str] = mapped_column(String(35), default="")
    audiences: Mapped[list[str]] = mapped_column(JSON)
    wording: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class AddressChange(Base):
    """A new address that a subscriber asked for, until the link sent there is used; the newest of a person counts."""

    __tablename__ = "address_changes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subscriber_id: Mapped[SubscriberId] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"), index=True)
    address: Mapped[str] = mapped_column(String(320))
    address_key: Mapped[str] = mapped_column(String(320))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Segment(Base):
    """A saved filter over people, for the manager; `filter` is in the language of `segments.py`."""

    __tablename__ = "segments"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    filter: Mapped[str] = mapped_column(Text, info=MAY_NAME_PEOPLE)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Attribute(Base):
    """A declared attribute: a name that people can have a value of, and the type of the values."""

    __tablename__ = "attributes"
    __table_args__ = (CheckConstraint("kind IN ('text', 'number', 'date', 'yes-no')", name="kind"),)

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    kind: Mapped[str] = mapped_column(String(6), default="text")
    label: Mapped[str] = mapped_column(String(200), default="")


class Import(Base):
    """A file of people that was uploaded, and what became of it. `fence` and `leased_until` are the worker's lease.

    `tries` counts how often its work was begun since it was ordered.
    """

    __tablename__ = "imports"
    __table_args__ = (
        CheckConstraint("state IN ('uploaded', 'waiting', 'running', 'looked', 'done', 'failed')", name="state"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(22), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(8), index=True)
    columns: Mapped[list[list[str]]] = mapped_column(JSON, default=list)
    audiences: Mapped[list[str]] = mapped_column(JSON, default=list)
    mapping: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    consent: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[str] = mapped_column(String(12), default="unconfirmed")
    is_dry_run: Mapped[bool] = mapped_column(default=True)
    rows_read: Mapped[int] = mapped_column(default=0)
    share: Mapped[float] = mapped_column(default=0.0)
    report: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    error: Mapped[str] = mapped_column(Text, default="")
    actor: Mapped[str] = mapped_column(String(200))
    fence: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ImportPart(Base):
    """A piece of an uploaded file, or of the file of its refused rows (`kind`)."""

    __tablename__ = "import_parts"
    __table_args__ = (CheckConstraint("kind IN ('file', 'rejected')", name="kind"),)

    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
