"""How fast a campaign goes, and when it will be done: from what each who sends writes down about once a second."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import Executable, Table, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from mailer.base.tables import CampaignId
from mailer.campaigns import CampaignRow
from mailer.delivery.models import SendingMinute
from mailer.delivery.progress import Counts

OUTCOMES = ("accepted", "deferred", "refused", "uncertain", "skipped")
WINDOW_MINUTES = 2

_rows: Table = SendingMinute.metadata.tables["sending_minutes"]


@dataclass(frozen=True, slots=True)
class Throughput:
    """Messages that the relay answered, a second, in the last minutes; and when the rest will be done at that rate.

    What waits for a deferral's time, or is held back, may make it later.
    """

    rate: float
    finishes_at: datetime | None


def tally(session: Session, campaign_id: CampaignId, came: Mapping[str, int], *, now: datetime) -> None:
    """Add to this minute of a campaign what came of its messages since the last time, by the names of `OUTCOMES`."""
    counts = {name: came.get(name, 0) for name in OUTCOMES}
    if not any(counts.values()):
        return
    session.execute(
        _adding(session.get_bind().dialect.name), {"campaign_id": campaign_id, "minute": _minute(now)} | counts
    )


@cache
def _adding(dialect: str) -> Executable:
    statement = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(_rows)
    more = {name: _rows.c[name] + statement.excluded[name] for name in OUTCOMES}
    return statement.on_conflict_do_update(index_elements=["campaign_id", "minute"], set_=more)


def throughput(session: Session, campaign: CampaignRow, counts: Counts, *, now: datetime) -> Throughput:
    """How fast a campaign has gone lately; `counts` are its recipients by what became of them."""
    first = _minute(now) - WINDOW_MINUTES + 1
    answered = sum((_rows.c[name] for name in OUTCOMES[1:4]), _rows.c.accepted)
    query = select(func.sum(answered), func.min(_rows.c.minute)).where(
        _rows.c.campaign_id == campaign.id, _rows.c.minute >= first
    )
    found = session.execute(query).one()
    if not found[0] or campaign.state not in ("preparing", "sending"):
        return Throughput(0.0, None)
    began = datetime.fromtimestamp(found[1] * 60, now.tzinfo)
    if campaign.started_at is not None:
        began = max(began, campaign.started_at)
    rate = int(found[0]) / max(1.0, (now - began).total_seconds())
    left = counts.total - counts.done
    return Throughput(round(rate, 3), now + timedelta(seconds=left / rate) if left else None)


def outcomes_until_now(session: Session) -> dict[str, int]:
    """What came of all messages of all campaigns, by the names of `OUTCOMES`."""
    found = session.execute(select(*(func.coalesce(func.sum(_rows.c[name]), 0) for name in OUTCOMES))).one()
    return {name: int(count) for name, count in zip(OUTCOMES, found, strict=True)}


def _minute(now: datetime) -> int:
    return int(now.timestamp()) // 60
