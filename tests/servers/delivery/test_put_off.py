"""A relay that puts off one message after the other at MAIL is let rest, and no recipient domain pays for it (RFC 5321 §4.2.3)."""

from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from mailer.base.database import Database
from mailer.base.relay_url import WarmUp
from mailer.delivery.models import Batch, DomainStanding
from mailer.delivery.outcomes import Accepted, Deferred, NotTried
from mailer.delivery.pacing.allowances import SharedBySql
from mailer.delivery.pacing.pace import Pace
from mailer.delivery.smtp.relay import SmtpRelay
from mailer.delivery.smtp.rest import MOST_PUT_OFF
from tests.support.outgoing import messages, send
from tests.support.relay import RelayServer
from tests.support.sending import HASTY, Office, office_settings, relaying

NO_ROOM = "452 4.3.1 insufficient system storage"
CHUNKING = ("PIPELINING", "8BITMIME", "CHUNKING")


@pytest.fixture
def office(database: Database, relay: SmtpRelay, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setattr("mailer.delivery.pacing.pace.FLUSH_SECONDS", 0.0)
    pace = Pace(database, ceilings={}, learns=True, deadline=timedelta(hours=48), refresh_seconds=0)
    return Office(database, relay, settings=office_settings(LIMITS_GROUP="10"), pace=pace)


def never_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """The relays' clock is not the office's: let a rest be over at once."""
    monkeypatch.setattr("mailer.delivery.smtp.rest.FIRST_SECONDS", 0.0)


def asked(server: RelayServer) -> int:
    return sum(command.startswith("MAIL") for command in server.commands)


def test_it_costs_a_few_an_attempt_and_the_campaign_waits_with_the_relays_words(
    office: Office, relay_server: RelayServer
) -> None:
    office.people(300)
    campaign = office.release()
    relay_server.fault("mail", NO_ROOM)

    for _ in range(5):
        office.work()
        office.later(minutes=1)

    counts = office.counts(campaign)
    assert MOST_PUT_OFF <= counts.deferred <= asked(relay_server) <= 3 * MOST_PUT_OFF
    assert counts.deferred + counts.pending == 300
    row = office.state(campaign)
    assert row.state == "sending"
    assert row.detail == f"relay {relay_server.settings().name}: {NO_ROOM}"
    with office.database.read() as session:
        assert session.scalar(select(func.count()).select_from(DomainStanding)) == 0, "a domain pays for the relay"


def test_those_over_whom_it_closes_are_put_off_and_do_not_come_first_again(relay_server: RelayServer) -> None:
    """It looks like a relay that is away: a few whom it cannot bear would hold everybody up each time."""
    relay_server.fault("rcpt", drop=True)
    with relaying(relay_server, connections=3) as relay:
        for _ in range(8):
            outcomes = send(relay, messages(12))
            kinds = Counter(type(outcome) for outcome in outcomes.values())
            assert kinds[Deferred] >= 1
            assert kinds[Deferred] <= 6, "a relay that is away costs those an attempt who were under way"
            assert kinds[NotTried] >= 1


def test_healed_it_is_tried_with_one_message_and_gets_everything(
    office: Office, relay_server: RelayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    never_rest(monkeypatch)
    addresses = office.people(120)
    campaign = office.release()
    fault = relay_server.fault("mail", NO_ROOM)
    office.work()
    before = asked(relay_server)
    office.later(minutes=1)
    office.work()
    assert asked(relay_server) == before + 1, "a relay that takes nothing gets more than one message to try it"
    assert fault in relay_server.faults

    relay_server.heal()
    office.later(minutes=10)
    office.work()

    assert sorted(relay_server.recipients) == addresses
    assert (office.state(campaign).state, office.state(campaign).detail) == ("sent", "")


@pytest.mark.parametrize("features", [("PIPELINING",), ("8BITMIME",), CHUNKING])
def test_another_relay_takes_over_what_it_puts_off(
    relay_server: RelayServer, other_server: RelayServer, features: tuple[str, ...]
) -> None:
    relay_server.features = features
    relay_server.fault("mail", NO_ROOM)
    standby = replace(other_server.settings(), weight=0)
    with closing(SmtpRelay([relay_server.settings(), standby], patience=HASTY)) as relay:
        first, second = send(relay, messages(60)), send(relay, messages(60))

    put_off = [outcome for outcome in first.values() if isinstance(outcome, Deferred)]
    assert MOST_PUT_OFF <= len(put_off) < MOST_PUT_OFF + 2 * 3
    assert {outcome.stage for outcome in put_off} == {"mail"}
    assert len(other_server.recipients) == 120 - len(put_off)
    assert {type(outcome) for outcome in second.values()} == {Accepted}, "it is asked again while it rests"


def test_while_all_of_them_rest_nobody_is_asked_and_the_sender_is_told(relay_server: RelayServer) -> None:
    relay_server.fault("mail", NO_ROOM)
    with relaying(relay_server) as relay:
        send(relay, messages(60))
        before = asked(relay_server)
        outcomes = send(relay, messages(60))

    assert asked(relay_server) == before
    assert outcomes
    assert all(isinstance(outcome, NotTried) and NO_ROOM in outcome.text for outcome in outcomes.values())


def test_one_that_still_rests_when_its_next_day_begins_is_not_asked_without_a_pause(
    office: Office, relay_server: RelayServer
) -> None:
    office.people(30)
    fresh = replace(relay_server.settings(), warm_up=WarmUp(office.now.date(), (MOST_PUT_OFF, 100)))
    [batch] = office.prepare(office.release())
    relay_server.fault("mail", NO_ROOM)
    with closing(SmtpRelay([fresh], patience=HASTY, shared=SharedBySql(office.database, office.clock))) as office.relay:
        office.send(batch)
        office.now = datetime(2027, 1, 5, tzinfo=UTC)
        office.send(batch)

    assert asked(relay_server) == MOST_PUT_OFF, "it was not asked so often, or did not rest"
    with office.database.read() as session:
        due_at = session.scalar(select(Batch.due_at).where(Batch.id == batch))
    assert due_at is not None
    assert due_at > office.now


def test_one_that_takes_others_in_between_does_not_rest(relay_server: RelayServer) -> None:
    with relaying(relay_server, connections=1) as relay:
        for _ in range(3 * MOST_PUT_OFF):
            relay_server.fault("mail", NO_ROOM, times=1)
            outcomes = send(relay, messages(2))
            assert [type(outcomes[number]) for number in (0, 1)] == [Deferred, Accepted]


def test_a_message_that_is_put_off_for_ever_is_given_up_and_the_others_go(
    office: Office, relay_server: RelayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    never_rest(monkeypatch)
    (_alone,) = office.people(1)
    campaign = office.release()
    relay_server.fault("mail", "451 4.7.1 not this one now")

    office.send_everything(campaign)

    assert office.state(campaign).state == "sent"
    assert office.counts(campaign).failed == 1
    assert 10 < asked(relay_server) < 40, "its attempts do not count, or it is asked without a pause"
