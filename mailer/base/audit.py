"""The audit log: one row for every change of state, written in the transaction that makes the change."""

from datetime import datetime

from sqlalchemy import String, Text, delete, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from mailer.base.tables import Base, BigId, UtcDateTime


class AuditEntry(Base):
    """Who did what to what, when, from where."""

    __tablename__ = "audit_log"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    actor: Mapped[str] = mapped_column(String(200))
    deed: Mapped[str] = mapped_column(String(100))
    subject: Mapped[str] = mapped_column(String(200), index=True)
    detail: Mapped[str] = mapped_column(Text, default="")


_ADD = insert(AuditEntry).inline()  # nobody asks for the line's number


def note(session: Session, *, actor: str, deed: str, subject: str, now: datetime, detail: str = "") -> None:
    """Write down a deed.

    Args:
        actor: who and from where: `user 3`, `cli`, `subscriber`, `sweep`; never an address.
        deed: past tense, such as `campaign_scheduled`.
        subject: what it was done to, such as `campaign 7` or `subscriber 12`.
    """
    # Not as an object: one more line a deed is the most that the log should cost.
    row = {"at": now, "actor": actor, "deed": deed, "subject": subject, "detail": detail}
    session.connection().execute(_ADD, row)


def drop_entries(session: Session, *, before: datetime) -> int:
    """Forget the lines from before a moment; how many."""
    return len(session.scalars(delete(AuditEntry).where(AuditEntry.at < before).returning(AuditEntry.id)).all())


def entries(
    session: Session, *, since: datetime | None = None, subject: str | None = None, limit: int = 1000
) -> list[AuditEntry]:
    """The newest entries, newest first."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if since is not None:
        query = query.where(AuditEntry.at >= since)
    if subject is not None:
        query = query.where(AuditEntry.subject == subject)
    return list(session.scalars(query))
