"""Connections are kept, shared, given back and never left behind with an answer."""

import socket
import ssl
import threading
import time
from contextlib import closing

import pytest

from mailer.base.relay_url import RelaySettings
from mailer.delivery.outcomes import Accepted, NotTried, Outgoing
from mailer.delivery.smtp import relay as smtp
from mailer.delivery.smtp.relay import SmtpRelay
from tests.support.outgoing import BODY, messages, send
from tests.support.relay import RelayServer
from tests.support.sending import HASTY, relaying

PLAIN = ("8BITMIME",)


@pytest.mark.timeout(60)
def test_connections_are_kept_and_one_that_was_closed_meanwhile_costs_nothing(
    relay_server: RelayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever waits for a kept connection to say something waits for ever.
    monkeypatch.setattr(smtp, "TICK_SECONDS", 3600.0)
    with relaying(relay_server, connections=1) as relay:
        send(relay, messages(5))
        send(relay, messages(5))
        assert relay_server.connections == 1
        relay_server.fault("rset", drop=True)
        port = relay_server.port
        relay_server.stop()
        relay_server.start(port)
        outcomes = send(relay, messages(5))

    assert all(isinstance(outcome, Accepted) for outcome in outcomes.values())
    assert len(relay_server.recipients) == 15


def test_unused_connections_are_closed_after_a_while(relay_server: RelayServer) -> None:
    with closing(SmtpRelay([relay_server.settings()], patience=HASTY, idle_seconds=0.1)) as relay:
        send(relay, messages(5))
        give_up = time.monotonic() + 5
        while relay_server.open_now and time.monotonic() < give_up:
            time.sleep(0.02)

    assert relay_server.open_now == 0
    assert relay_server.commands[-1] == "QUIT"


def test_threads_share_the_connections_of_a_relay(relay_server: RelayServer) -> None:
    with relaying(relay_server, connections=3) as relay:
        threads = [threading.Thread(target=send, args=(relay, messages(40))) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

    assert len(relay_server.recipients) == 200
    assert relay_server.most_open <= 3


def test_a_connection_is_given_on_only_when_its_last_answer_was_taken(relay_server: RelayServer) -> None:
    """Senders that come and go take connections from each other: each gets the answers to its own messages, all of them."""
    wrong: list[str] = []

    def send_often(relay: SmtpRelay, first: int) -> None:
        for start in range(first, first + 400, 40):
            asked = [Outgoing(number, "n@x.test", f"p{number}@x.test", BODY) for number in range(start, start + 40)]
            answers = send(relay, asked)
            if answers.keys() != {message.number for message in asked}:
                wrong.append(f"{start}: {sorted(answers)}")

    with relaying(relay_server, connections=4) as relay:
        threads = [threading.Thread(target=send_often, args=(relay, index * 1000)) for index in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

    assert not wrong
    assert len(relay_server.recipients) == len(set(relay_server.recipients)) == 1600


def test_a_few_messages_do_not_open_all_connections(relay_server: RelayServer) -> None:
    with relaying(relay_server, connections=8) as relay:
        send(relay, messages(2))

    assert relay_server.connections <= 2


def test_leaving_early_cuts_what_is_under_way_and_the_relay_can_be_used_again(relay_server: RelayServer) -> None:
    with relaying(relay_server) as relay:
        answers = relay.send(messages(50))
        next(answers)
        answers.close()  # type: ignore[attr-defined]
        assert len(relay_server.recipients) < 50
        outcomes = send(relay, messages(10))

    assert len(outcomes) == 10


def test_the_second_relay_is_used_while_the_first_is_away(relay_server: RelayServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nobody = RelaySettings("127.0.0.1", listener.getsockname()[1], "none")
    with closing(SmtpRelay([nobody, relay_server.settings()], patience=HASTY)) as relay:
        outcomes = send(relay, messages(20))

    assert all(isinstance(outcome, Accepted) for outcome in outcomes.values())
    assert len(relay_server.recipients) == 20


def test_a_relay_that_allows_few_connections_is_used_with_few(relay_server: RelayServer) -> None:
    relay_server.fault("greeting", "421 4.7.0 too many connections", close=True)
    heal = threading.Timer(0.0, relay_server.heal)
    first = relay_server.fault("greeting", "220 welcome", times=1)
    with relaying(relay_server, connections=4) as relay:
        outcomes = send(relay, messages(20))

    assert first.times == 0
    assert all(isinstance(outcome, Accepted) for outcome in outcomes.values())
    heal.cancel()


def test_a_name_that_is_not_known_is_away() -> None:
    with closing(SmtpRelay([RelaySettings("relay.invalid", 25, "none")], patience=HASTY)) as relay:
        outcome = send(relay, messages(1))[0]

    assert isinstance(outcome, NotTried)
    assert "relay.invalid" in outcome.text


def test_a_rate_is_kept(relay_server: RelayServer) -> None:
    settings = RelaySettings("127.0.0.1", relay_server.port, "none", connections=4, rate=20)
    with closing(SmtpRelay([settings], patience=HASTY)) as relay:
        began = time.monotonic()
        send(relay, messages(11))

    assert time.monotonic() - began >= 0.45


def test_the_context_is_the_systems_where_none_is_given(relay_server: RelayServer) -> None:
    relay = SmtpRelay([relay_server.settings()])
    assert relay._pool.context.verify_mode is ssl.CERT_REQUIRED  # noqa: SLF001
    relay.close()
