"""How long the relays' warm-up plans let so many messages take: no more go in a day, of UTC, than the plans of all let."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from math import inf

from sqlalchemy.orm import Session

from mailer.base.relay_url import RelaySettings
from mailer.delivery.pacing.allowances import left_of, warm_up_day

FARTHEST = timedelta(days=36_525)
"""Nobody knows what is in a hundred years; and who looks no farther comes to no end of the calendar."""


def left_today(session: Session, relays: Sequence[RelaySettings], *, now: datetime) -> int | None:
    """How many messages the plans still let go today; None is without a limit, as soon as one relay has none."""
    days = [warm_up_day(relay, now) for relay in relays]
    if not days or None in days:
        return None
    return sum(left_of(session, day) for day in days if day is not None)


def rate_of(relays: Sequence[RelaySettings]) -> float:
    """Messages a second that all together may be given; infinite as soon as one has no rate."""
    return sum(relay.rate or inf for relay in relays)


def done_at(
    count: int, *, pace: float, today: int | None, relays: Sequence[RelaySettings], now: datetime
) -> datetime | None:
    """When `count` messages have left at `pace` a second, which may be infinite; None is too far away to tell.

    `today` so many may still go, as above.
    """
    moment, most, horizon = now.astimezone(UTC), today, now + FARTHEST
    opens = min((relay.warm_up.begins for relay in relays if relay.warm_up), default=date.min)
    while most is not None and moment < horizon:
        midnight = datetime.combine(max(moment.date() + timedelta(days=1), opens), time(), UTC)
        leaving = min(most, pace * (midnight - moment).total_seconds())
        if count <= leaving:
            break
        count, moment = count - int(leaving), midnight
        most = _most_on(relays, moment.date())
    seconds = count / pace
    return moment + timedelta(seconds=seconds) if seconds < (horizon - moment).total_seconds() else None


def _most_on(relays: Sequence[RelaySettings], day: date) -> int | None:
    limits = [relay.warm_up.limit_on(day) if relay.warm_up else None for relay in relays]
    return None if None in limits else sum(limit for limit in limits if limit is not None)
