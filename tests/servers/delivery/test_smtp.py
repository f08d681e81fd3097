"""The relay alone against a server with faults at every stage: each answer belongs to its message, none is lost."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from mailer.base.relay_url import RelaySettings
from mailer.delivery.outcomes import Accepted, Deferred, NotTried, Outgoing, Refused, Unknown
from mailer.delivery.smtp.exchange import Patience
from mailer.delivery.smtp.relay import SmtpRelay
from tests.support.certificates import Certificate
from tests.support.outgoing import BODY, messages, send
from tests.support.relay import RelayServer, Stage
from tests.support.sending import HASTY, relaying

PLAIN = ("8BITMIME",)


@pytest.fixture(params=["pipelining", "one by one"])
def server(request: pytest.FixtureRequest, relay_server: RelayServer) -> RelayServer:
    if request.param != "pipelining":
        relay_server.features = PLAIN
    return relay_server


def test_every_message_arrives_as_it_was_dots_and_all(server: RelayServer) -> None:
    with relaying(server) as relay:
        outcomes = send(relay, messages(50))

    assert set(outcomes) == set(range(50))
    assert all(isinstance(outcome, Accepted) for outcome in outcomes.values())
    assert {received.data for received in server.messages} == {BODY}
    assert len(server.recipients) == 50


@pytest.mark.parametrize(
    "data", [b".", b".\r\n", b"a: b\r\n\r\n.\r\n.\r\n", b"\r\n.", b"no end", b"a\r\n..\r\n...\r\n"]
)
def test_dots_survive_wherever_they_stand(server: RelayServer, data: bytes) -> None:
    with relaying(server) as relay:
        send(relay, messages(1, data=data))

    assert server.messages[0].data.removesuffix(b"\r\n") == data.removesuffix(b"\r\n")


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "dot"])
def test_in_a_pipelined_group_each_answer_belongs_to_its_message(server: RelayServer, stage: Stage) -> None:
    for number in range(0, 30, 3):
        server.fault(stage, f"450 4.2.{number} later", to=f"p{number}@x.test")
    if stage == "mail":  # it has no recipient yet: the first three
        server.heal()
        server.fault("mail", "450 4.2.0 later", times=3)

    with relaying(server) as relay:
        outcomes = send(relay, messages(30))

    assert len(outcomes) == 30
    deferred = {number for number, outcome in outcomes.items() if isinstance(outcome, Deferred)}
    if stage == "mail":
        assert len(deferred) == 3
    else:
        assert deferred == set(range(0, 30, 3))
        assert all(outcomes[number].enhanced == f"4.2.{number}" for number in deferred)  # type: ignore[union-attr]
    assert len(server.recipients) == 30 - len(deferred)


@pytest.mark.parametrize(
    ("stage", "scope"), [("mail", "campaign"), ("rcpt", "recipient"), ("data", "recipient"), ("dot", "recipient")]
)
def test_a_permanent_refusal_knows_whom_it_is_about(server: RelayServer, stage: Stage, scope: str) -> None:
    server.fault(stage, "550-5.7.0 first line\r\n550 5.7.0 second line")

    with relaying(server, connections=1) as relay:
        outcome = send(relay, messages(1))[0]

    assert outcome == Refused(550, "5.7.0", "first line second line", scope, stage)  # type: ignore[arg-type]


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
def test_a_drop_before_the_dot_is_sent_again_at_once(server: RelayServer, stage: Stage) -> None:
    server.fault(stage, drop=True, times=1)

    with relaying(server) as relay:
        outcomes = send(relay, messages(20))

    assert all(isinstance(outcome, Accepted) for outcome in outcomes.values())
    assert sorted(server.recipients) == sorted(message.recipient for message in messages(20))


def test_one_message_that_kills_every_connection_is_deferred_and_the_others_go(server: RelayServer) -> None:
    server.fault("rcpt", drop=True, to="p3@x.test")

    with relaying(server) as relay:
        outcomes = send(relay, messages(10))

    assert isinstance(outcomes.pop(3), Deferred)
    assert all(isinstance(outcome, Accepted) for outcome in outcomes.values())


def test_a_drop_after_the_dot_is_unknown_for_that_message_only(server: RelayServer) -> None:
    server.fault("dot", drop=True, keep=True, to="p3@x.test", times=1)

    with relaying(server) as relay:
        outcomes = send(relay, messages(10))

    assert isinstance(outcomes.pop(3), Unknown)
    assert all(isinstance(outcome, Accepted) for outcome in outcomes.values())
    assert len(server.recipients) == 10


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "dot"])
def test_421_may_come_at_any_time(server: RelayServer, stage: Stage) -> None:
    server.fault(stage, "421 4.3.2 going down", close=True, times=1)

    with relaying(server) as relay:
        outcomes = send(relay, messages(10))

    kinds = [type(outcome) for outcome in outcomes.values()]
    assert len(outcomes) == 10
    assert kinds.count(Accepted) == (9 if stage == "dot" else 10)
    assert len(server.recipients) == kinds.count(Accepted)


@pytest.mark.parametrize("reply", ["nonsense", "25", "250x", "250-a\r\n550 b", "999 what"])
def test_nonsense_ends_the_connection_and_loses_nothing(server: RelayServer, reply: str) -> None:
    server.fault("rcpt", reply, times=1)

    with relaying(server) as relay:
        outcomes = send(relay, messages(5))

    assert all(isinstance(outcome, Accepted) for outcome in outcomes.values())
    assert sorted(set(server.recipients)) == [f"p{number}@x.test" for number in range(5)]


def test_an_endless_reply_is_not_read_for_ever(server: RelayServer) -> None:
    server.fault("rcpt", "250-" + "x" * 100_000, to="p0@x.test")

    with relaying(server) as relay:
        outcomes = send(relay, messages(2))

    assert isinstance(outcomes[0], Deferred)
    assert isinstance(outcomes[1], Accepted)


def test_8_bit_replies_are_shown_as_they_are(server: RelayServer) -> None:
    server.fault("rcpt", "550 5.1.1 Boîte inconnue")

    with relaying(server) as relay:
        assert send(relay, messages(1))[0] == Refused(550, "5.1.1", "Boîte inconnue")


@pytest.mark.parametrize(
    ("stage", "reply"),
    [("greeting", "554 5.3.2 no"), ("greeting", "421 4.3.2 busy"), ("ehlo", "421 4.3.2 no"), ("ehlo", "550 no")],
)
def test_a_relay_that_does_not_open_is_away_with_its_words(server: RelayServer, stage: Stage, reply: str) -> None:
    server.fault(stage, reply)

    with relaying(server) as relay:
        outcomes = send(relay, messages(30))

    assert 0 < len(outcomes) < 10, "it goes on taking messages for a relay that is away"
    for outcome in outcomes.values():
        assert isinstance(outcome, NotTried)
        assert f"127.0.0.1:{server.port}" in outcome.text
        assert reply.rpartition(" ")[2] in outcome.text


def test_a_relay_that_knows_only_helo_is_spoken_to(server: RelayServer) -> None:
    server.fault("ehlo", "500 5.5.1 what?", times=1)
    server.features = ()

    with relaying(server, connections=1) as relay:
        outcomes = send(relay, messages(3))

    assert all(isinstance(outcome, Accepted) for outcome in outcomes.values())
    assert any(command.startswith("HELO") for command in server.commands)


@pytest.mark.parametrize("stage", ["connect", "greeting", "ehlo", "mail", "rcpt", "data"])
def test_a_stall_ends_with_our_patience(server: RelayServer, stage: Stage) -> None:
    server.fault(stage, delay=30, times=1)
    patience = Patience(connect=0.3, greeting=0.3, command=0.3, data=0.3, dot=0.3)

    with relaying(server, connections=1, patience=patience) as relay:
        began = time.monotonic()
        outcomes = send(relay, messages(3))

    assert time.monotonic() - began < 30, "the relay's answer was waited for"
    expected = NotTried if stage in ("connect", "greeting", "ehlo") else Accepted
    assert {type(outcome) for outcome in outcomes.values()} == {expected}


def test_a_stall_after_the_dot_is_unknown(server: RelayServer) -> None:
    server.fault("dot", delay=30, times=1)
    patience = Patience(connect=1, greeting=1, command=1, data=1, dot=0.3)

    with relaying(server, connections=1, patience=patience) as relay:
        outcomes = send(relay, messages(1))

    assert isinstance(outcomes[0], Unknown)


def test_news_that_there_are_none_come_every_second(server: RelayServer) -> None:
    server.fault("rcpt", delay=1.5, times=1)

    with relaying(server) as relay:
        answers = list(relay.send(messages(1)))

    assert answers[0] is None


# --- what the relay offers --------------------------------------------------------------------------------------------------


def test_a_message_too_large_for_the_relay_is_not_sent(relay_server: RelayServer) -> None:
    relay_server.features = ("PIPELINING", "SIZE 100")

    with relaying(relay_server) as relay:
        outcome = send(relay, messages(1))[0]

    assert isinstance(outcome, Refused)
    assert (outcome.scope, outcome.enhanced) == ("campaign", "5.3.4")
    assert not any(command.startswith("MAIL") for command in relay_server.commands)


def test_addresses_in_other_scripts_need_smtputf8(relay_server: RelayServer) -> None:
    greek = [Outgoing(0, "news@x.test", "αλφα@x.test", BODY)]
    with relaying(relay_server) as relay:
        assert isinstance(send(relay, greek)[0], Accepted)
    assert relay_server.messages[0].mail_parameters.endswith("SMTPUTF8")
    assert relay_server.recipients == ["αλφα@x.test"]

    relay_server.features = ("PIPELINING",)
    with relaying(relay_server) as relay:
        outcome = send(relay, greek)[0]
    assert isinstance(outcome, Refused)
    assert (outcome.scope, outcome.enhanced) == ("recipient", "5.6.7")


def test_the_size_is_told_where_the_relay_asks(relay_server: RelayServer) -> None:
    with relaying(relay_server) as relay:
        send(relay, messages(1))

    assert relay_server.messages[0].mail_parameters == f"SIZE={len(BODY)}"


# --- TLS and signing in ------------------------------------------------------------------------------------------------------


@contextmanager
def tls_server(certificate: Certificate, **options: object) -> Iterator[RelayServer]:
    server = RelayServer(context=certificate.server_context(), **options)  # type: ignore[arg-type]
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.mark.parametrize("is_tls", [False, True], ids=["starttls", "smtps"])
def test_messages_go_over_tls_and_signed_in(certificate: Certificate, is_tls: bool) -> None:  # noqa: FBT001
    with tls_server(certificate, is_tls=is_tls, user="ada", password="s3cret") as server:
        relay = SmtpRelay([server.settings()], patience=HASTY, context=certificate.client_context())
        with closing(relay):
            outcomes = send(relay, messages(20, data=BODY * 400))

        assert all(isinstance(outcome, Accepted) for outcome in outcomes.values())
        assert {received.data for received in server.messages} == {BODY * 400}


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Certificate) -> None:
    with tls_server(certificate) as server, closing(SmtpRelay([server.settings()], patience=HASTY)) as relay:
        outcome = send(relay, messages(1))[0]

    assert isinstance(outcome, NotTried)
    assert "certificate" in outcome.text
    assert not server.messages


def test_without_starttls_nothing_is_sent(relay_server: RelayServer) -> None:
    settings = RelaySettings("127.0.0.1", relay_server.port, "starttls")
    with closing(SmtpRelay([settings], patience=HASTY)) as relay:
        outcome = send(relay, messages(1))[0]

    assert isinstance(outcome, NotTried)
    assert "STARTTLS" in outcome.text


def test_a_wrong_password_is_about_all_of_us(certificate: Certificate) -> None:
    with tls_server(certificate, user="ada", password="right") as server:
        server.password = "other"
        settings = server.settings()
        server.password = "right"
        with closing(SmtpRelay([settings], patience=HASTY, context=certificate.client_context())) as relay:
            outcome = send(relay, messages(1))[0]

    assert isinstance(outcome, Refused)
    assert outcome.scope == "campaign"
    assert "535" in outcome.text
