"""When a campaign is done that relays with warm-up plans carry."""

from datetime import UTC, date, datetime, timedelta
from math import inf

import pytest

from mailer.base.relay_url import RelaySettings, WarmUp
from mailer.delivery.pacing.plans import done_at

NOON = datetime(2027, 1, 4, 12, 0, tzinfo=UTC)
FIRST = date(2027, 1, 4)


def relay(*messages: int, begins: date = FIRST) -> RelaySettings:
    return RelaySettings("mx.test", 587, "starttls", warm_up=WarmUp(begins, messages))


def at(day: int, *, seconds: float = 0) -> datetime:
    """So long after the beginning of a day in January."""
    return datetime(2027, 1, day, tzinfo=UTC) + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("count", "pace", "today", "relays", "expected"),
    [
        (10_000, 10.0, None, [], NOON + timedelta(seconds=1000)),
        (900, 10.0, 1000, [relay(1000, 1000)], NOON + timedelta(seconds=90)),
        (10_000, 10.0, 1000, [relay(*[1000] * 20)], at(13, seconds=100)),
        (10_000, inf, 0, [relay(*[1000] * 20)], at(14)),
        (1800, 10.0, 300, [relay(500, 1000)], at(6, seconds=50)),
        (3000, 10.0, 1000, [relay(1000), relay(*[9000] * 5, begins=date(2027, 1, 6))], at(5, seconds=200)),
        (86_400, 1.0, 100_000, [relay(100_000, 100_000)], at(5, seconds=43_200)),
        (3, inf, 0, [relay(5, begins=date(2027, 1, 20))], at(20)),
        (7, inf, 0, [relay(5, 5, begins=date(2027, 1, 20)), relay(9, begins=date(2030, 1, 1))], at(21)),
        (3, inf, 0, [relay(5, begins=date.max)], None),
        (3, inf, 0, [relay(*[1] * 100_000)], at(7)),
        (10**6, inf, 0, [relay(*[1] * 100_000)], None),
        (10**6, 5e-324, None, [], None),
        (10**6, 1e-300, 10**6, [relay(10**6)], None),
    ],
    ids=[
        "no plan",
        "today",
        "walked",
        "today is used up",
        "the plan ends",
        "two plans",
        "a slow pace",
        "yet to begin",
        "begin in turn",
        "at the end of time",
        "a message a day",
        "a message a day for ever",
        "hardly a pace",
        "hardly a pace in a plan",
    ],
)
def test_no_day_takes_more_than_its_plan(
    count: int, pace: float, today: int | None, relays: list[RelaySettings], expected: datetime | None
) -> None:
    assert done_at(count, pace=pace, today=today, relays=relays, now=NOON) == expected
