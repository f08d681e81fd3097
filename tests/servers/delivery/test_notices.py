"""Notices: the message that asks to confirm waits in SQL until the relay took it."""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from mailer.base.database import Database
from mailer.base.errors import Unreachable
from mailer.base.languages import Languages
from mailer.base.tables import SubscriberId
from mailer.base.tokens import Purpose
from mailer.delivery import SmtpRelay, notices
from mailer.delivery.models import Notice
from mailer.delivery.smtp.exchange import Patience
from subscribers import joining, moving, subscribe, suppress
from subscribers.joining import ToConfirm
from tests.support.certificates import Certificate
from tests.support.mailer_process import wait_until
from tests.support.relay import Received, RelayServer, Stage
from tests.support.sending import Office, relay_to


@pytest.fixture
def office(database: Database, relay_server: RelayServer) -> Iterator[Office]:
    with closing(relay_to(relay_server)) as relay:
        yield Office(database, relay)


def ask(office: Office, address: str, *, language: str = "") -> SubscriberId:
    """Somebody signs up."""
    with office.database.begin() as session:
        asked = subscribe(
            session,
            address,
            name="Ada Ashworth",
            language=language,
            audience_slugs=["academic"],
            wording="Yes, please",
            source="test",
            keys=office.keys,
            now=office.now,
        )
        assert isinstance(asked, ToConfirm)
        notices.queue(session, "confirm", asked.subscriber_id, now=office.now)
    return asked.subscriber_id


def plain(received: Received) -> str:
    """The text of a notice."""
    body = received.message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def due_at(office: Office) -> datetime:
    """When the one notice there is may be taken."""
    with office.database.read() as session:
        return session.scalars(select(Notice.due_at)).one()


def send_what_is_called_out(office: Office) -> None:
    notices.sweep(office.database, clock=office.clock)
    for notice_id in {subject for job, subject in office.hints if job == notices.JOB}:
        notices.send(
            office.database,
            office.relay,
            notice_id,
            composer=office.composer,
            languages=Languages(),
            clock=office.clock,
        )
    office.hints.clear()


def test_one_whose_relay_takes_minutes_to_answer_is_sent_by_nobody_else(
    office: Office, relay_server: RelayServer
) -> None:
    def ten_minutes_pass() -> None:
        for _ in range(10):
            office.later(minutes=1)
            wait_until(lambda: due_at(office) > office.now + timedelta(minutes=1), what="the notice to be kept")
            send_what_is_called_out(office)

    relay_server.before_answer(stage="dot", do=ten_minutes_pass)
    ask(office, "ada@x.test")
    with closing(relay_to(relay_server, patience=Patience())) as office.relay:
        send_what_is_called_out(office)

    assert len(relay_server.messages) == 1


def test_a_sign_up_is_asked_to_confirm_once(office: Office, relay_server: RelayServer) -> None:
    subscriber_id = ask(office, "ada@x.test")
    send_what_is_called_out(office)
    send_what_is_called_out(office)

    (received,) = relay_server.messages
    text = plain(received)
    token = text.split("https://news.test/confirm/")[1].split()[0]
    assert received.recipients == ("ada@x.test",)
    assert office.keys.read(Purpose.CONFIRM, token) == (subscriber_id, 0)
    assert "Academic" in text
    assert "1 Street, Town" in text


def test_a_notice_speaks_the_persons_language(office: Office, relay_server: RelayServer) -> None:
    ask(office, "ada@x.test", language="de")
    send_what_is_called_out(office)
    assert relay_server.messages[0].message["Subject"] == "Bitte bestätigen: News"


def test_a_relay_that_says_later_is_asked_again(office: Office, relay_server: RelayServer) -> None:
    relay_server.fault("rcpt", "451 4.7.1 greylisted", times=1)
    ask(office, "ada@x.test")
    send_what_is_called_out(office)
    assert relay_server.messages == []
    send_what_is_called_out(office)
    assert relay_server.messages == []

    office.later(minutes=3)
    send_what_is_called_out(office)

    assert relay_server.recipients == ["ada@x.test"]


@pytest.mark.parametrize("fault", ["mail", "auth"])
def test_a_notice_outlives_a_relay_that_refuses_us_and_not_the_person(
    database: Database, certificate: Certificate, fault: Stage
) -> None:
    """A password that was changed at the relay must not lose everybody who signs up until it is changed here."""
    server = RelayServer(context=certificate.server_context(), user="ada", password="s3cret")
    server.start()
    try:
        server.fault(
            fault, "535 5.7.8 wrong password" if fault == "auth" else "550 5.7.1 not with this sender", times=1
        )
        with closing(SmtpRelay([server.settings()], context=certificate.client_context())) as relay:
            office = Office(database, relay)
            ask(office, "ada@x.test")
            send_what_is_called_out(office)
            assert server.messages == []

            office.later(minutes=3)
            send_what_is_called_out(office)
    finally:
        server.stop()

    assert server.recipients == ["ada@x.test"]


def test_a_notice_that_goes_again_has_the_same_message_id_and_no_other_has_it(
    office: Office, relay_server: RelayServer
) -> None:
    relay_server.fault("dot", drop=True, keep=True, times=1)
    ask(office, "ada@x.test")
    ask(office, "bob@x.test")
    send_what_is_called_out(office)
    office.later(minutes=3)
    send_what_is_called_out(office)

    seen = [(*received.recipients, received.message["Message-ID"]) for received in relay_server.messages]
    assert len(seen) == 3
    assert len(set(seen)) == 2
    assert len({message_id for _, message_id in seen}) == 2


