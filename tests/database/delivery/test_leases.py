"""Leases: two workers never have the same batch, and who lost his lease writes nothing."""

import threading

import pytest

from mailer.base.database import Database
from mailer.base.tables import BatchId
from mailer.base.tokens import Keys, Purpose
from mailer.delivery import calls, ledger
from mailer.delivery.batch import BatchWork
from mailer.delivery.leases import Lease, renew
from mailer.delivery.message.compose import Composer
from mailer.delivery.outcomes import Accepted, Deferred, Outcome, Unknown
from mailer.delivery.policy import FIRST_GROUP
from subscribers import audience_ids
from tests.database.delivery.relays import Recorder
from tests.support.sending import Office

OK = Accepted()


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def office(database: Database, recorder: Recorder) -> Office:
    return Office(database, recorder)


def begin_work(office: Office, batch: BatchId, *, holder: str = "first") -> BatchWork:
    return BatchWork(
        office.database, batch, composer=office.composer, clock=office.clock, holder=holder, stopping=lambda: False
    )


def test_of_many_who_claim_a_batch_at_once_one_gets_it(office: Office) -> None:
    office.people(10)
    (batch,) = office.prepare(office.release())
    barrier = threading.Barrier(8)
    leases: list[Lease | None] = []

    def claim() -> None:
        barrier.wait(10)
        with office.database.begin() as session:
            leases.append(ledger.claim(session, batch, now=office.now, holder="x"))

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len([lease for lease in leases if lease is not None]) == 1
    assert len(leases) == 8


