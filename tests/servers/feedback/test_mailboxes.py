"""The bounce mailbox on real servers: what is new in it is acted upon once, and it is left as its owner may expect."""

import itertools
import threading
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select

from mailer.base.bounce_url import BounceBox, read_bounce_url
from mailer.base.database import Database
from mailer.base.errors import Unreachable, WrongInput
from mailer.base.tables import SubscriberId
from mailer.feedback.boxes.imap import KEYWORD
from mailer.feedback.boxes.pop3 import open_pop3
from mailer.feedback.collecting import open_box
from mailer.feedback.messages import LIMIT_BYTES
from mailer.feedback.models import ReadMessage
from mailer.feedback.polling import poll
from subscribers.models import Consent
from tests.servers.feedback.conftest import AWAY, HELLO, KEYS, clock, status, wish
from tests.support.certificates import Certificate
from tests.support.mailboxes import BrokenServer, MailServer

SCHEMES = ("imap", "imaps", "pop3", "pop3s")
SEEN = b"\\Seen"
numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def _trust(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))


@pytest.fixture
def user() -> str:
    """A mailbox of one's own."""
    return f"user{next(numbers)}"


def box(url: str) -> BounceBox:
    found = read_bounce_url(url)
    assert found is not None
    return found


def read(database: Database, url: str, home: Path = Path()) -> Counter[str]:
    return poll(database, box(url), home=home, keys=KEYS, clock=clock)


def look(url: str) -> list[bytes]:
    """What lies there, without any database."""
    with open_box(box(url), home=Path()) as opened:
        return [message for _, message in opened.read(opened.waiting())]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_is_new_is_acted_upon_once(
    database: Database, dovecot: MailServer, user: str, ada: SubscriberId, scheme: str
) -> None:
    dovecot.deliver(user, HELLO, wish(ada), AWAY)
    url = dovecot.url(scheme, user)

    assert read(database, url) == {"unsubscribe": 1, "none": 1, "autoreply": 1}
    assert status(database, ada) == "unsubscribed"
    assert read(database, url) == {}
    dovecot.deliver(user, AWAY)
    assert read(database, url) == {"autoreply": 1}


@pytest.mark.parametrize("scheme", ["imap", "pop3"])
def test_nothing_is_deleted_unasked(
    database: Database, dovecot: MailServer, user: str, ada: SubscriberId, scheme: str
) -> None:
    dovecot.deliver(user, HELLO, wish(ada), AWAY)
    read(database, dovecot.url(scheme, user))

    assert len(dovecot.flags(user)) == 3


@pytest.mark.parametrize("scheme", ["imap", "pop3"])
def test_what_was_acted_upon_is_deleted_where_that_is_set_and_the_rest_is_left_for_people(
    database: Database, dovecot: MailServer, user: str, ada: SubscriberId, scheme: str
) -> None:
    dovecot.deliver(user, HELLO, wish(ada), AWAY)
    url = dovecot.url(scheme, user, options="?delete=yes")

    assert read(database, url).total() == 3
    with dovecot.client(user) as client:
        left = client.fetch(client.search("ALL"), ["BODY.PEEK[]"])
    assert [message[b"BODY[]"] for message in left.values()] == [HELLO]
    assert read(database, url) == {}


def test_what_a_person_may_want_to_read_stays_unread(
    database: Database, dovecot: MailServer, user: str, ada: SubscriberId
) -> None:
    dovecot.deliver(user, HELLO, wish(ada))
    read(database, dovecot.url("imap", user))

    assert dovecot.flags(user) == [{KEYWORD}, {KEYWORD, SEEN}]


def test_what_a_person_has_opened_is_acted_upon_all_the_same(
    database: Database, dovecot: MailServer, user: str, ada: SubscriberId
) -> None:
    dovecot.deliver(user, wish(ada))
    with dovecot.client(user) as person:
        person.add_flags(person.search("ALL"), [SEEN])

    assert read(database, dovecot.url("imap", user)) == {"unsubscribe": 1}


def test_a_server_without_keywords_is_told_what_was_seen(
    database: Database, pymap: MailServer, ada: SubscriberId
) -> None:
    pymap.deliver("ada", HELLO, wish(ada))
    url = pymap.url("imap", "ada", options="?starttls=no")

    assert read(database, url) == {"unsubscribe": 1, "none": 1}
    assert pymap.flags("ada") == [{SEEN}, {SEEN}]
    assert read(database, url) == {}


def test_a_folder_with_a_name_in_any_script_is_read(
    database: Database, dovecot: MailServer, user: str, ada: SubscriberId
) -> None:
    with dovecot.client(user) as client:
        client.create_folder("Rückläufer & mehr")
        client.append("Rückläufer & mehr", wish(ada))

    assert read(database, dovecot.url("imap", user, path="/R%C3%BCckl%C3%A4ufer%20%26%20mehr")) == {"unsubscribe": 1}


