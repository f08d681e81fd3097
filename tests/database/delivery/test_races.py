"""Races for batches, started together by a barrier: each lease has one holder, and who lost it writes nothing."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from threading import Barrier
from time import sleep

import pytest
from sqlalchemy import text

from mailer.base.database import Database
from mailer.base.errors import NotAllowed
from mailer.base.tables import CampaignId
from mailer.delivery import ledger, prepare
from mailer.delivery.leases import Lease, renew
from mailer.delivery.ledger import Result
from mailer.delivery.outcomes import Accepted
from subscribers import audience_ids
from tests.database.delivery.relays import NoRelay
from tests.support.sending import Office

RACERS = 6
BATCHES = 12
OK = Accepted()


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database, NoRelay())


def _together(count: int, deed: Callable[[int], None]) -> None:
    barrier = Barrier(count)

    def run(number: int) -> None:
        barrier.wait(30)
        deed(number)

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(run, range(count)))


def _claim_all(office: Office, held: list[Lease], number: int, batches: tuple[int, ...]) -> None:
    """Claim by hint and by age in turns, as workers do, until nothing is left."""
    while True:
        hinted = batches[(number * 7 + len(held)) % len(batches)]
        with office.database.begin() as session:
            by_hint = ledger.claim(session, hinted, now=office.now, holder=str(number))  # type: ignore[arg-type]
        with office.database.begin() as session:
            by_age = ledger.claim(session, None, now=office.now, holder=str(number))
        held.extend(lease for lease in (by_hint, by_age) if lease is not None)
        if by_hint is None and by_age is None:
            return


def test_each_batch_and_each_lease_that_ran_out_has_one_holder(office: Office) -> None:
    office.people(BATCHES * 5)
    campaign = office.release()
    batches = tuple(office.prepare(campaign, batch=5))
    first: list[Lease] = []
    _together(RACERS, lambda number: _claim_all(office, first, number, batches))

    assert Counter(lease.batch_id for lease in first) == dict.fromkeys(batches, 1)
    assert {lease.fence for lease in first} == {1}

    office.later(seconds=61)
    second: list[Lease] = []
    _together(RACERS, lambda number: _claim_all(office, second, number, batches))

    assert Counter(lease.batch_id for lease in second) == dict.fromkeys(batches, 1)
    assert {lease.fence for lease in second} == {2}


def test_a_recall_at_the_moment_of_the_freezing_comes_before_anybody_is_enlisted_or_not_at_all(office: Office) -> None:
    office.people(3)
    for turn in range(BATCHES):
        campaign = office.release()
        office.sweep()

        def deed(number: int, campaign: CampaignId = campaign, turn: int = turn) -> None:
            if number:
                prepare(office.database, campaign, clock=office.clock)
                return
            sleep(turn * 0.001)  # now before it, now after it, and now in the middle
            with suppress(NotAllowed):
                office.decide("recall", campaign)

        _together(2, deed)
        row, total = office.state(campaign), office.counts(campaign).total
        assert (row.state, total, row.enlisted_to is None) in [("draft", 0, True), ("sending", 3, False)]
        office.later(seconds=1)


def test_a_holder_who_records_at_the_moment_of_the_takeover_does_it_before_or_not_at_all(office: Office) -> None:
    office.people(BATCHES * 5)
    campaign = office.release()
    batches = office.prepare(campaign, batch=5)
    begun = office.now
    outcomes: Counter[str] = Counter()
    for batch in batches:
        office.now = begun
        with office.database.begin() as session:
            old = ledger.claim(session, batch, now=office.now, holder="slow")
            assert old is not None
            people = ledger.wanted_of(audience_ids(session, ("academic",)))
            group = ledger.take_group(session, old, people, after=old.first - 1, size=5, now=office.now)
        office.later(seconds=61)
        won: dict[str, bool] = {}
        _together(2, partial(_meet, office, old, group, won))
        assert sorted(won.values()) == [False, True], "one of the two, and not both"
        with office.database.read() as session:
            query = text("SELECT state FROM deliveries WHERE campaign_id = :c AND number BETWEEN :first AND :last")
            counts = Counter(session.scalars(query, {"c": campaign, "first": old.first, "last": old.last}))
        assert counts == ({"sent": 5} if won["holder"] else {"uncertain": 5})
        outcomes["recorded" if won["holder"] else "taken over"] += 1
    assert outcomes.total() == len(batches)


def _meet(office: Office, old: Lease, group: ledger.Group, won: dict[str, bool], number: int) -> None:
    with office.database.begin() as session:
        if number == 0:
            won["holder"] = renew(session, old, now=office.now)
            if won["holder"]:
                results = [Result(one.number, one.attempts, OK) for one in group.recipients]
                ledger.record(
                    session, old, results, uncertain_rule="resend", deadline=timedelta(hours=48), now=office.now
                )
        else:
            won["taker"] = ledger.claim(session, old.batch_id, now=office.now, holder="fast") is not None
