"""The test relay behaves like a relay: the standard library's client, which knows nothing of it, agrees."""

import smtplib
import socket

import pytest

from tests.support.certificates import Certificate
from tests.support.relay import RelayServer

LETTER = b"Subject: dots\r\n\r\n.one\r\n..two\r\n\r\n.\r\nend\r\n"


def _client(server: RelayServer) -> smtplib.SMTP:
    return smtplib.SMTP(server.host, server.port, timeout=5)


def test_it_keeps_what_was_sent_to_the_byte(relay_server: RelayServer) -> None:
    with _client(relay_server) as client:
        client.sendmail("from@x.test", ["ada@x.test", "bob@x.test"], LETTER)
        client.sendmail("from@x.test", ["cyd@x.test"], b"\r\nbody\r\n")
    first, second = relay_server.wait_for(2)
    assert first.data == LETTER
    assert (first.sender, first.recipients, first.connection) == ("from@x.test", ("ada@x.test", "bob@x.test"), 1)
    assert second.data == b"\r\nbody\r\n"
    assert relay_server.recipients == ["ada@x.test", "bob@x.test", "cyd@x.test"]


def test_a_group_of_commands_is_answered_in_order(relay_server: RelayServer) -> None:
    relay_server.fault("rcpt", "550 5.1.1 nobody", to="nobody@x.test")
    with socket.create_connection((relay_server.host, relay_server.port), timeout=5) as client:
        client.sendall(
            b"EHLO me\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<nobody@x.test>\r\nDATA\r\nMAIL FROM:<a@x.test>\r\nRSET\r\n"
            b"MAIL FROM:<a@x.test>\r\nRCPT TO:<b@x.test>\r\nDATA\r\nhello\r\n.\r\nQUIT\r\n"
        )
        said = b""
        while part := client.recv(4096):
            said += part
    codes = [line[:3].decode() for line in said.split(b"\r\n") if line[3:4] == b" "]
    assert codes == ["220", "250", "250", "550", "503", "503", "250", "250", "250", "354", "250", "221"]


def test_a_fault_strikes_its_recipient_as_often_as_it_is_told(relay_server: RelayServer) -> None:
    relay_server.fault("dot", "451 4.3.0 later", to="ada@x.test", times=1)
    with _client(relay_server) as client:
        with pytest.raises(smtplib.SMTPDataError, match="later"):
            client.sendmail("a@x.test", ["ada@x.test"], LETTER)
        client.sendmail("a@x.test", ["bob@x.test"], LETTER)
        client.sendmail("a@x.test", ["ada@x.test"], LETTER)
    assert relay_server.recipients == ["bob@x.test", "ada@x.test"]


@pytest.mark.parametrize("keep", [True, False])
def test_a_connection_cut_at_the_dot_leaves_the_sender_in_doubt(relay_server: RelayServer, *, keep: bool) -> None:
    relay_server.fault("dot", drop=True, keep=keep)
    client = _client(relay_server)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        client.sendmail("a@x.test", ["ada@x.test"], LETTER)
    client.close()
    assert len(relay_server.messages) == keep


def test_something_can_happen_before_the_answer(relay_server: RelayServer) -> None:
    seen: list[list[str]] = []
    relay_server.before_answer(to="ada@x.test", do=lambda: seen.append(relay_server.recipients))
    with _client(relay_server) as client:
        client.sendmail("a@x.test", ["ada@x.test"], LETTER)
    assert seen == [["ada@x.test"]]


def test_it_signs_in_over_tls_only_with_the_right_password(certificate: Certificate) -> None:
    server = RelayServer(context=certificate.server_context(), user="helena", password="right")
    server.start()
    try:
        with _client(server) as client:
            client.starttls(context=certificate.client_context())
            with pytest.raises(smtplib.SMTPAuthenticationError):
                client.login("helena", "wrong")
            client.login("helena", "right")
            client.sendmail("a@x.test", ["ada@x.test"], LETTER)
    finally:
        server.stop()
    assert server.messages[0].data == LETTER
