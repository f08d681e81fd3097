"""How fast a campaign goes, and when it will be done: from what each who sends writes down about once a second."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Executable, Table, bindparam, func, select
from sqlalchemy.orm import Session

from mailer.base.relay_url import RelaySettings
from mailer.base.tables import CampaignId, insert_of
from mailer.campaigns import CampaignRow
from mailer.delivery.models import Batch, SendingMinute
from mailer.delivery.pacing.plans import done_at, left_today, rate_of
from mailer.delivery.progress import Counts

OUTCOMES = ("accepted", "deferred", "refused", "uncertain", "skipped")
WINDOW_MINUTES = 2

_rows: Table = SendingMinute.metadata.tables["sending_minutes"]
_LAST_DUE = (
    select(Batch.due_at)
    .where(Batch.campaign_id == bindparam("campaign"), Batch.state == "waiting")
    .order_by(Batch.due_at.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Throughput:
    """Messages that the relay answered, a second, in the last minutes; and when the rest will be done.

    That is by how many were settled, for a deferral brings nobody nearer to the end; and not before every batch was due
    again, for its first deliveries that wait. Those that are deferred once more make it later. The relays' warm-up plans are
    minded, as if no other campaign were sent meanwhile. While something else holds the whole campaign up, such as a relay that
    is away, nobody knows; nor of what is a hundred years away.
    """

    rate: float
    finishes_at: datetime | None


def tally(session: Session, campaign_id: CampaignId, came: Mapping[str, int], *, now: datetime) -> None:
    """Add to this minute of a campaign what came of its messages since the last time, by the names of `OUTCOMES`."""
    counts = {name: came.get(name, 0) for name in OUTCOMES}
    if not any(counts.values()):
        return
    added = {"campaign_id": campaign_id, "minute": _minute(now)} | counts
    session.connection().execute(_adding(session.get_bind().dialect.name), added)


@cache
def _adding(dialect: str) -> Executable:
    """Made once: to make it takes ten times as long as to carry it out, with every batch."""
    adding = insert_of(dialect, SendingMinute)
    more = {name: _rows.c[name] + adding.excluded[name] for name in OUTCOMES}
    return adding.on_conflict_do_update(index_elements=["campaign_id", "minute"], set_=more)


def throughput(
    session: Session, campaign: CampaignRow, counts: Counts, *, relays: Sequence[RelaySettings], now: datetime
) -> Throughput:
    """How fast a campaign has gone lately; `counts` are its recipients by what became of them."""
    if campaign.state not in ("preparing", "sending"):
        return Throughput(0.0, None)
    first = _minute(now) - WINDOW_MINUTES + 1
    answered = sum((_rows.c[name] for name in OUTCOMES[1:4]), _rows.c.accepted)
    query = select(func.sum(answered), func.sum(_rows.c.accepted + _rows.c.refused), func.min(_rows.c.minute)).where(
        # Not what a clock that was ahead has left in minutes to come: they would count as one second.
        _rows.c.campaign_id == campaign.id,
        _rows.c.minute.between(first, _minute(now)),
    )
    found = session.execute(query).one()
    began = datetime.fromtimestamp((found[2] or first) * 60, now.tzinfo)
    if campaign.started_at is not None:
        began = max(began, campaign.started_at)
    seconds = max(1.0, (now - began).total_seconds())
    rate, settled, left = int(found[0] or 0) / seconds, int(found[1] or 0), counts.total - counts.done
    today = left_today(session, relays, now=now)
    # What a wait for the next day makes of the pace says nothing of that day's.
    pace = rate_of(relays) if today == 0 else settled / seconds
    finishes_at = None
    if left and pace and (today == 0 or not campaign.detail):
        finishes_at = done_at(left, pace=pace, today=today, relays=relays, now=now)
    if finishes_at is not None:
        finishes_at = max(finishes_at, session.scalar(_LAST_DUE, {"campaign": campaign.id}) or finishes_at)
    return Throughput(round(rate, 3), finishes_at)


def outcomes_until_now(session: Session) -> dict[str, int]:
    """What came of all messages of all campaigns, by the names of `OUTCOMES`."""
    found = session.execute(select(*(func.coalesce(func.sum(_rows.c[name]), 0) for name in OUTCOMES))).one()
    return {name: int(count) for name, count in zip(OUTCOMES, found, strict=True)}


def _minute(now: datetime) -> int:
    return int(now.timestamp()) // 60
