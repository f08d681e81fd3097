"""Whole messages without a wait, three deep, where the relay offers CHUNKING (RFC 3030): each answer still finds its message."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing

import pytest

from mailer.delivery.outcomes import LEFT, TAKEN, Accepted, Deferred, NotTried, Refused, Unknown
from mailer.delivery.smtp.features import CHUNKS_DEEP
from mailer.delivery.smtp.relay import SmtpRelay
from tests.support.certificates import Certificate
from tests.support.outgoing import messages, send
from tests.support.relay import RelayServer, Stage
from tests.support.sending import relaying

FEATURES = ("PIPELINING", "8BITMIME", "SIZE 26214400", "CHUNKING")
BODY = b"Subject: hello\r\n\r\nline one\r\n.leading dot\r\n..two\r\n.\r\nRSET\r\n" + b"x" * 70 + b"\r\n"


@pytest.fixture
def server(relay_server: RelayServer) -> RelayServer:
    relay_server.features = FEATURES
    return relay_server


@pytest.fixture
def relay(server: RelayServer) -> Iterator[SmtpRelay]:
    with relaying(server, connections=1) as relay:
        yield relay


def test_every_message_arrives_as_it_was_dots_and_all(server: RelayServer, relay: SmtpRelay) -> None:
    outcomes = send(relay, messages(50, data=BODY))

    assert all(isinstance(outcome, Accepted) for outcome in outcomes.values())
    assert {received.data for received in server.messages} == {BODY}
    assert server.recipients == [f"p{number}@x.test" for number in range(50)]
    assert not any(command.startswith("DATA") for command in server.commands)


@pytest.mark.parametrize("features", [("PIPELINING", "8BITMIME"), ("CHUNKING", "8BITMIME")])
def test_where_it_is_not_offered_or_has_to_wait_data_is_used(
    server: RelayServer, relay: SmtpRelay, features: tuple[str, ...]
) -> None:
    server.features = features

    assert len(send(relay, messages(5, data=BODY))) == 5

    assert server.commands.count("DATA") == 5
    assert {received.data for received in server.messages} == {BODY}


def test_a_relay_that_offers_chunks_and_does_not_know_them_gets_everything_by_data(server: RelayServer) -> None:
    server.unknown = ("BDAT",)
    with relaying(server, connections=3) as relay:
        outcomes = send(relay, messages(40, data=BODY))
        opened = server.connections
        again = send(relay, messages(5, data=BODY))

    assert {type(outcome) for outcome in (*outcomes.values(), *again.values())} == {Accepted}
    assert Counter(server.recipients) == {f"p{n}@x.test": 2 if n < 5 else 1 for n in range(40)}
    assert {received.data for received in server.messages} == {BODY}
    assert server.connections <= opened + 3
    asked = sum(command.startswith("BDAT") for command in server.commands)
    assert 1 <= asked <= 3 * CHUNKS_DEEP, "what was learnt on one connection holds for those after it"


@pytest.mark.parametrize("reply", ["500 5.6.0 I do not like it", "502 5.5.1 not today"])
def test_a_message_that_is_refused_so_after_others_were_taken_is_refused(
    server: RelayServer, relay: SmtpRelay, reply: str
) -> None:
    server.fault("dot", reply, to="p3@x.test")
    outcomes = send(relay, messages(6, data=BODY))
    assert [number for number, outcome in outcomes.items() if isinstance(outcome, Refused)] == [3]
    assert server.connections == 1


def test_a_first_message_whose_content_is_refused_so_does_not_send_those_behind_it_twice(
    server: RelayServer, relay: SmtpRelay
) -> None:
    server.fault("dot", "500 5.6.0 I do not like it", to="p0@x.test")

    outcomes = send(relay, messages(6, data=BODY))

    assert [number for number, outcome in outcomes.items() if isinstance(outcome, Refused)] == [0]
    assert server.recipients == [f"p{number}@x.test" for number in range(1, 6)]
    assert server.commands.count("DATA") == 0


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "dot"])
@pytest.mark.parametrize("reply", ["450 4.2.0 not now", "550 5.1.1 no such user"])
def test_each_answer_belongs_to_its_message(server: RelayServer, relay: SmtpRelay, stage: Stage, reply: str) -> None:
    if stage == "mail":  # who the recipient is, is not known yet
        server.fault("mail", reply, times=1)
    else:
        server.fault(stage, reply, to="p3@x.test")

    outcomes = send(relay, messages(9, data=BODY))

    unlucky = 0 if stage == "mail" else 3
    kinds = Counter(type(outcome) for outcome in outcomes.values())
    assert kinds == {Accepted: 8, (Deferred if reply.startswith("4") else Refused): 1}
    assert not isinstance(outcomes[unlucky], Accepted)
    assert server.recipients == [f"p{number}@x.test" for number in range(9) if number != unlucky]
    assert server.connections == 1


@pytest.mark.parametrize("stage", ["rset", "mail", "rcpt", "data", "dot"])
def test_after_421_what_was_said_later_was_not_heard_and_goes_again(
    server: RelayServer, relay: SmtpRelay, stage: Stage
) -> None:
    server.fault(stage, "421 4.3.2 going down", close=True, times=1)

    outcomes = send(relay, messages(10, data=BODY))

    accepted = sum(isinstance(outcome, Accepted) for outcome in outcomes.values())
    assert accepted == (9 if stage in ("data", "dot") else 10)
    assert len(server.recipients) == len(set(server.recipients)) == accepted


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "dot"])
@pytest.mark.parametrize("keep", [False, True])
def test_a_drop_leaves_at_most_three_unknown_and_loses_nobody(
    server: RelayServer, relay: SmtpRelay, stage: Stage, *, keep: bool
) -> None:
    server.fault(stage, drop=True, times=1, keep=keep)

    outcomes = send(relay, messages(20, data=BODY))

    assert set(outcomes) == set(range(20))
    unknown = {number for number, outcome in outcomes.items() if isinstance(outcome, Unknown)}
    assert len(unknown) <= CHUNKS_DEEP
    got = set(server.recipients)
    assert len(server.recipients) == len(got), "a second copy without a word"
    assert {f"p{number}@x.test" for number in range(20) if number not in unknown} <= got


def test_a_stall_is_not_waited_for_for_ever(server: RelayServer, relay: SmtpRelay) -> None:
    server.fault("dot", delay=30, times=1)

    outcomes = send(relay, messages(10, data=BODY))

    kinds = Counter(type(outcome) for outcome in outcomes.values())
    assert kinds[Accepted] >= 10 - CHUNKS_DEEP
    assert kinds[Accepted] + kinds[Unknown] == 10


@pytest.mark.parametrize("reply", ["nonsense", "250-a\r\n550 b"])
def test_nonsense_ends_the_connection_and_loses_nobody(server: RelayServer, relay: SmtpRelay, reply: str) -> None:
    server.fault("rcpt", reply, times=1)

    outcomes = send(relay, messages(10, data=BODY))

    assert len(outcomes) == 10
    assert sum(isinstance(outcome, Unknown) for outcome in outcomes.values()) <= CHUNKS_DEEP


def test_no_more_than_three_are_under_way_on_a_connection(server: RelayServer, relay: SmtpRelay) -> None:
    under_way: set[int] = set()
    most = 0

    def note(number: int, mark: int) -> None:
        nonlocal most
        (under_way.add if mark == LEFT else under_way.discard)(number)
        most = max(most, len(under_way))
        assert mark in (LEFT, TAKEN)

    outgoing = messages(30, data=BODY)
    for message in outgoing:
        message.trace = note
    send(relay, outgoing)

    assert most == CHUNKS_DEEP
    assert len(server.recipients) == 30


def test_it_works_over_tls(certificate: Certificate) -> None:
    server = RelayServer(features=FEATURES, context=certificate.server_context())
    server.start()
    try:
        with closing(SmtpRelay([server.settings()], context=certificate.client_context())) as relay:
            outcomes = send(relay, messages(20, data=BODY))
    finally:
        server.stop()

    assert all(isinstance(outcome, Accepted) for outcome in outcomes.values())
    assert {received.data for received in server.messages} == {BODY}


def closes_after(server: RelayServer, addresses: Iterable[str]) -> None:
    """Without a word, once it has taken the message of one of these."""
    for address in addresses:
        server.fault("dot", to=address, close=True)


@pytest.mark.parametrize("every", [1, 7])
def test_a_relay_that_closes_after_so_many_without_a_word_leaves_few_unknown(server: RelayServer, every: int) -> None:
    closes_after(server, [f"p{number}@x.test" for number in range(every - 1, 200, every)])
    with relaying(server, connections=2) as relay:
        first, again = send(relay, messages(200, data=BODY)), send(relay, messages(50, data=BODY))

    unknown = [outcome for outcome in first.values() if isinstance(outcome, Unknown)]
    assert 1 <= len(unknown) <= 2 * CHUNKS_DEEP
    assert {type(outcome) for outcome in first.values()} == {Accepted, Unknown}
    assert {type(outcome) for outcome in again.values()} == {Accepted}


TWO_ANSWERS = "250 2.1.0 OK\r\n250 2.0.0 and one more"


def test_a_relay_that_gives_one_answer_too_many_is_noticed_and_gets_everything_by_data(
    server: RelayServer, relay: SmtpRelay
) -> None:
    """By the first who is refused: his answer comes where RSET is to have one. Before, everybody's was another's."""
    server.fault("mail", TWO_ANSWERS, times=1)
    refused = [f"p{number}@x.test" for number in (5, 20, 30)]
    for address in refused:
        server.fault("dot", "554 5.7.1 I do not like it", to=address)

    outcomes = send(relay, messages(40, data=BODY))

    unknown = {number for number, outcome in outcomes.items() if isinstance(outcome, Unknown)}
    assert len(unknown) <= CHUNKS_DEEP
    assert {number for number, outcome in outcomes.items() if isinstance(outcome, Refused)} >= {20, 30}
    got = set(server.recipients)
    assert {f"p{number}@x.test" for number, it in outcomes.items() if isinstance(it, Accepted)} - got <= {refused[0]}
    assert server.commands.count("DATA") >= 30


def test_it_is_noticed_by_an_answer_that_nobody_waits_for(server: RelayServer, relay: SmtpRelay) -> None:
    server.fault("dot", TWO_ANSWERS, times=1)
    send(relay, messages(1, data=BODY))

    outcomes = send(relay, messages(10, data=BODY))

    assert {type(outcome) for outcome in outcomes.values()} == {Accepted}
    assert server.commands.count("DATA") == 10


def test_that_a_relay_goes_away_unasked_says_nothing_of_its_answers(server: RelayServer, relay: SmtpRelay) -> None:
    server.fault("dot", "250 2.0.0 OK\r\n421 4.4.2 idle for too long", times=1)
    send(relay, messages(1, data=BODY))

    outcomes = send(relay, messages(10, data=BODY))

    assert {type(outcome) for outcome in outcomes.values()} == {Accepted}
    assert server.connections == 2
    assert server.commands.count("DATA") == 0


def test_an_answer_to_what_was_not_said_yet_ends_the_connection(server: RelayServer, relay: SmtpRelay) -> None:
    server.fault("greeting", "220 relay.test\r\n220 and once more")

    outcomes = send(relay, messages(3, data=BODY))

    said = f"relay {server.settings().name}: it says 220 and once more unasked"
    assert set(outcomes.values()) == {NotTried(said)}
    assert not any(command.startswith("MAIL") for command in server.commands)


def test_after_a_while_it_is_given_whole_messages_again(server: RelayServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailer.delivery.smtp.share.CUT_SHORT_SECONDS", 0.0)
    closes_after(server, ["p0@x.test"])
    with relaying(server, connections=1) as relay:
        send(relay, messages(30, data=BODY))

    assert server.commands.count("DATA") == 0


def test_a_connection_that_is_lost_before_anything_was_taken_teaches_nothing(server: RelayServer) -> None:
    server.fault("dot", drop=True, times=1)
    with relaying(server, connections=1) as relay:
        send(relay, messages(30, data=BODY))

    assert server.commands.count("DATA") == 0


def test_a_kept_connection_that_was_closed_meanwhile_leaves_nobody_unknown(server: RelayServer) -> None:
    """A whole message can be written to it all the same."""
    with relaying(server, connections=1) as relay:
        send(relay, messages(5, data=BODY))
        port = server.port
        server.stop()
        server.start(port)
        outcomes = send(relay, messages(5, data=BODY))

    assert {type(outcome) for outcome in outcomes.values()} == {Accepted}
    assert len(server.recipients) == 10
