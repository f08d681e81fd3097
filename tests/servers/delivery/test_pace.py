"""The pace for a recipient domain, learned from a real server's answers and shared by those who work on a database."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from mailer import campaigns
from mailer.base.database import Database
from mailer.base.tables import CampaignId
from mailer.delivery import Outcome, Outgoing, SmtpRelay, held_back, recipients_page
from mailer.delivery.pacing.pace import Pace
from tests.support.relay import RelayServer
from tests.support.sending import Office, office_settings

DEADLINE = timedelta(hours=48)
SLOW = "451 4.7.0 too much mail from you"


def a_pace(database: Database, **ceilings: float) -> Pace:
    named = {name.replace("_", "."): rate for name, rate in ceilings.items()}
    return Pace(database, ceilings=named, learns=True, deadline=DEADLINE, refresh_seconds=0)


@pytest.fixture
def office(database: Database, relay: SmtpRelay, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setattr("mailer.delivery.pacing.pace.FLUSH_SECONDS", 0.0)
    return Office(database, relay, settings=office_settings(LIMITS_GROUP="10"), pace=a_pace(database))


def people(office: Office, domain: str, count: int) -> list[str]:
    addresses = [f"p{number}@{domain}" for number in range(count)]
    for address in addresses:
        office.add(address)
    return addresses


def reasons(office: Office, campaign: CampaignId, domain: str) -> set[str]:
    with office.database.read() as session:
        rows = recipients_page(session, campaign, state="pending", limit=1000)
    return {row.reason for row in rows if domain in row.reason}


def test_a_domain_that_takes_nothing_is_closed_and_the_others_get_their_mail(
    office: Office, relay_server: RelayServer
) -> None:
    good = people(office, "good.test", 20)
    busy = people(office, "busy.test", 40)
    for address in busy:
        relay_server.fault("rcpt", SLOW, to=address)
    campaign = office.release()

    office.work()

    assert sorted(relay_server.recipients) == sorted(good)
    asked = sum(command.startswith("RCPT") and "busy.test" in command for command in relay_server.commands)
    assert 5 <= asked <= 25, "it went on asking"
    counts = office.counts(campaign)
    assert (counts.accepted, counts.failed) == (20, 0)
    assert counts.pending >= 15
    assert reasons(office, campaign, "busy.test") == {f"held: busy.test takes nothing: {SLOW}"}


def test_the_manager_is_told_how_many_wait_for_which_domain_and_until_when(
    office: Office, relay_server: RelayServer
) -> None:
    people(office, "busy.test", 40)
    office.pace = a_pace(office.database, big_test=3)
    people(office, "big.test", 13)
    for number in range(40):
        relay_server.fault("rcpt", SLOW, to=f"p{number}@busy.test")
    campaign = office.release()

    office.work()

    with office.database.read() as session:
        told = held_back(session, campaigns.row(session, campaign), now=office.now)
    assert told is not None
    assert told.count == office.counts(campaign).pending
    assert told.why == f"busy.test takes nothing: {SLOW}; and 1 more"
    assert timedelta() < told.until - office.now <= timedelta(seconds=2), "the first of them is one to big.test"
    office.decide("pause", campaign)
    with office.database.read() as session:
        assert held_back(session, campaigns.row(session, campaign), now=office.now) is None, "it stands still by itself"


def test_a_closed_domain_is_tried_with_a_few_and_opens_when_they_are_taken(
    office: Office, relay_server: RelayServer
) -> None:
    busy = people(office, "busy.test", 20)
    relay_server.fault("rcpt", SLOW)
    campaign = office.release()
    office.work()
    relay_server.heal()
    before = len(relay_server.commands)
    office.later(seconds=62)
    office.work()
    probes = len(relay_server.recipients)
    assert 1 <= probes <= 3, "a closed domain gets everything at once"
    assert before < len(relay_server.commands)

    for _ in range(300):
        office.later(seconds=2)
        office.work()
        if office.state(campaign).state == "sent":
            break

    assert sorted(relay_server.recipients) == sorted(busy)
    assert office.counts(campaign).accepted == 20


def test_who_waits_for_a_domain_goes_as_soon_as_it_bears_more(office: Office, relay_server: RelayServer) -> None:
    busy = people(office, "busy.test", 120)
    relay_server.fault("rcpt", SLOW)
    campaign = office.release()
    office.work()
    relay_server.heal()
    office.later(seconds=62)

    seconds = 0
    while office.state(campaign).state != "sent":
        office.work()
        office.later(seconds=1)
        seconds += 1
        assert seconds < 120, "at the pace of the first of them it would be 240 s"

    assert sorted(relay_server.recipients) == sorted(busy)


def test_what_one_worker_learned_another_minds(office: Office, relay_server: RelayServer) -> None:
    people(office, "busy.test", 30)
    relay_server.fault("rcpt", SLOW)
    office.release()
    office.work()
    asked = len(relay_server.commands)
    office.pace = a_pace(office.database)
    office.release()

    office.work()

    assert not [command for command in relay_server.commands[asked:] if command.startswith("RCPT")]


def test_a_domain_that_defers_half_gets_its_mail_more_slowly(office: Office, relay_server: RelayServer) -> None:
    busy = people(office, "busy.test", 60)
    for address in busy[::2]:
        relay_server.fault("rcpt", SLOW, to=address, times=1)
    campaign = office.release()
    office.work()
    first = len(relay_server.recipients)
    assert 5 <= first < 30

    sent = [first]
    for _ in range(600):
        office.later(seconds=1)
        office.work()
        sent.append(len(relay_server.recipients))
        if office.state(campaign).state == "sent":
            break

    assert sorted(relay_server.recipients) == sorted(busy)
    assert max(after - before for before, after in pairwise(sent)) <= 20


def test_a_ceiling_is_kept_from_the_first_message_on(office: Office, relay_server: RelayServer) -> None:
    people(office, "big.test", 30)
    others = people(office, "good.test", 10)
    office.pace = a_pace(office.database, big_test=3)
    campaign = office.release()

    office.work()
    assert len(relay_server.recipients) == 3 + len(others)
    assert reasons(office, campaign, "big.test") == {"held: big.test gets 3 a second"}
    seconds = 0
    while office.state(campaign).state != "sent":
        seconds += 1
        assert seconds < 60
        before = len(relay_server.recipients)
        office.later(seconds=1)
        office.work()
        assert len(relay_server.recipients) - before <= 3

    assert len(relay_server.recipients) == 40
    assert seconds >= 9


def test_a_domain_that_takes_nothing_for_two_days_is_given_up_with_its_words(
    office: Office, relay_server: RelayServer
) -> None:
    people(office, "dead.test", 40)
    relay_server.fault("rcpt", SLOW)
    campaign = office.release()

    office.send_everything(campaign, hours=160)

    assert office.state(campaign).state == "sent"
    assert office.counts(campaign).failed == 40
    with office.database.read() as session:
        rows = recipients_page(session, campaign, state="failed")
    assert all(row.reason.startswith("given up: ") and "too much mail" in row.reason for row in rows)
    asked = sum(command.startswith("RCPT") for command in relay_server.commands)
    assert asked < 40 * 10, "each of forty people is tried as often as if nothing had been learned"


def test_who_is_held_can_still_leave(office: Office, relay_server: RelayServer) -> None:
    busy = people(office, "busy.test", 30)
    relay_server.fault("rcpt", SLOW)
    campaign = office.release()
    office.work()
    office.leave(busy[29])
    relay_server.heal()
    office.later(minutes=2)

    for _ in range(300):
        office.work()
        office.later(seconds=2)
        if office.state(campaign).state == "sent":
            break

    assert office.states(campaign)[busy[29]] == "skipped unsubscribed"
    assert sorted(relay_server.recipients) == sorted(busy[:29])


def test_where_it_is_switched_off_nothing_is_learned(office: Office, relay_server: RelayServer) -> None:
    people(office, "busy.test", 30)
    office.pace = Pace(office.database, ceilings={}, learns=False, deadline=DEADLINE, refresh_seconds=0)
    relay_server.fault("rcpt", SLOW)
    campaign = office.release()

    office.work()

    assert office.counts(campaign).deferred == 30
    assert replace(office.counts(campaign), deferred=0).total == 0


def test_a_batch_that_breaks_off_is_not_counted_as_under_way_for_ever(
    office: Office,
) -> None:
    pace = a_pace(office.database)
    office.pace = pace
    people(office, "busy.test", 5)
    campaign = office.release()
    (batch,) = office.prepare(campaign)

    class Broken:
        def send(self, messages: Iterable[Outgoing]) -> Iterator[tuple[int, Outcome] | None]:
            next(iter(messages))
            message = "a fault of ours"
            raise RuntimeError(message)
            yield

        def close(self) -> None:
            """Nothing is open."""

    with pytest.raises(RuntimeError, match="a fault of ours"):
        office.send(batch, relay=Broken())

    assert pace.count_under_way(["busy.test"]) == Counter()
