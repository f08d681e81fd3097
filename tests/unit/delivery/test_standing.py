"""What a domain's answers teach: slower when it defers, closed when it takes nothing, free again in the end."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.delivery.outcomes import Deferred
from mailer.delivery.pacing.standing import (
    FREE_RATE,
    LONGEST_CLOSING,
    LOWEST_RATE,
    PROBE_RATE,
    Seen,
    Standing,
    after,
    is_about_domain,
)

NOON = datetime(2027, 1, 4, 12, 0, tzinfo=UTC)


def seen(accepted: int, deferred: int) -> Seen:
    return Seen(0.0, accepted, deferred, "451 4.7.1 slow down")


def test_a_domain_that_takes_everything_has_no_limit() -> None:
    assert after(None, seen(1000, 0), seconds=1, now=NOON) is None


def test_a_domain_that_defers_some_gets_half_of_what_it_got() -> None:
    standing = after(None, seen(30, 30), seconds=3, now=NOON)

    assert standing is not None
    assert standing.rate == 10
    assert not standing.is_closed(NOON)
    again = after(standing, seen(5, 5), seconds=1, now=NOON)
    assert again is not None
    assert again.rate == 5


def test_a_few_deferrals_among_many_change_nothing() -> None:
    assert after(None, seen(99, 1), seconds=1, now=NOON) is None


def test_each_clean_second_raises_the_rate_until_there_is_no_limit() -> None:
    standing: Standing | None = Standing(2.0, NOON)
    rates = []
    while standing is not None:
        rates.append(standing.rate)
        standing = after(standing, seen(3, 0), seconds=1, now=NOON)

    assert rates[:4] == [2, 3, 4, 5]
    assert rates[-1] <= FREE_RATE
    assert len(rates) < 60


def test_a_domain_that_has_not_deferred_for_long_is_free_whatever_its_rate() -> None:
    assert after(Standing(1.0, NOON), seen(1, 0), seconds=1, now=NOON + timedelta(hours=1)) is None


def test_a_domain_that_takes_nothing_is_closed_twice_as_long_each_time_in_a_row() -> None:
    standing, now, closings = None, NOON, []
    for _ in range(8):
        standing = after(standing, seen(0, 5), seconds=1, now=now)
        assert standing is not None
        assert standing.closed_until is not None
        closings.append(standing.closed_until - now)
        now = standing.closed_until

    assert [closing / timedelta(minutes=1) for closing in closings] == [1, 2, 4, 8, 16, 30, 30, 30]
    assert closings[-1] == LONGEST_CLOSING
    assert standing is not None
    assert standing.closed_since == NOON
    assert standing.rate == PROBE_RATE
    assert standing.concurrency == 1


def test_answers_that_were_under_way_when_it_closed_do_not_close_it_for_longer() -> None:
    closed = after(None, seen(0, 5), seconds=1, now=NOON)

    assert after(closed, seen(0, 5), seconds=1, now=NOON + timedelta(seconds=1)) == closed


def test_one_that_is_taken_opens_it_again_and_the_next_closing_is_a_first_one() -> None:
    standing = None
    for _ in range(3):
        standing = after(standing, seen(0, 5), seconds=1, now=NOON + timedelta(hours=1))
    assert standing is not None
    opened = after(standing, seen(1, 0), seconds=1, now=NOON + timedelta(hours=1))

    assert opened is not None
    assert (opened.trips, opened.closed_until) == (0, None)
    assert PROBE_RATE < opened.rate < 5


@pytest.mark.parametrize(
    ("deferred", "expected"),
    [
        (Deferred(421, "4.7.0", "too many connections from you"), True),
        (Deferred(451, "", "try again later"), True),
        (Deferred(450, "4.7.1", "You are greylisted, come back in 5 minutes"), False),
        (Deferred(452, "4.2.2", "mailbox full"), False),
        (Deferred(450, "4.1.1", "user unknown just now"), False),
        (Deferred(0, "", "the connection was lost each time"), False),
    ],
)
def test_only_what_is_about_the_domain_teaches(deferred: Deferred, expected: bool) -> None:  # noqa: FBT001
    assert is_about_domain(deferred) is expected


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200), st.integers(1, 7200)), max_size=30))
def test_whatever_it_answers_it_is_never_shut_out_for_good(answers: list[tuple[int, int, int]]) -> None:
    standing, now = None, NOON
    for accepted, deferred, seconds in answers:
        standing = after(standing, seen(accepted, deferred), seconds=1, now=now)
        now += timedelta(seconds=seconds)
        if standing is not None:
            assert LOWEST_RATE <= standing.rate <= max(FREE_RATE, 200)
            assert standing.concurrency >= 1
            assert not standing.is_closed(now + LONGEST_CLOSING)
