"""Every fault at every stage: what opens the way, and what carries a message; each answer is of one kind, and none is lost."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from mailer.base.database import Database
from mailer.delivery.outcomes import Accepted, Deferred, NotTried, Refused, Unknown, reason_of
from mailer.delivery.smtp.exchange import Patience
from mailer.delivery.smtp.relay import SmtpRelay
from tests.support.certificates import Certificate
from tests.support.outgoing import BODY, messages, send
from tests.support.relay import RelayServer, Stage
from tests.support.sending import Office, relaying

SHORT = Patience(connect=0.5, greeting=0.5, command=0.5, data=0.5, dot=0.5)
FULL = ("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "SIZE 26214400")
OPENING: tuple[Stage, ...] = ("greeting", "ehlo", "starttls", "auth")
CARRYING: tuple[Stage, ...] = ("mail", "rcpt", "data", "dot")
ENDLESS = "450-" + "x" * 100_000
MANY_LINES = "\r\n".join(["450-" + "x" * 400] * 400)


@pytest.fixture
def safe_server(certificate: Certificate) -> Iterator[RelayServer]:
    server = RelayServer(context=certificate.server_context(), user="ada", password="s3cret")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def safe_relay(certificate: Certificate, safe_server: RelayServer) -> Iterator[SmtpRelay]:
    with closing(SmtpRelay([safe_server.settings()], patience=SHORT, context=certificate.client_context())) as relay:
        yield relay


@pytest.fixture(params=["pipelining", "one by one"])
def server(request: pytest.FixtureRequest, relay_server: RelayServer) -> RelayServer:
    relay_server.features = FULL if request.param == "pipelining" else FULL[1:]
    return relay_server


# --- opening --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", OPENING)
@pytest.mark.parametrize(
    "how",
    [
        {"reply": "454-4.7.0 nicht jetzt,\r\n454 4.7.0 später"},
        {"reply": "421 4.3.2 going down", "close": True},
        {"reply": "what?"},
        {"reply": ENDLESS},
        {"reply": MANY_LINES},
        {"drop": True},
        {"delay": 30.0},
    ],
    ids=["4xx", "421", "nonsense", "line without end", "reply without end", "drop", "stall"],
)
def test_a_relay_that_does_not_open_is_away_and_healed_it_takes_everything(
    safe_server: RelayServer, safe_relay: SmtpRelay, stage: Stage, how: dict[str, object]
) -> None:
    fault = safe_server.fault(stage, **how)  # type: ignore[arg-type]
    outcomes = send(safe_relay, messages(3))

    assert outcomes
    for outcome in outcomes.values():
        assert isinstance(outcome, NotTried)
        assert safe_server.settings().name in outcome.text
    if str(how.get("reply", "")).startswith("454"):
        assert "später" in reason_of(next(iter(outcomes.values())))
    assert safe_server.messages == []
    assert fault in safe_server.faults
    safe_server.heal()
    assert {type(outcome) for outcome in send(safe_relay, messages(3)).values()} == {Accepted}


@pytest.mark.parametrize("stage", OPENING)
def test_a_refusal_for_good_while_opening_is_ours_only_at_the_sign_in(
    safe_server: RelayServer, safe_relay: SmtpRelay, stage: Stage
) -> None:
    safe_server.fault(stage, "554 5.7.8 no")

    outcome = send(safe_relay, messages(1))[0]

    assert isinstance(outcome, Refused if stage == "auth" else NotTried)
    assert "554" in outcome.text


def test_whoever_refuses_ehlo_is_away_even_if_helo_would_do_for_one_that_has_no_sign_in(
    certificate: Certificate, safe_server: RelayServer
) -> None:
    """It was told as having no way to sign in, which is about us and stops the campaign."""
    safe_server.is_tls = True
    safe_server.fault("ehlo", "554 5.7.1 too many of you", times=1)
    with closing(SmtpRelay([safe_server.settings()], patience=SHORT, context=certificate.client_context())) as relay:
        outcome = send(relay, messages(1))[0]

    assert isinstance(outcome, NotTried)
    assert "too many of you" in outcome.text


def test_a_connection_that_ends_within_the_handshake_is_away(safe_server: RelayServer, safe_relay: SmtpRelay) -> None:
    safe_server.fault("starttls", "220 go ahead", close=True)

    assert {type(outcome) for outcome in send(safe_relay, messages(1)).values()} == {NotTried}
    assert not any(command.startswith("AUTH") for command in safe_server.commands), "the password went in the clear"


def test_a_certificate_for_another_name_is_refused(certificate: Certificate) -> None:
    server = RelayServer(context=certificate.server_context(), user="ada", password="s3cret")
    server.host = "127.0.0.2"
    server.start()
    with closing(SmtpRelay([server.settings()], patience=SHORT, context=certificate.client_context())) as relay:
        outcome = send(relay, messages(1))[0]
    server.stop()

    assert isinstance(outcome, NotTried)
    assert "certificate" in outcome.text
    assert not any(command.startswith("AUTH") for command in server.commands)


def test_a_relay_that_speaks_no_tls_where_it_should_is_away(relay_server: RelayServer) -> None:
    settings = replace(relay_server.settings(), security="tls")
    with closing(SmtpRelay([settings], patience=SHORT)) as relay:
        assert isinstance(send(relay, messages(1))[0], NotTried)


def test_a_refused_sign_in_stops_the_campaign_and_fails_nobody(
    database: Database, safe_server: RelayServer, safe_relay: SmtpRelay
) -> None:
    office = Office(database, safe_relay)
    addresses = office.people(30)
    campaign = office.release()
    safe_server.fault("auth", "535 5.7.8 wrong password")

    office.work()

    row = office.state(campaign)
    assert (row.state, row.reason) == ("paused", "relay")
    assert "535 5.7.8 wrong password" in row.detail
    assert office.counts(campaign).pending == 30
    safe_server.heal()
    office.decide("resume", campaign)
    office.work()
    assert sorted(safe_server.recipients) == addresses


@pytest.mark.parametrize("offered", ["AUTH LOGIN", "AUTH=LOGIN", "AUTH CRAM-MD5 LOGIN XOAUTH2"])
def test_we_sign_in_step_by_step_where_nothing_better_is_offered(
    safe_server: RelayServer, safe_relay: SmtpRelay, offered: str
) -> None:
    safe_server.mechanisms = offered

    assert {type(outcome) for outcome in send(safe_relay, messages(3)).values()} == {Accepted}
    assert "AUTH LOGIN" in safe_server.commands


@pytest.mark.parametrize("offered", ["AUTH CRAM-MD5 XOAUTH2", "X-NOTHING"])
def test_a_relay_that_offers_no_way_to_sign_in_is_about_us_and_says_what_is_wrong(
    safe_server: RelayServer, safe_relay: SmtpRelay, offered: str
) -> None:
    safe_server.mechanisms = offered

    outcome = send(safe_relay, messages(1))[0]

    assert isinstance(outcome, Refused)
    assert outcome.scope == "campaign"
    assert "no way to sign in" in outcome.text
    assert safe_server.messages == []


# --- carrying -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", CARRYING)
@pytest.mark.parametrize("reply", ["what?", "", ENDLESS, MANY_LINES], ids=["nonsense", "empty", "line", "lines"])
def test_what_is_no_reply_ends_the_connection_and_is_uncertain_only_after_the_dot(
    server: RelayServer, stage: Stage, reply: str
) -> None:
    server.fault(stage, reply or "\r", times=1, keep=True)

    with relaying(server, connections=1, patience=SHORT) as relay:
        outcomes = send(relay, messages(6))

    kinds = [type(outcome) for outcome in outcomes.values()]
    assert len(kinds) == 6
    assert kinds.count(Unknown) == (1 if stage == "dot" else 0)
    assert kinds.count(Accepted) == 6 - kinds.count(Unknown)
    assert sorted(server.recipients) == [f"p{number}@x.test" for number in range(6)]


@pytest.mark.parametrize("stage", CARRYING)
def test_a_reply_that_is_begun_and_cut_off_is_none(server: RelayServer, stage: Stage) -> None:
    server.fault(stage, f"{'354' if stage == 'data' else '250'}-2.0.0 wait", times=1, close=True, keep=True)

    with relaying(server, connections=1, patience=SHORT) as relay:
        outcomes = send(relay, messages(6))

    kinds = [type(outcome) for outcome in outcomes.values()]
    assert kinds.count(Unknown) == (1 if stage == "dot" else 0)
    assert kinds.count(Accepted) == 6 - kinds.count(Unknown)
    assert sorted(server.recipients) == [f"p{number}@x.test" for number in range(6)]


@pytest.mark.parametrize(
    "features", [FULL, FULL[1:], (*FULL, "CHUNKING")], ids=["pipelining", "one by one", "chunking"]
)
@pytest.mark.parametrize("reply", ["552 5.3.4 too big", "451 4.7.1 not now", "250 2.0.0 thank you"])
def test_a_relay_that_answers_and_closes_within_a_message_is_heard_but_never_takes_it(
    relay_server: RelayServer, features: tuple[str, ...], reply: str
) -> None:
    relay_server.features = features
    relay_server.fault("body", reply, close=True, to="p0@x.test")
    large = b"Subject: a\r\n\r\n" + (b"x" * 74 + b"\r\n") * 70_000

    with relaying(relay_server, connections=1, patience=SHORT) as relay:
        outcome = send(relay, messages(1, data=large))[0]

    if reply.startswith("250"):
        assert isinstance(outcome, Deferred)
    else:
        assert reason_of(outcome) == reply
    assert relay_server.messages == []


@pytest.mark.parametrize(
    ("stage", "reply"),
    [("mail", "250 OK\r\n250 OK"), ("rcpt", "250 OK\r\n250 OK"), ("rcpt", "354 go on"), ("mail", "354 go on")],
)
def test_a_relay_out_of_step_never_gets_our_commands_as_a_message(
    server: RelayServer, stage: Stage, reply: str
) -> None:
    server.fault(stage, reply, times=1)

    with relaying(server, connections=1, patience=SHORT) as relay:
        outcomes = send(relay, messages(6))

    assert {type(outcome) for outcome in outcomes.values()} == {Accepted}
    assert {received.data for received in server.messages} == {BODY}
    assert len(server.messages) == 6


def test_a_relay_that_asks_for_more_after_the_final_dot_may_have_taken_it(server: RelayServer) -> None:
    server.fault("dot", "354 go on", to="p2@x.test", times=1, keep=True)

    with relaying(server, connections=1, patience=SHORT) as relay:
        outcomes = send(relay, messages(6))

    assert [number for number, outcome in outcomes.items() if isinstance(outcome, Unknown)] == [2]
    assert sorted(server.recipients) == [f"p{number}@x.test" for number in range(6)]


@pytest.mark.parametrize("stage", CARRYING)
def test_many_lines_and_8_bit_are_understood_at_every_stage(server: RelayServer, stage: Stage) -> None:
    first = {"data": "354", "mail": "250", "rcpt": "250", "dot": "250"}[stage]
    server.fault(stage, f"{first}-2.0.0 schön\r\n{first}-2.0.0 \x01\r\n{first} 2.0.0 gut", times=2)
    server.fault("rcpt", "550-5.1.1 n'existe\r\n550 5.1.1 plus: évidemment", to="p4@x.test")

    with relaying(server, patience=SHORT) as relay:
        outcomes = send(relay, messages(5))

    assert outcomes.pop(4) == Refused(550, "5.1.1", "n'existe plus: évidemment", "recipient", "rcpt")
    assert {type(outcome) for outcome in outcomes.values()} == {Accepted}


@pytest.mark.parametrize("stage", CARRYING)
def test_each_kind_of_answer_is_its_recipients_own_in_the_midst_of_others(server: RelayServer, stage: Stage) -> None:
    if stage == "mail":  # it names no recipient: the third one
        server.fault("mail", "451 4.3.0 later", times=1)
        expected: dict[type, int] = {Deferred: 1, Accepted: 29}
    else:
        server.fault(stage, "451 4.3.0 later", to="p7@x.test")
        server.fault(stage, "550 5.2.1 never", to="p8@x.test")
        server.fault(stage, to="p21@x.test", drop=True, times=1)
        expected = {Deferred: 1, Refused: 1, Accepted: 28}
        if stage == "dot":
            expected = {Deferred: 1, Refused: 1, Unknown: 1, Accepted: 27}

    with relaying(server, connections=3, patience=SHORT) as relay:
        outcomes = send(relay, messages(30))

    kinds = [type(outcome) for outcome in outcomes.values()]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == expected
    accepted = sorted(f"p{number}@x.test" for number, outcome in outcomes.items() if isinstance(outcome, Accepted))
    assert sorted(server.recipients) == accepted


@pytest.mark.parametrize("missing", FULL)
def test_without_any_one_of_its_features_a_relay_gets_everything(relay_server: RelayServer, missing: str) -> None:
    relay_server.features = tuple(feature for feature in FULL if feature != missing)
    data = "Subject: ä\r\n\r\nschön\r\n".encode()

    with relaying(relay_server, patience=SHORT) as relay:
        outcomes = send(relay, messages(8, data=data))

    assert {type(outcome) for outcome in outcomes.values()} == {Accepted}
    assert {received.data for received in relay_server.messages} == {data}
    parameters = {received.mail_parameters for received in relay_server.messages}
    assert all(("SIZE=" in each) is (missing != FULL[4]) for each in parameters)
    assert all(("BODY=8BITMIME" in each) is (missing != "8BITMIME") for each in parameters)