def test_many_workers_send_each_message_once(office: Office, recorder: Recorder) -> None:
    addresses = office.people(200)
    campaign = office.release()
    batches = office.prepare(campaign, batch=10)
    threads = [threading.Thread(target=office.send, args=(batch,)) for batch in batches[:4] * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    office.work()
    assert recorder.recipients == addresses
    assert office.counts(campaign).accepted == 200
    assert office.state(campaign).state == "sent"


def test_a_batch_whose_worker_was_lost_is_taken_over_and_what_was_under_way_goes_again(
    office: Office, recorder: Recorder
) -> None:
    addresses = office.people(120)
    campaign = office.release()
    (batch,) = office.prepare(campaign)
    lost = begin_work(office, batch)
    sending = lost.messages()
    for _ in range(10):  # ten of the first group were handed over, then the process was killed
        message = next(sending)
        recorder.sent.append((message.recipient, ""))

    office.later(seconds=30)
    office.work()
    assert len(recorder.sent) == 10, "the lease still runs"
    office.later(seconds=31)
    office.work()

    counts = office.counts(campaign)
    assert counts.accepted == 120
    assert counts.might_have_got_it_twice == FIRST_GROUP, "exactly the group that was marked"
    assert set(recorder.recipients) == set(addresses)


def test_who_lost_his_lease_writes_nothing(office: Office) -> None:
    office.people(60)
    campaign = office.release()
    (batch,) = office.prepare(campaign)
    slow = begin_work(office, batch)
    sending = slow.messages()
    first = next(sending)
    office.later(seconds=61)
    with office.database.begin() as session:
        lease = ledger.claim(session, batch, now=office.now, holder="second")
    assert lease is not None

    slow.answered((first.number, OK))
    rest = list(sending)
    slow.close()

    assert slow.is_lost
    assert len(rest) < FIRST_GROUP, "no second group"
    counts = office.counts(campaign)
    assert counts.accepted == 0
    assert counts.uncertain == FIRST_GROUP
    with office.database.begin() as session:
        assert renew(session, lease, now=office.now), "the second's lease is untouched"


def test_a_slow_relay_does_not_lose_the_lease(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.people(10)
    campaign = office.release()
    (batch,) = office.prepare(campaign)
    work = begin_work(office, batch)
    sending = work.messages()
    next(sending)
    monkeypatch.setattr("mailer.delivery.batch.RENEW_SECONDS", 0)
    for _ in range(5):
        office.later(seconds=40)
        work.answered(None)
        office.work()

    assert not work.is_lost
    assert office.counts(campaign).sending == 10


def test_the_rule_to_leave_the_uncertain_alone(office: Office, recorder: Recorder) -> None:
    office.people(60)
    campaign = office.release(rule="leave")
    (batch,) = office.prepare(campaign)
    next(begin_work(office, batch).messages())
    office.later(seconds=61)

    office.work()

    counts = office.counts(campaign)
    assert (counts.accepted, counts.failed, counts.might_have_got_it_twice) == (60 - FIRST_GROUP, FIRST_GROUP, 0)
    assert len(recorder.sent) == 60 - FIRST_GROUP
    assert office.state(campaign).state == "sent"


def test_two_who_freeze_a_list_at_once_freeze_it_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailer.delivery.run.FIRST_CHUNK", 7)
    monkeypatch.setattr("mailer.delivery.run.CHUNK", 7)
    office.people(100)
    campaign = office.release()
    office.sweep()
    threads = [threading.Thread(target=office.prepare, args=(campaign,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    office.prepare(campaign)

    assert office.counts(campaign).pending == 100
    assert office.state(campaign).state == "sending"


def test_freezing_goes_on_where_it_was_killed(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailer.delivery.run.FIRST_CHUNK", 7)
    addresses = office.people(30)
    campaign = office.release()
    office.sweep()
    with office.database.begin() as session:
        from mailer.delivery.run import _enlist_chunk

        assert not _enlist_chunk(session, campaign, size=7, batch=5, now=office.now)
    assert office.counts(campaign).pending == 7

    office.prepare(campaign, batch=5)

    assert office.counts(campaign).pending == 30
    assert sorted(office.states(campaign)) == addresses


def test_the_queue_is_not_flooded_while_batches_wait(office: Office) -> None:
    office.people(500)
    campaign = office.release()
    office.prepare(campaign, batch=5)
    office.hints.clear()

    for _ in range(20):
        office.later(seconds=1)
        office.sweep()

    assert len([hint for hint in office.hints if hint[0] == "send_batch"]) <= 2 * calls.HINTS_AT_ONCE


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (OK, "accepted"),
        (Deferred(450, "4.2.0", "later"), "deferred"),
        (Unknown("cut"), "uncertain"),
    ],
)
def test_what_comes_of_an_attempt_is_written_down(office: Office, outcome: Outcome, state: str) -> None:
    office.add("ada@x.test")
    campaign = office.release()
    (batch,) = office.prepare(campaign)
    with office.database.begin() as session:
        lease = ledger.claim(session, batch, now=office.now, holder="x")
        assert lease is not None
        wanted = ledger.wanted_of(audience_ids(session, ["academic"]))
        group = ledger.take_group(session, lease, wanted, after=0, size=10, now=office.now)
        result = ledger.Result(1, group.recipients[0].attempts, outcome)
        ledger.record(
            session,
            lease,
            [result],
            uncertain_rule="resend",
            deadline=office.composer.deadline,
            now=office.now,
        )
    assert office.states(campaign)["ada@x.test"].partition(" ")[0] == state


def test_every_attempt_of_a_message_has_the_same_message_id_and_every_message_its_own(
    office: Office, recorder: Recorder
) -> None:
    office.people(60)
    (batch,) = office.prepare(office.release())
    sending = begin_work(office, batch).messages()
    first = {message.recipient: message.data for message in (next(sending) for _ in range(FIRST_GROUP))}
    office.later(seconds=61)
    office.work()

    again = dict(recorder.sent)
    assert len(set(again.values())) == 60
    for address, data in first.items():
        assert again[address].encode() in data


def test_a_new_secret_key_changes_no_message_id_of_a_campaign_under_way(office: Office, recorder: Recorder) -> None:
    office.people(60)
    (batch,) = office.prepare(office.release())
    sending = begin_work(office, batch).messages()
    first = {message.recipient: message.data for message in (next(sending) for _ in range(FIRST_GROUP))}
    old, new = "a key for tests, long enough", "a newer key, long enough as well"

    office.composer = Composer(keys=Keys([new, old]), base_url=lambda: "https://news.test", settings=office.settings)
    office.later(seconds=61)
    office.work()

    again = dict(recorder.sent)
    assert len(again) == 60
    assert all(again[address].encode() in data for address, data in first.items())
    assert {Keys([old]).read(Purpose.MESSAGE_ID, it.partition("<")[2].partition("@")[0])[0] for it in again.values()}
