"""What an operator watches beside the campaigns: work that waits, domains that are slowed down, limits that are used up."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from mailer import campaigns
from mailer.delivery.models import Allowance, Batch, DomainStanding, Notice, SendingMinute
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
    """How long batches have been due that nobody works off; 0 while somebody sends, however many still wait for him."""
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
        late_seconds=_idle_seconds(session, oldest, now),
        notices=session.scalar(select(func.count()).select_from(Notice)) or 0,
        domain_rates={
            row.domain: 0.0 if row.closed_until is not None and row.closed_until > now else row.rate
            for row in session.scalars(select(DomainStanding))
        },
        warm_up_taken={of.removeprefix("relay ").removesuffix(" a day"): taken for of, taken in session.execute(today)},
    )


def _idle_seconds(session: Session, oldest: datetime | None, now: datetime) -> float:
    if oldest is None or session.scalar(select(exists().where(Batch.state == "leased", Batch.leased_until > now))):
        return 0.0
    # Between two batches nobody holds one: whoever has sent in this minute or the last is there.
    minute = session.scalar(select(func.max(SendingMinute.minute)).where(SendingMinute.minute <= now.timestamp() // 60))
    sent_at = datetime.fromtimestamp(60 * (minute + 1) if minute else 0, now.tzinfo)
    # SQLite's min() forgets the zone that the column would have given back.
    due_at = oldest if oldest.tzinfo is not None else oldest.replace(tzinfo=now.tzinfo)
    return max(0.0, (now - max(due_at, sent_at)).total_seconds())
