"""What follows from an answer: pure rules."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.delivery.outcomes import Accepted, Deferred, NotTried, Outcome, Refused, Stage, Unknown, reason_of
from mailer.delivery.policy import DEADLINE, Suspicion, meaning, relay_retry_at, retry_at, stops_campaign
from mailer.delivery.replies import Reply

NOW = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)


def reply(code: int, *lines: str) -> Reply:
    return Reply(code, tuple(line.encode() for line in lines or ("",)))


def test_the_first_tries_come_soon_and_the_later_ones_hours_apart() -> None:
    delays = []
    for attempts in range(1, 30):
        again = retry_at(attempts, now=NOW, seed=7)
        if again is None:
            break
        delays.append((again - NOW) / timedelta(minutes=1))

    assert 1 <= delays[0] <= 1.2
    assert 2 <= delays[1] <= 2.4
    assert 240 <= delays[-1] <= 288
    assert 40 * 60 <= sum(delays) <= 48 * 60
    assert delays == sorted(delays) or max(delays) <= 288


@given(st.integers(1, 40), st.integers(0, 10**9))
def test_a_second_look_gives_the_same_moment(attempts: int, seed: int) -> None:
    assert retry_at(attempts, now=NOW, seed=seed) == retry_at(attempts, now=NOW, seed=seed)


def test_a_crowd_does_not_come_back_together() -> None:
    assert len({retry_at(5, now=NOW, seed=seed) for seed in range(100)}) > 90


@given(st.integers(0, 10**9))
def test_the_last_try_comes_within_the_deadline(seed: int) -> None:
    tries = itertools.takewhile(bool, (retry_at(attempts, now=NOW, seed=seed) for attempts in range(1, 40)))

    assert sum((again - NOW for again in tries if again), timedelta()) <= DEADLINE


def test_after_the_deadline_there_is_no_further_try() -> None:
    assert retry_at(1, now=NOW, seed=1, deadline=timedelta(seconds=30)) is None
    assert retry_at(100, now=NOW, seed=1, deadline=DEADLINE) is None


def test_an_absent_relay_is_asked_again_after_5_seconds_to_5_minutes() -> None:
    waits = [(relay_retry_at(failures, now=NOW) - NOW).total_seconds() for failures in (1, 2, 3, 20)]
    assert waits == [5, 10, 20, 300]


@pytest.mark.parametrize(("opens_in", "expected"), [(2, 2), (7, 5), (0, 5), (-60, 5)])
def test_a_relay_is_asked_when_it_opens_and_what_has_opened_does_not_count(opens_in: int, expected: int) -> None:
    until = NOW + timedelta(seconds=opens_in)
    assert relay_retry_at(1, until=until, now=NOW) == NOW + timedelta(seconds=expected)


@pytest.mark.parametrize(
    ("given_reply", "stage", "expected"),
    [
        (reply(250, "2.0.0 queued as X"), "dot", Accepted()),
        (reply(450, "4.7.1 later"), "rcpt", Deferred(450, "4.7.1", "later")),
        (reply(550, "5.1.1 nobody"), "rcpt", Refused(550, "5.1.1", "nobody", "recipient", "rcpt")),
        (reply(550, "5.1.8 bad sender"), "rcpt", Refused(550, "5.1.8", "bad sender", "campaign", "rcpt")),
        (reply(530, "sign in first"), "rcpt", Refused(530, "", "sign in first", "campaign", "rcpt")),
        (reply(538, "5.7.11 by TLS"), "dot", Refused(538, "5.7.11", "by TLS", "campaign", "dot")),
        (reply(553, "5.7.1 no"), "mail", Refused(553, "5.7.1", "no", "campaign", "mail")),
        (reply(554, "spam"), "dot", Refused(554, "", "spam", "recipient", "dot")),
        (reply(250, "odd"), "data", Deferred(250, "", "odd", "data")),
        (reply(354, "odd"), "dot", Deferred(354, "", "odd", "dot")),
    ],
)
def test_what_a_reply_means(given_reply: Reply, stage: Stage, expected: Outcome) -> None:
    assert meaning(given_reply, stage) == expected


SPAM = Refused(554, "5.7.1", "spam", "recipient", "dot")
NOBODY = Refused(550, "5.1.1", "no such user")
OK = Accepted()


def test_twenty_same_refusals_and_nobody_accepted_are_about_us() -> None:
    assert Suspicion().after([SPAM] * 20).is_about_us
    assert Suspicion().after([SPAM] * 10).after([SPAM] * 10).is_about_us
    assert Suspicion().after([NOBODY] * 50).is_about_us, "a relay that knows nobody any more"


@pytest.mark.parametrize(
    "outcomes", [[SPAM] * 19, [SPAM] * 50 + [OK], [NOBODY] * 49, [NOBODY] * 100 + [OK], [Deferred(450, "", "")] * 100]
)
def test_other_refusals_are_the_recipients(outcomes: list[Outcome]) -> None:
    assert not Suspicion().after(outcomes).is_about_us


def test_one_refusal_of_the_sender_is_enough() -> None:
    about_us = Refused(550, "5.7.1", "no", "campaign", "mail")
    assert stops_campaign([OK, NOBODY, about_us]) is about_us
    assert stops_campaign([OK, NOBODY]) is None


def test_a_reason_is_one_line() -> None:
    assert reason_of(NOBODY) == "550 5.1.1 no such user"
    assert reason_of(Unknown("cut")) == "cut"
    assert reason_of(NotTried("away")) == "away"
    assert reason_of(Deferred(0, "", "lost")) == "lost"
