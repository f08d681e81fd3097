"""What an operator watches beside the campaigns: work that waits, domains that are slowed down, limits that are used up."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer import campaigns
from mailer.delivery.models import Allowance, Batch, DomainStanding, Notice
from mailer.delivery.pacing.allowances import DAY
from mailer.delivery.throughput import outcomes_until_now


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts and seconds; each is a metric of the same meaning."""

    outcomes: dict[str, int]
    """Answers of relays since the beginning, by kind."""
    waiting: int
    """Batches of campaigns at work that are due and that nobody works on."""
    leased: int
    """Batches that a worker holds."""
    late_seconds: float
    """How long the oldest of those that wait has been due."""
    notices: int
    """Single messages, such as confirmations, that wait."""
    domain_rates: dict[str, float]
    """Messages a second that a domain which has deferred us gets; 0 while it is closed."""
    warm_up_taken: dict[str, int]
    """Messages of today's warm-up that are taken, by relay."""


def figures(session: Session, *, now: datetime) -> Figures:
    """How things stand."""
    live = [campaign.id for campaign in campaigns.working(session)]
    due = (Batch.campaign_id.in_(live), Batch.state == "waiting", Batch.due_at <= now)
    waiting, oldest = session.execute(select(func.count(), func.min(Batch.due_at)).where(*due)).one()
    leased = session.scalar(select(func.count()).select_from(Batch).where(Batch.state == "leased"))
    today = select(Allowance.of, Allowance.taken).where(
        Allowance.of.endswith(" a day"), Allowance.slice == int(now.timestamp()) // DAY
    )
    return Figures(
        outcomes=outcomes_until_now(session),
        waiting=waiting,
        leased=leased or 0,
        late_seconds=_seconds_since(oldest, now),
        notices=session.scalar(select(func.count()).select_from(Notice)) or 0,
        domain_rates={
            row.domain: 0.0 if row.closed_until is not None and row.closed_until > now else row.rate
            for row in session.scalars(select(DomainStanding))
        },
        warm_up_taken={of.removeprefix("relay ").removesuffix(" a day"): taken for of, taken in session.execute(today)},
    )


def _seconds_since(oldest: datetime | None, now: datetime) -> float:
    if oldest is None:
        return 0.0
    # SQLite's min() forgets the zone that the column would have given back.
    return (now - (oldest if oldest.tzinfo is not None else oldest.replace(tzinfo=now.tzinfo))).total_seconds()
