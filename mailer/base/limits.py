"""How often something may be tried, counted in SQL for all processes; what is counted stands there as a keyed hash only.

The generic cell rate algorithm (ITU-T I.371, appendix A): one moment for each key, moved on by one statement, so that of many
who ask at once no more pass than may.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Float, String, case, delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from mailer.base.tables import Base, insert_into
from mailer.base.tokens import Keys


class Tried(Base):
    """Until when, in seconds since 1970, somebody's share of something is used up."""

    __tablename__ = "limits"

    who: Mapped[str] = mapped_column(String(64), primary_key=True)
    used_until: Mapped[float] = mapped_column(Float(53), index=True)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` within `per` for each one, refilled steadily."""

    name: str
    count: int
    per: timedelta

    def allows(self, session: Session, who: str, *, keys: Keys, now: datetime) -> bool:
        """Whether once more is allowed; asking counts, a refusal does not."""
        at, step = now.timestamp(), self.per.total_seconds() / self.count
        moved = case((Tried.used_until > at, Tried.used_until), else_=at) + step
        # A millisecond is forgiven, because sums of fractions are not exact.
        may = moved <= at + self.per.total_seconds() + 0.001
        asked = insert_into(session, Tried).values(who=keys.keyed_hash(f"{self.name}:{who}"), used_until=at + step)
        asked = asked.on_conflict_do_update(index_elements=[Tried.who], set_={"used_until": moved}, where=may)
        return session.execute(asked.returning(Tried.who)).scalar_one_or_none() is not None


SIGN_UPS_BY_NETWORK: Final = Limit("sign-ups by network", 30, timedelta(minutes=10))
MAILS_TO_ADDRESS: Final = Limit("mails to address", 5, timedelta(days=1))
"""Mails that a stranger can cause: a form that is sent again and again must not fill somebody's mailbox."""
LINKS_BY_NETWORK: Final = Limit("sign-in links by network", 20, timedelta(minutes=10))
LINKS_BY_ADDRESS: Final = Limit("sign-in links by address", 5, timedelta(minutes=10))


def forget(session: Session, *, now: datetime) -> None:
    """Drop what no longer limits anybody."""
    session.execute(delete(Tried).where(Tried.used_until < now.timestamp()))
