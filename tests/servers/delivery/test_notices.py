"""Notices: the message that asks to confirm waits in SQL until the relay took it."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from mailer.base.database import Database
from mailer.base.errors import Unreachable
from mailer.base.languages import Languages
from mailer.base.tables import SubscriberId
from mailer.base.tokens import Purpose
from mailer.delivery import notices
from subscribers import subscribe
from subscribers.joining import ToConfirm
from tests.support.relay import RelayServer
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


def test_a_sign_up_is_asked_to_confirm_once(office: Office, relay_server: RelayServer) -> None:
    subscriber_id = ask(office, "ada@x.test")
    send_what_is_called_out(office)
    send_what_is_called_out(office)

    (received,) = relay_server.messages
    text = received.message.get_content()
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
