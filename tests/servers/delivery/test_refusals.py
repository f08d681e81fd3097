"""Who is refused for good by the relay itself: the end of the mail to an address that does not exist, and to no other."""

import re

import pytest

from mailer.base import audit
from mailer.feedback import report
from subscribers import list_suppressions
from tests.support.relay import RelayServer, Stage
from tests.support.sending import Office


def test_an_address_that_does_not_exist_gets_no_mail_ever_again(office: Office, relay_server: RelayServer) -> None:
    addresses = office.people(4)
    first = office.release()
    relay_server.fault("rcpt", "550 5.1.1 no such user", to=addresses[1])
    relay_server.fault("rcpt", "550 5.7.1 blocked by policy", to=addresses[2])
    office.work()
    relay_server.heal()
    second = office.release()

    office.work()

    assert office.states(first)[addresses[1]] == "failed"
    assert addresses[1] not in office.states(second)
    assert office.states(second)[addresses[2]] == "accepted", "what is not the address's own fault may change"
    with office.database.read() as session:
        assert report(session, first).bounced == 1
        (entry,) = list_suppressions(session)
        deeds = [it.deed for it in audit.entries(session, subject=f"suppression {entry.id}")]
    assert (entry.subject, entry.reason, entry.source) == (addresses[1], "bounced", "bounce")
    assert deeds == ["suppressed"]


def test_a_relay_that_has_lost_its_list_suppresses_nobody(office: Office, relay_server: RelayServer) -> None:
    office.people(120)
    campaign = office.release()
    relay_server.fault("rcpt", "550 5.1.1 no such user")

    office.work()

    assert (office.state(campaign).state, office.state(campaign).reason) == ("paused", "relay")
    with office.database.read() as session:
        assert list_suppressions(session) == ()


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "dot"])
def test_a_relay_that_wants_us_to_sign_in_stops_even_a_small_campaign_and_fails_nobody(
    office: Office, relay_server: RelayServer, stage: Stage
) -> None:
    addresses = office.people(3)
    campaign = office.release()
    relay_server.fault(stage, "530 5.7.0 authentication required")

    office.work()

    row = office.state(campaign)
    assert (row.state, row.reason, "authentication required" in row.detail) == ("paused", "relay", True)
    assert office.counts(campaign).pending == 3
    relay_server.heal()
    office.decide("resume", campaign)
    office.work()
    assert sorted(relay_server.recipients) == addresses


def test_who_knows_that_the_refusals_are_right_gets_past_them(office: Office, relay_server: RelayServer) -> None:
    gone, there = office.people(120), "there@y.test"
    office.add(there)
    campaign = office.release()
    for address in gone:
        relay_server.fault("rcpt", "550 5.1.1 no such user", to=address)

    office.work()
    held = office.state(campaign)
    office.decide("resume", campaign)
    office.work()
    held_again = office.state(campaign)
    office.decide("resume", campaign, despite_refusals=True)
    office.work()

    assert (held.state, held.reason) == (held_again.state, held_again.reason) == ("paused", "relay")
    assert re.fullmatch(r"550 5\.1\.1 no such user; so for \d+ recipients, and none was accepted", held.detail)
    states = office.states(campaign)
    assert {states[address] for address in gone} == {"failed"}
    assert states[there] == "accepted"
    assert office.state(campaign).state == "sent"