def test_a_sign_in_link_that_no_relay_takes_is_said_to_be_lost(office: Office, relay_server: RelayServer) -> None:
    relay_server.fault("rcpt", "550 5.1.1 no such user")
    with pytest.raises(Unreachable, match="no such user"):
        notices.send_login_link(
            office.relay,
            office.composer,
            Languages(),
            to="m@x.test",
            name="M",
            link="https://news.test/login/x",
            now=office.now,
        )


def test_a_stranger_cannot_write_into_somebodys_mailbox_by_the_name(office: Office, relay_server: RelayServer) -> None:
    ask(office, "ada@x.test")
    send_what_is_called_out(office)
    assert b"Ada Ashworth" not in relay_server.messages[0].data


def test_a_notice_has_a_button_and_says_the_same_in_text(office: Office, relay_server: RelayServer) -> None:
    ask(office, "ada@x.test")
    send_what_is_called_out(office)
    (received,) = relay_server.messages
    html = received.message.get_body(("html",))
    assert html is not None
    link = re.search(r"https://news.test/confirm/\S+", plain(received))
    assert link is not None
    assert f'<a href="{link[0]}"' in html.get_content()
    assert "<li" in html.get_content()


def asked_again(office: Office, address: str) -> ToConfirm:
    """Somebody signs up, and may be reminded."""
    subscriber_id = ask(office, address)
    asked = ToConfirm(subscriber_id, address, "", "", ("academic",))
    with office.database.begin() as session:
        notices.ask_to_confirm(session, asked, remind_after=timedelta(days=3), now=office.now)
    send_what_is_called_out(office)
    return asked


def subjects(relay_server: RelayServer) -> list[str]:
    return [str(received.message["Subject"]) for received in relay_server.messages]


def test_who_does_not_answer_is_reminded_once_and_never_again(office: Office, relay_server: RelayServer) -> None:
    asked = asked_again(office, "ada@x.test")
    office.later(minutes=60 * 24 * 3 - 1)
    send_what_is_called_out(office)
    assert len(subjects(relay_server)) == 1

    office.later(minutes=2)
    send_what_is_called_out(office)
    assert subjects(relay_server)[1:] == ["Still waiting for your yes: News"]

    with office.database.begin() as session:
        notices.ask_to_confirm(session, asked, remind_after=timedelta(days=3), now=office.now)
    for _ in range(3):
        office.later(minutes=60 * 24 * 4)
        send_what_is_called_out(office)
    assert subjects(relay_server)[2:] == ["Please confirm: News"]


def test_who_has_confirmed_is_not_reminded(office: Office, relay_server: RelayServer) -> None:
    asked = asked_again(office, "ada@x.test")
    with office.database.begin() as session:
        joining.confirm(session, asked.subscriber_id, now=office.now, source="test")
    office.later(minutes=60 * 24 * 4)
    send_what_is_called_out(office)
    assert len(subjects(relay_server)) == 1


def test_a_reminder_that_may_have_arrived_is_not_sent_again(office: Office, relay_server: RelayServer) -> None:
    asked_again(office, "ada@x.test")
    office.later(minutes=60 * 24 * 4)
    relay_server.fault("rcpt", "451 4.7.1 greylisted", times=1)
    for _ in range(3):
        send_what_is_called_out(office)
        office.later(minutes=60)
    assert len(subjects(relay_server)) == 1


def test_whoever_was_suppressed_meanwhile_is_not_reminded(office: Office, relay_server: RelayServer) -> None:
    asked_again(office, "ada@x.test")
    with office.database.begin() as session:
        suppress(session, "ada@x.test", reason="bounce", source="t", now=office.now)
    office.later(minutes=60 * 24 * 4)
    send_what_is_called_out(office)
    assert len(subjects(relay_server)) == 1


def test_a_new_address_is_asked_and_the_old_one_is_told(office: Office, relay_server: RelayServer) -> None:
    ada = ask(office, "ada@x.test")
    send_what_is_called_out(office)
    with office.database.begin() as session:
        asked = moving.ask_to_move(session, ada, "ada@new.test", keys=office.keys, now=office.now)
        assert asked is not None
        notices.ask_to_move(session, asked, now=office.now)
    send_what_is_called_out(office)
    to_new = relay_server.messages[1]
    assert to_new.recipients == ("ada@new.test",)
    assert "a•••@x.test" in plain(to_new)
    token = plain(to_new).split("https://news.test/address/")[1].split()[0]
    assert office.keys.read(Purpose.CHANGE_ADDRESS, token) == (ada, asked.change_id)

    with office.database.begin() as session:
        moved = moving.move(session, ada, asked.change_id, keys=office.keys, now=office.now, source="t")
        notices.tell_moved(session, moved, now=office.now)
    send_what_is_called_out(office)
    to_old = relay_server.messages[2]
    assert to_old.recipients == ("ada@x.test",)
    assert "a•••@new.test" in plain(to_old)
    assert "ada@new.test" not in plain(to_old)


def test_a_wish_that_was_replaced_before_its_mail_went_out_is_not_mailed(
    office: Office, relay_server: RelayServer
) -> None:
    ada = ask(office, "ada@x.test")
    for address in ("ada@one.test", "ada@two.test"):
        with office.database.begin() as session:
            asked = moving.ask_to_move(session, ada, address, keys=office.keys, now=office.now)
            assert asked is not None
            notices.ask_to_move(session, asked, now=office.now)
    send_what_is_called_out(office)
    assert sorted(relay_server.recipients) == ["ada@two.test", "ada@x.test"]
