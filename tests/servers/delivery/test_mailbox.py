"""The local mailbox: what we send to it is kept as it was, and is shown."""

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mailer.base.errors import NotFound
from mailer.delivery import MailboxServer, SmtpRelay, read_message, received
from mailer.delivery.outcomes import Accepted, Deferred, Outgoing

DATA = b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nTo: a@x.test\r\n\r\n.one dot\r\n..two\r\nend\r\n"


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[MailboxServer]:
    server = MailboxServer(tmp_path / "mailbox")
    server.start()
    yield server
    server.stop()


def test_messages_are_kept_as_they_were_with_the_envelope_on_top(mailbox: MailboxServer) -> None:
    with closing(SmtpRelay([mailbox.settings])) as relay:
        answers = list(relay.send(Outgoing(n, "s@x.test", f"p{n}@x.test", DATA) for n in range(200)))

    assert sum(isinstance(answer[1], Accepted) for answer in answers if answer) == 200
    entries = received(mailbox.folder)
    assert sorted(entry.recipients[0] for entry in entries) == sorted(f"p{n}@x.test" for n in range(200))
    assert {entry.subject for entry in entries} == {"Grüße"}
    assert {entry.sender for entry in entries} == {"s@x.test"}
    assert [entry.at for entry in entries] == sorted((entry.at for entry in entries), reverse=True)
    raw = read_message(mailbox.folder, entries[0].name)
    assert raw == f"Return-Path: <s@x.test>\r\nDelivered-To: {entries[0].recipients[0]}\r\n".encode() + DATA


@pytest.mark.parametrize("name", ["../secret.eml", "nothing.eml", "/etc/passwd", "..", "", "x.txt"])
def test_nothing_outside_the_mailbox_is_read(mailbox: MailboxServer, name: str) -> None:
    (mailbox.folder.parent / "secret.eml").write_text("secret")
    (mailbox.folder / "x.txt").write_text("x")

    with pytest.raises(NotFound):
        read_message(mailbox.folder, name)


def test_an_empty_mailbox_is_empty(tmp_path: Path) -> None:
    assert received(tmp_path / "none") == []


def test_what_cannot_be_written_is_asked_for_again(mailbox: MailboxServer) -> None:
    mailbox.folder.rmdir()
    mailbox.folder.write_text("no folder")

    with closing(SmtpRelay([mailbox.settings])) as relay:
        answers = [answer for answer in relay.send([Outgoing(0, "s@x.test", "p@x.test", DATA)]) if answer]

    assert isinstance(answers[0][1], Deferred)


def test_strange_clients_get_an_answer(mailbox: MailboxServer) -> None:
    settings = mailbox.settings
    with socket.create_connection((settings.host, settings.port), timeout=5) as client:
        lines = client.makefile("rwb")
        for said, code in ((b"", b"220"), (b"DATA", b"503"), (b"WHAT", b"503"), (b"HELO x", b"250"), (b"QUIT", b"221")):
            if said:
                lines.write(said + b"\r\n")
                lines.flush()
            assert lines.readline().startswith(code)
        lines.close()
