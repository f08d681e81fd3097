"""The canary: a first wave leaves alone, and its bounces and complaints decide about the rest."""

from datetime import timedelta

import pytest

from mailer.base.tables import CampaignId
from mailer.delivery import recipients_page
from mailer.feedback import Limits, record, watch_first_waves
from tests.support.relay import RelayServer
from tests.support.sending import Office

LIMITS = Limits(wait=timedelta(minutes=30), bounces=0.05, complaints=0.003)


def work(office: Office) -> None:
    """Work, look at the first waves as the sweep does, and work on."""
    for _ in range(2):
        office.work()
        with office.database.begin() as session:
            watch_first_waves(session, LIMITS, now=office.now)
    office.work()


def comes_back(office: Office, campaign: CampaignId, number: int, kind: str) -> None:
    with office.database.begin() as session:
        (row,) = recipients_page(session, campaign, after=number - 1, limit=1)
        record(
            session,
            kind,
            source_key=f"message:{kind}:{number}",
            now=office.now,
            campaign_id=campaign,
            subscriber_id=row.subscriber_id,
            number=number,
        )


def test_the_rest_waits_until_the_first_wave_was_judged(office: Office, relay_server: RelayServer) -> None:
    addresses = office.people(90)
    campaign = office.release(canary=20)

    work(office)
    assert len(relay_server.recipients) == 20
    assert "09:30 UTC" in office.state(campaign).detail
    office.later(minutes=29)
    work(office)
    assert len(relay_server.recipients) == 20
    office.later(minutes=1)
    work(office)

    assert sorted(relay_server.recipients) == addresses
    assert office.state(campaign).state == "sent"


@pytest.mark.parametrize("kind", ["bounced", "complained"])
def test_what_comes_back_from_the_first_wave_stops_the_rest(
    office: Office, relay_server: RelayServer, kind: str
) -> None:
    office.people(90)
    campaign = office.release(canary=20)
    work(office)
    for number in (3, 4):
        comes_back(office, campaign, number, kind)

    work(office)
    office.later(hours=2)
    work(office)

    row = office.state(campaign)
    assert (row.state, row.reason) == ("paused", "canary")
    assert row.detail.startswith(f"2 of 20 in the first wave {kind}")
    assert len(relay_server.recipients) == 20
    office.decide("resume", campaign)
    work(office)
    assert len(relay_server.recipients) == 90, "whoever resumes it knows why it stood"


def test_who_is_refused_at_once_counts_as_bounced(office: Office, relay_server: RelayServer) -> None:
    addresses = office.people(90)
    campaign = office.release(canary=20)
    for address in addresses[:3]:
        relay_server.fault("rcpt", "550 5.1.1 no such user", to=address)

    work(office)

    row = office.state(campaign)
    assert (row.state, row.reason) == ("paused", "canary")
    assert row.detail.startswith("3 of 20 in the first wave bounced")
    assert len(relay_server.recipients) == 17


def test_one_bounce_and_what_comes_back_from_others_stop_nothing(office: Office, relay_server: RelayServer) -> None:
    addresses = office.people(60)
    relay_server.fault("rcpt", "550 5.1.1 no such user", to=addresses[0])
    campaign = office.release(canary=10)

    work(office)
    office.later(minutes=31)
    work(office)

    assert office.state(campaign).state == "sent"
    assert office.counts(campaign).accepted == 59


def test_a_list_no_larger_than_the_first_wave_is_sent_whole(office: Office, relay_server: RelayServer) -> None:
    addresses = office.people(20)
    campaign = office.release(canary=20)
    other = office.release(canary=500)

    work(office)

    assert sorted(relay_server.recipients) == sorted(addresses * 2)
    assert office.state(campaign).state == office.state(other).state == "sent"
