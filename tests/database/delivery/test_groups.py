"""Group behind group: a quick relay gets the next one before the last is through, and what is learned meanwhile still counts."""

from itertools import count
from pathlib import Path
from time import sleep

import pytest

from mailer.base.database import Database
from mailer.base.tables import BatchId
from mailer.delivery import ledger
from mailer.delivery.batch import STALE_SECONDS, BatchWork
from mailer.delivery.message.ahead import AHEAD, HANDFUL
from mailer.delivery.message.keygen import as_pem, new_key
from mailer.delivery.outcomes import Accepted, Outgoing
from tests.database.delivery.relays import NoRelay
from tests.support.sending import Office, office_settings

GROUP = 2 * AHEAD * HANDFUL
"""Twice as many as are signed ahead."""


@pytest.fixture(params=["alone", "signed"])
def office(database: Database, tmp_path: Path, request: pytest.FixtureRequest) -> Office:
    """One whose relay was quick so far."""
    (tmp_path / "key.pem").write_bytes(as_pem(new_key("ed25519")))
    keys = {"DKIM_SELECTOR": "s", "DKIM_KEY_FILE": str(tmp_path / "key.pem")} if request.param == "signed" else {}
    office = Office(database, NoRelay(), settings=office_settings(LIMITS_GROUP=str(GROUP), **keys))
    while office.composer.group.now < GROUP:
        office.composer.group.took(10_000, seconds=0.1)
    return office


def begin_work(office: Office, batch: BatchId) -> BatchWork:
    return BatchWork(
        office.database, batch, composer=office.composer, clock=office.clock, holder="first", stopping=lambda: False
    )


@pytest.mark.parametrize("office", ["signed"], indirect=True)
def test_the_next_group_is_taken_while_the_last_of_one_are_being_signed(office: Office) -> None:
    office.people(3 * GROUP)
    campaign = office.release()
    (batch,) = office.prepare(campaign, batch=3 * GROUP)
    sending = begin_work(office, batch).messages()

    for _ in range(GROUP - HANDFUL):
        next(sending)

    assert office.counts(campaign).sending == 2 * GROUP


def test_to_a_slow_relay_a_group_goes_when_the_last_one_is_through(office: Office) -> None:
    office.people(3 * GROUP)
    campaign = office.release()
    (batch,) = office.prepare(campaign, batch=3 * GROUP)
    office.composer.group.is_for_quick_relay = False
    sending = begin_work(office, batch).messages()

    for _ in range(GROUP):
        next(sending)

    assert office.counts(campaign).sending == GROUP


def test_who_leaves_while_the_relay_pauses_gets_nothing_and_everybody_else_gets_it_once(office: Office) -> None:
    addresses = office.people(3 * GROUP)
    campaign = office.release()
    (batch,) = office.prepare(campaign, batch=3 * GROUP)
    work = begin_work(office, batch)
    sending = work.messages()
    sent: list[Outgoing] = [next(sending) for _ in range(GROUP - HANDFUL)]

    leaving = [addresses[GROUP - 1], addresses[GROUP + 1], addresses[-1]]
    for address in leaving:
        office.leave(address)
    sleep(STALE_SECONDS + 0.1)
    for message in sent:
        work.answered((message.number, Accepted()))
    for message in sending:
        sent.append(message)
        work.answered((message.number, Accepted()))
    work.close()

    assert sorted(message.recipient for message in sent) == sorted(set(addresses) - set(leaving))
    counts = office.counts(campaign)
    assert (counts.accepted, counts.skipped) == (3 * GROUP - 3, 3)
    assert office.state(campaign).state == "sent"


def test_who_takes_longer_to_make_a_message_than_news_are_fresh_goes_on_all_the_same(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a small machine with a large key, or one that is starved by others: it took the same ones again for ever."""
    monkeypatch.setattr("mailer.delivery.batch.STALE_SECONDS", 0.0)
    addresses = office.people(10)
    campaign = office.release()
    (batch,) = office.prepare(campaign)
    groups = count(1)
    work = BatchWork(
        office.database,
        batch,
        composer=office.composer,
        clock=office.clock,
        holder="first",
        stopping=lambda: next(groups) > 2 * len(addresses),
    )

    sent = []
    for message in work.messages():
        sent.append(message.recipient)
        work.answered((message.number, Accepted()))
    work.close()

    assert sent == addresses
    assert office.state(campaign).state == "sent"


def test_of_a_batch_that_was_lost_nothing_more_goes_out_once_that_is_seen(office: Office) -> None:
    office.people(3 * GROUP)
    (batch,) = office.prepare(office.release(), batch=3 * GROUP)
    slow = begin_work(office, batch)
    sending = slow.messages()
    before = [next(sending) for _ in range(HANDFUL)]
    office.later(seconds=61)
    with office.database.begin() as session:
        assert ledger.claim(session, batch, now=office.now, holder="second") is not None

    for message in sending:
        assert not slow.is_lost
        before.append(message)

    assert slow.is_lost
    assert len(before) <= GROUP
