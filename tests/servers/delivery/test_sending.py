"""The whole delivery against a real SMTP server and both databases: once, and never lost."""

from collections import Counter
from datetime import timedelta

import pytest

from mailer.base.database import Database
from mailer.delivery import SmtpRelay, recipients_page
from subscribers import erase, pause, suppress
from tests.support.relay import RelayServer
from tests.support.sending import BEGIN, Office, office_settings, relay_to


def test_everyone_gets_one_message_and_the_campaign_is_sent(office: Office, relay_server: RelayServer) -> None:
    addresses = office.people(130)
    campaign = office.release()

    office.work()

    assert sorted(relay_server.recipients) == addresses
    assert office.state(campaign).state == "sent"
    assert office.counts(campaign).as_dict() == {
        "pending": 0, "sending": 0, "accepted": 130, "deferred": 0, "failed": 0, "skipped": 0, "uncertain": 0,
    }  # fmt: skip


def test_a_message_has_the_headers_of_the_contract(office: Office, relay_server: RelayServer) -> None:
    office.add("ada@x.test", name="Ada Łovelace")
    office.release()

    office.work()

    received = relay_server.messages[0]
    message = received.message
    assert received.sender == "news@news.test"
    assert message["from"] == "News <news@news.test>"
    assert message["to"] == "Ada Łovelace <ada@x.test>"
    assert message["subject"] == "Winter, Ada Łovelace"
    assert message["list-id"] == "<newsletter.news.test>"
    assert message["list-unsubscribe"].startswith("<https://news.test/unsubscribe/")
    assert message["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert message["message-id"].endswith("@news.test>")
    assert message["date"].datetime == BEGIN
    assert message["feedback-id"]
    assert message["mime-version"] == "1.0"
    assert message["return-path"] is None
    for kind in ("plain", "html"):
        body = message.get_body((kind,))
        assert body is not None
        text = body.get_content()
        assert "Dear Ada Łovelace" in text
        assert "/unsubscribe/" in text
        assert "/preferences/" in text
        assert "1 Street, Town" in text
    assert max(map(len, received.data.split(b"\r\n"))) <= 998


def test_with_a_bounce_mailbox_the_envelope_names_the_delivery(
    database: Database, relay: SmtpRelay, relay_server: RelayServer
) -> None:
    office = Office(database, relay, settings=office_settings(BOUNCE_ADDRESS="bounces@news.test"))
    office.add("ada@x.test")
    office.add("bob@x.test")
    office.release()

    office.work()

    senders = {received.sender for received in relay_server.messages}
    assert len(senders) == 2
    assert all(sender.startswith("bounces+") and sender.endswith("@news.test") for sender in senders)
    assert all(len(sender.partition("@")[0]) <= 64 for sender in senders)
    assert "<mailto:bounces@news.test?subject=unsubscribe%20" in relay_server.messages[0].message["list-unsubscribe"]


def test_who_is_in_two_audiences_gets_one_message_with_both_blocks(office: Office, relay_server: RelayServer) -> None:
    office.add("both@x.test", "academic", "industry")
    office.add("one@x.test", "industry")
    campaign = office.release("academic", "industry")

    office.work()

    texts = {received.recipients[0]: received.data for received in relay_server.messages}
    assert office.counts(campaign).accepted == 2
    assert b"Only academics" in texts["both@x.test"]
    assert b"Only industry" in texts["both@x.test"]
    assert b"Only academics" not in texts["one@x.test"]


def test_who_unsubscribes_during_a_send_gets_nothing(database: Database, relay_server: RelayServer) -> None:
    office = Office(database, relay_to(relay_server, connections=1), settings=office_settings(LIMITS_GROUP="1"))
    office.add("ada@x.test")
    office.add("bob@x.test")
    office.add("eve@x.test")
    campaign = office.release()
    relay_server.before_answer(to="ada@x.test", do=lambda: office.leave("eve@x.test"))

    office.work()

    assert relay_server.recipients == ["ada@x.test", "bob@x.test"]
    assert office.states(campaign)["eve@x.test"] == "skipped unsubscribed"
    office.relay.close()


def test_whoever_may_not_receive_is_skipped_with_the_reason(office: Office, relay_server: RelayServer) -> None:
    addresses = office.people(4)
    campaign = office.release()
    batches = office.prepare(campaign)
    erased, paused = office.person(addresses[1]), office.person(addresses[2])
    with office.database.begin() as session:
        suppress(session, addresses[0], reason="bounce", source="test", now=office.now)
        erase(session, erased, keys=office.keys, actor="test", now=office.now)
        pause(session, paused, until=office.now + timedelta(days=30), now=office.now, source="test")

    office.send(batches[0])

    assert relay_server.recipients == [addresses[3]]
    assert office.states(campaign) == {
        addresses[0]: "skipped suppressed",
        "(erased)": "skipped erased",
        addresses[2]: "skipped paused",
        addresses[3]: "accepted",
    }


# --- decisions while it runs ----------------------------------------------------------------------------------------------


def test_a_pause_takes_effect_within_a_group_and_resume_sends_the_rest_once(
    database: Database, relay_server: RelayServer
) -> None:
    office = Office(database, relay_to(relay_server), settings=office_settings(LIMITS_GROUP="10"))
    addresses = office.people(60)
    campaign = office.release()
    relay_server.before_answer(to=addresses[15], do=lambda: office.decide("pause", campaign))

    office.work()

    assert office.state(campaign).state == "paused"
    assert 15 < len(relay_server.recipients) <= 40
    assert office.counts(campaign).sending == 0
    office.decide("resume", campaign)
    office.work()
    assert sorted(relay_server.recipients) == addresses
    assert office.state(campaign).state == "sent"
    office.relay.close()


def test_a_cancelled_campaign_sends_nothing_more(database: Database, relay_server: RelayServer) -> None:
    office = Office(database, relay_to(relay_server), settings=office_settings(LIMITS_GROUP="10"))
    addresses = office.people(60)
    campaign = office.release()
    relay_server.before_answer(to=addresses[5], do=lambda: office.decide("cancel", campaign))

    office.work()
    sent = len(relay_server.recipients)
    office.later(hours=1)
    office.work()

    assert office.state(campaign).state == "cancelled"
    assert len(relay_server.recipients) == sent < 60
    assert office.counts(campaign).sending == 0
    office.relay.close()


def test_a_campaign_that_missed_its_time_waits_for_a_decision(office: Office, relay_server: RelayServer) -> None:
    office.people(1)
    campaign = office.release(send_at=BEGIN + timedelta(hours=1))
    office.later(hours=8)

    office.work()

    assert (office.state(campaign).state, office.state(campaign).reason) == ("paused", "missed")
    assert relay_server.recipients == []


def test_lost_hints_are_found_by_the_sweep(office: Office, relay_server: RelayServer) -> None:
    addresses = office.people(3)
    campaign = office.release()
    office.hints.clear()
    office.prepare(campaign)
    office.hints.clear()
    office.later(minutes=1)

    office.work()

    assert sorted(relay_server.recipients) == addresses


def test_a_list_without_anybody_is_sent_at_once(office: Office) -> None:
    office.add("ada@x.test")
    office.leave("ada@x.test")
    campaign = office.release()

    office.work()

    assert office.state(campaign).state == "sent"


# --- the relay's answers --------------------------------------------------------------------------------------------------


def test_a_deferred_message_is_tried_again_with_the_same_message_id(office: Office, relay_server: RelayServer) -> None:
    office.add("ada@x.test")
    office.add("bob@x.test")
    campaign = office.release()
    relay_server.fault("rcpt", "450 4.7.1 greylisted", to="ada@x.test", times=1)
    relay_server.fault("dot", "451 4.3.0 busy", to="bob@x.test", times=1)

    office.work()
    assert office.counts(campaign).deferred == 2
    assert relay_server.recipients == []
    office.work()
    assert relay_server.recipients == []
    office.later(minutes=2)
    office.work()

    assert sorted(relay_server.recipients) == ["ada@x.test", "bob@x.test"]
    assert office.state(campaign).state == "sent"
    assert office.counts(campaign).might_have_got_it_twice == 0


def test_what_is_deferred_too_long_fails_with_the_relays_words(office: Office, relay_server: RelayServer) -> None:
    office.add("ada@x.test")
    campaign = office.release()
    relay_server.fault("rcpt", "452 4.2.2 mailbox full", to="ada@x.test")

    office.send_everything(campaign)

    assert office.state(campaign).state == "sent"
    assert office.counts(campaign).failed == 1
    with office.database.read() as session:
        row = recipients_page(session, campaign)[0]
    assert "mailbox full" in row.reason
    assert 10 <= row.attempts <= 25


def test_a_refused_recipient_fails_and_nobody_else(office: Office, relay_server: RelayServer) -> None:
    addresses = office.people(5)
    campaign = office.release()
    relay_server.fault("rcpt", "550 5.1.1 no such user", to=addresses[1])
    relay_server.fault("dot", "554 5.7.1 content refused", to=addresses[3])

    office.work()

    assert Counter(office.states(campaign).values()) == {"accepted": 3, "failed": 2}
    assert office.state(campaign).state == "sent"


def test_an_address_in_another_script_gets_its_letter_where_the_relay_can_and_else_is_refused_in_words(
    office: Office, relay_server: RelayServer
) -> None:
    office.add("δοκιμή@παράδειγμα.test", name="Άλφα")
    office.add("ada@x.test")
    office.work()
    first = office.release()
    office.work()
    assert office.counts(first).accepted == 2
    greek = next(it for it in relay_server.messages if "δοκιμή" in it.recipients[0])
    assert greek.recipients == ("δοκιμή@xn--hxajbheg2az3al.test",)
    assert greek.mail_parameters.endswith("SMTPUTF8")
    assert "δοκιμή@xn--hxajbheg2az3al.test".encode() in greek.data

    office.relay.close()
    relay_server.features = ("PIPELINING", "8BITMIME")
    second = office.release()
    office.work()

    assert office.counts(second).as_dict() | {"accepted": 1, "failed": 1} == office.counts(second).as_dict()
    with office.database.read() as session:
        (failed,) = recipients_page(session, second, state="failed")
    assert "does not carry addresses in other scripts" in failed.reason


@pytest.mark.parametrize(
    ("stage", "reply"),
    [
        ("mail", "550 5.1.8 sender refused"),
        ("rcpt", "554 5.7.1 relay access denied"),
        ("rcpt", "550 5.1.8 sender refused"),
        ("dot", "554 5.7.1 spam"),
        ("data", "554 5.7.1 no"),
    ],
)
def test_a_refusal_of_us_pauses_the_campaign_and_fails_nobody(
    office: Office, relay_server: RelayServer, stage: str, reply: str
) -> None:
    addresses = office.people(60)
    campaign = office.release()
    relay_server.fault(stage, reply)  # type: ignore[arg-type]

    office.work()

    row = office.state(campaign)
    assert (row.state, row.reason) == ("paused", "relay")
    assert reply[4:].partition(" ")[2] in row.detail
    assert office.counts(campaign).as_dict() == {
        "pending": 60, "sending": 0, "accepted": 0, "deferred": 0, "failed": 0, "skipped": 0, "uncertain": 0,
    }  # fmt: skip
    relay_server.heal()
    office.decide("resume", campaign)
    office.work()
    assert sorted(relay_server.recipients) == addresses


def test_a_drop_after_the_final_dot_is_uncertain_and_goes_again_with_the_same_message_id(
    office: Office, relay_server: RelayServer
) -> None:
    office.add("ada@x.test")
    office.add("bob@x.test")
    campaign = office.release()
    relay_server.fault("dot", to="ada@x.test", times=1, drop=True, keep=True)

    office.work()
    assert office.states(campaign) == {"ada@x.test": "uncertain", "bob@x.test": "accepted"}
    office.later(minutes=5)
    office.work()

    ids = [it.message["message-id"] for it in relay_server.messages if it.recipients == ("ada@x.test",)]
    assert len(ids) == 2
    assert ids[0] == ids[1]
    assert office.states(campaign)["ada@x.test"] == "accepted"
    assert office.counts(campaign).might_have_got_it_twice == 1


def test_a_relay_that_always_drops_after_the_dot_is_not_asked_for_ever(
    office: Office, relay_server: RelayServer
) -> None:
    office.add("ada@x.test")
    campaign = office.release()
    relay_server.fault("dot", drop=True, keep=True)

    office.send_everything(campaign)

    assert office.states(campaign) == {"ada@x.test": "failed uncertain"}
    assert len(relay_server.messages) == 3


def test_a_drop_before_the_final_dot_loses_and_doubles_nothing(office: Office, relay_server: RelayServer) -> None:
    addresses = office.people(20)
    campaign = office.release()
    relay_server.fault("rcpt", to=addresses[4], times=1, drop=True)
    relay_server.fault("data", to=addresses[9], times=1, drop=True)

    office.work()

    assert sorted(relay_server.recipients) == addresses
    assert office.counts(campaign).accepted == 20


def test_while_the_relay_is_away_everything_waits(office: Office, relay_server: RelayServer) -> None:
    addresses = office.people(120)
    campaign = office.release()
    port = relay_server.port
    relay_server.stop()

    office.work()

    assert office.state(campaign).state in ("preparing", "sending")
    assert office.counts(campaign).pending == 120
    assert f"127.0.0.1:{port}: Connection refused" in office.state(campaign).detail
    relay_server.start(port)
    office.later(minutes=1)
    office.work()
    assert office.state(campaign).detail == ""
    assert sorted(relay_server.recipients) == addresses
    assert office.state(campaign).state == "sent"


def test_a_broken_greeting_makes_batches_wait_longer_each_time(office: Office, relay_server: RelayServer) -> None:
    addresses = office.people(2)
    campaign = office.release()
    relay_server.fault("greeting", "554 5.3.2 not today", close=True)

    for _ in range(3):
        office.work()
        office.later(minutes=1)
    assert office.counts(campaign).pending == 2
    relay_server.heal()
    office.later(minutes=10)
    office.work()

    assert sorted(relay_server.recipients) == addresses
