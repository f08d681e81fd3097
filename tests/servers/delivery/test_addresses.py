"""A relay's name may stand for several addresses, of which some do not answer: those that do are used, by everyone who sends."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace

import pytest

from mailer.delivery.outcomes import Accepted, Outcome
from mailer.delivery.smtp.exchange import Patience
from mailer.delivery.smtp.relay import SmtpRelay
from tests.support.outgoing import messages, send
from tests.support.relay import RelayServer
from tests.support.sending import HASTY

NAME = "relay.test"
IPV4, IPV6 = socket.AF_INET, socket.AF_INET6


@pytest.fixture
def resolves(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, tuple[str, int]]]:
    """What the resolver answers for NAME: families and addresses, in its order. Nobody here may write to /etc/hosts."""
    found: list[tuple[int, tuple[str, int]]] = []
    asked = socket.getaddrinfo

    def getaddrinfo(host: str, *arguments: object, **options: object) -> object:
        if host != NAME:
            return asked(host, *arguments, **options)  # type: ignore[arg-type]
        return [(family, socket.SOCK_STREAM, 6, "", address) for family, address in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return found


@contextmanager
def silent_port() -> Iterator[int]:
    """A port of 127.0.0.1 where nobody ever picks up: its queue is full."""
    with ExitStack() as held:
        listener = held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(8):
            caller = held.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        yield int(listener.getsockname()[1])


@pytest.mark.parametrize(
    "dead",
    [(IPV4, ("127.0.0.9", 1)), (IPV6, ("2001:db8::1", 25))],
    ids=["nobody listens", "no way there"],
)
def test_an_address_that_refuses_at_once_is_passed_over(
    relay_server: RelayServer, resolves: list[tuple[int, tuple[str, int]]], dead: tuple[int, tuple[str, int]]
) -> None:
    resolves += [dead, (IPV4, ("127.0.0.1", relay_server.port))]
    with closing(SmtpRelay([replace(relay_server.settings(), host=NAME)], patience=HASTY)) as relay:
        outcomes = send(relay, messages(20))

    assert {type(outcome) for outcome in outcomes.values()} == {Accepted}


def test_a_silent_address_is_passed_over_by_all_who_send(
    relay_server: RelayServer, resolves: list[tuple[int, tuple[str, int]]]
) -> None:
    impatient = replace(HASTY, connect=0.5)
    with silent_port() as silent, closing(_relay(relay_server, impatient)) as relay:
        resolves += [(IPV4, ("127.0.0.1", silent)), (IPV4, ("127.0.0.1", relay_server.port))]
        outcomes: list[Outcome] = []
        threads = [
            threading.Thread(target=lambda: outcomes.extend(send(relay, messages(10)).values())) for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(outcomes) == 30
    assert {type(outcome) for outcome in outcomes} == {Accepted}


def _relay(server: RelayServer, patience: Patience) -> SmtpRelay:
    return SmtpRelay([replace(server.settings(connections=6), host=NAME)], patience=patience)


def test_a_relay_that_has_only_an_ipv6_address_gets_mail_and_our_name_in_its_way() -> None:
    server = RelayServer()
    server.host = "::1"
    server.start()
    try:
        with closing(SmtpRelay([server.settings()], patience=HASTY)) as relay:
            outcomes = send(relay, messages(3))
    finally:
        server.stop()

    assert {type(outcome) for outcome in outcomes.values()} == {Accepted}
    if "." not in socket.gethostname():
        assert "EHLO [IPv6:::1]" in server.commands