def test_of_very_many_messages_none_is_passed_over(
    dovecot: MailServer, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailer.feedback.boxes.imap.BLOCK", 2)
    dovecot.deliver(user, *[HELLO] * 5)

    with open_box(box(dovecot.url("imap", user)), home=Path()) as opened:
        assert list(opened.waiting()) == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("scheme", ["imap", "pop3"])
def test_a_message_comes_as_it_is_and_of_a_huge_one_only_the_beginning(
    dovecot: MailServer, user: str, scheme: str
) -> None:
    dots = b"Subject: dots\r\n\r\n.\r\n..two\r\n...\r\n" + b"x" * 100_000 + b"\r\n.end\r\n"
    huge = b"Subject: huge\r\n\r\n" + b"y" * 70 + b"\r\n." + b"z" * (2 * LIMIT_BYTES)
    dovecot.deliver(user, dots, huge, HELLO)

    assert look(dovecot.url(scheme, user)) == [dots, huge[:LIMIT_BYTES], HELLO]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_two_who_read_at_once_do_everything_once(
    database: Database, dovecot: MailServer, user: str, ada: SubscriberId, scheme: str
) -> None:
    dovecot.deliver(user, *[wish(ada)] * 5, *[AWAY] * 30)
    url, barrier = dovecot.url(scheme, user), threading.Barrier(3)
    counts: list[Counter[str]] = []
    locked_out: list[Unreachable] = []

    def work() -> None:
        barrier.wait()
        try:
            counts.append(read(database, url))
        except Unreachable as error:  # POP3 lets one reader in at a time
            locked_out.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(counts) + len(locked_out) == 3
    assert scheme.startswith("pop3") or not locked_out
    assert sum(found["unsubscribe"] for found in counts) >= 5
    assert read(database, url) == {}
    with database.read() as session:
        left = (
            select(func.count())
            .select_from(Consent)
            .where(Consent.deed == "withdrew", Consent.audience_id.is_not(None))
        )
        assert session.scalar(left) == 1


def test_what_was_read_over_pop3_is_forgotten_when_it_is_gone(
    database: Database, dovecot: MailServer, user: str
) -> None:
    dovecot.deliver(user, AWAY, HELLO)
    read(database, dovecot.url("pop3", user))
    with dovecot.client(user) as person:
        person.delete_messages(person.search("ALL")[:1])
        person.expunge()
    read(database, dovecot.url("pop3", user))

    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(ReadMessage)) == 1


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_wrong_password_is_told_and_never_shown(dovecot: MailServer, user: str, scheme: str) -> None:
    with pytest.raises(WrongInput, match="refuses the user name or the password") as caught:
        look(dovecot.url(scheme, user, password="5esam3"))
    assert "5esam3" not in f"{caught.value} {caught.value.__cause__!r}"


def test_a_folder_that_is_not_there_is_told(dovecot: MailServer, user: str) -> None:
    with pytest.raises(WrongInput, match="Nowhere cannot be opened"):
        look(dovecot.url("imap", user, path="/Nowhere"))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_server_that_nobody_vouches_for_gets_no_password(
    dovecot: MailServer, user: str, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(Unreachable, match="certificate verify failed"):
        look(dovecot.url(scheme, user))


@pytest.mark.parametrize(
    ("scheme", "says"),
    [
        ("imap", b"* OK hello\r\n"),
        ("imap", b"* CAPABILITY IMAP4rev1\r\nTAG OK\r\n"),
        ("pop3", b"+OK hello\r\n"),
        ("pop3", b"+OK\r\nUSER\r\nUIDL\r\n.\r\n"),
    ],
)
def test_without_starttls_no_password_is_said(scheme: str, says: bytes) -> None:
    greeting = b"* OK hello\r\n" if scheme == "imap" else b"+OK hello\r\n"
    server = BrokenServer([greeting, says, says, says], hangs_up=True)
    try:
        with pytest.raises(Unreachable):
            look(f"{scheme}://ada:5esam3@127.0.0.1:{server.port}?timeout=2")
    finally:
        server.close()
    assert not any(b"5esam3" in line or b"ada" in line for line in server.heard)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_server_that_says_nothing_is_given_up(scheme: str) -> None:
    server = BrokenServer([])
    try:
        with pytest.raises(Unreachable, match="timed out"):
            look(f"{scheme}://ada:5esam3@127.0.0.1:{server.port}?timeout=1")
    finally:
        server.close()


@pytest.mark.parametrize("scheme", ["imap", "pop3"])
@pytest.mark.parametrize(
    "greeting", [b"", b"220 smtp.x.org ESMTP\r\n", b"\xff\x00\r\n" * 3, b"* BYE go away\r\n", b"-ERR no\r\n"]
)
def test_a_server_that_speaks_otherwise_is_given_up(scheme: str, greeting: bytes) -> None:
    server = BrokenServer([greeting], hangs_up=True)
    try:
        with pytest.raises(Unreachable):
            look(f"{scheme}://ada:5esam3@127.0.0.1:{server.port}?timeout=1")
    finally:
        server.close()


def test_a_message_that_the_server_does_not_give_keeps_nobody_waiting() -> None:
    server = BrokenServer(
        [
            b"+OK hello\r\n",
            b"+OK\r\n",
            b"+OK\r\n",
            b"+OK\r\n1 a\r\n2 b\r\n.\r\n",
            b"-ERR the message is broken\r\n",
            b"+OK\r\n" + HELLO + b".\r\n",
            b"+OK bye\r\n",
        ],
        hangs_up=True,
    )
    try:
        with open_pop3(box(f"pop3://ada:x@127.0.0.1:{server.port}?starttls=no&timeout=2")) as opened:
            assert list(opened.read(opened.waiting())) == [("b", HELLO)]
    finally:
        server.close()


def test_a_connection_that_is_cut_within_a_message_gives_no_half_of_it() -> None:
    server = BrokenServer(
        [b"+OK hello\r\n", b"+OK\r\n", b"+OK\r\n", b"+OK\r\n1 a\r\n.\r\n", b"+OK\r\n" + HELLO], hangs_up=True
    )
    given: list[tuple[str, bytes]] = []
    try:
        with (
            pytest.raises(Unreachable),
            open_pop3(box(f"pop3://ada:x@127.0.0.1:{server.port}?starttls=no&timeout=2")) as opened,
        ):
            given.extend(opened.read(opened.waiting()))
    finally:
        server.close()
    assert given == []
