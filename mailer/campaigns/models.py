"""The tables of campaigns: the revisions of issues, the campaigns, and the letters that were released."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from mailer.base.tables import MAY_NAME_PEOPLE, Base, BigId, CampaignId, RevisionId, UtcDateTime

STATES = ("draft", "scheduled", "preparing", "sending", "paused", "sent", "cancelled", "failed")


class IssueRevision(Base):
    """One state of an issue's files; a change makes a new one. `digest` is over names and contents, `summary` for feeds."""

    __tablename__ = "issue_revisions"

    id: Mapped[RevisionId] = mapped_column(BigId, primary_key=True)
    slug: Mapped[str] = mapped_column(String(200), index=True)
    title: Mapped[str] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text, default="", server_default="")
    main: Mapped[str] = mapped_column(String(500))
    digest: Mapped[str] = mapped_column(String(64), index=True)
    origin: Mapped[str] = mapped_column(String(1000), default="")
    author: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class IssueFile(Base):
    """One file of a revision."""

    __tablename__ = "issue_files"

    revision_id: Mapped[RevisionId] = mapped_column(
        ForeignKey("issue_revisions.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(500), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class Campaign(Base):
    """A letter set, a list and a time.

    `audiences` are slugs in the order that gives a mask its bits. `segments` and `excluded` are slugs of segments: only whom
    one of the first finds gets it, and nobody whom one of the second does; `filters` are their texts by slug: of a draft as
    it was made, else as the release approved them. `release_hash` names what was approved; `reason` says
    why it is paused; `resumes_to` is the state that a pause interrupted. `enlisted_to` is the last subscriber
    id that freezing has reached, None before; `is_enlisted` says that freezing is complete. `canary` is the size of the
    first wave that the rest waits for, 0 once it does not; `canary_until` is when the wave is judged, None while it leaves.
    `despite_refusals` says that a manager has looked: recipients whom the relay refuses are not there, however many.
    """

    __tablename__ = "campaigns"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES!r}", name="state"),
        CheckConstraint("uncertain_rule IN ('resend', 'leave')", name="uncertain_rule"),
        Index("ix_campaigns_due", "state", "scheduled_at"),
    )

    id: Mapped[CampaignId] = mapped_column(BigId, primary_key=True)
    slug: Mapped[str] = mapped_column(String(200), unique=True)
    title: Mapped[str] = mapped_column(Text)
    revision_id: Mapped[RevisionId] = mapped_column(ForeignKey("issue_revisions.id"))
    audiences: Mapped[list[str]] = mapped_column(JSON)
    segments: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    excluded: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    filters: Mapped[dict[str, str]] = mapped_column(JSON, default=dict, server_default="{}", info=MAY_NAME_PEOPLE)
    state: Mapped[str] = mapped_column(String(12), default="draft")
    reason: Mapped[str] = mapped_column(String(40), default="")
    detail: Mapped[str] = mapped_column(Text, default="")
    resumes_to: Mapped[str] = mapped_column(String(12), default="")
    scheduled_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    zone: Mapped[str] = mapped_column(String(64), default="")
    release_hash: Mapped[str] = mapped_column(String(64), default="")
    uncertain_rule: Mapped[str] = mapped_column(String(6), default="resend")
    tested_digest: Mapped[str] = mapped_column(String(64), default="")
    enlisted_to: Mapped[int | None] = mapped_column(default=None, type_=BigId)
    is_enlisted: Mapped[bool] = mapped_column(default=False)
    key_id: Mapped[int | None] = mapped_column(SmallInteger, default=None)
    canary: Mapped[int] = mapped_column(default=0, server_default="0")
    canary_until: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    despite_refusals: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


class ReleasedLetter(Base):
    """One letter of a release: the bytes that were approved are the bytes sent and the bytes archived.

    `mask` tells whose: bit i is set for the campaign's audience i. `content` is the letter with its slots, packed by
    `letters.pack`; `digest` is the SHA-256 of what was packed. Mask 0 is nobody's letter but the archive's web edition.
    """

    __tablename__ = "released_letters"

    campaign_id: Mapped[CampaignId] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True)
    mask: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary)


class Media(Base):
    """A file under the public address: `/media/{name}`; the name is a hash of the content."""

    __tablename__ = "media"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(100))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
