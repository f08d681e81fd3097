"""Several relays: shares by weight, another while one is away or refuses us, and back to it once it is healed."""

import socket
import threading
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import update

from mailer import campaigns
from mailer.base.database import Database
from mailer.base.relay_url import RelaySettings, WarmUp
from mailer.delivery import standing
from mailer.delivery.models import Batch
from mailer.delivery.outcomes import Accepted, NotTried, Outcome, Outgoing, Refused
from mailer.delivery.pacing.allowances import SharedBySql
from mailer.delivery.smtp.relay import SmtpRelay
from tests.support.certificates import Certificate
from tests.support.relay import RelayServer
from tests.support.sending import HASTY, Office

NOON = datetime(2027, 1, 4, 12, 0, tzinfo=UTC)


def messages(count: int) -> list[Outgoing]:
    return [Outgoing(number, "news@x.test", f"p{number}@x.test", b"a: b\r\n\r\nhello\r\n") for number in range(count)]


def send(relay: SmtpRelay, count: int) -> dict[int, Outcome]:
    return dict(answer for answer in relay.send(messages(count)) if answer is not None)


def all_accepted(outcomes: dict[int, Outcome]) -> bool:
    return all(isinstance(outcome, Accepted) for outcome in outcomes.values())


def test_batches_are_shared_out_by_weight(relay_server: RelayServer, other_server: RelayServer) -> None:
    heavy, light = replace(relay_server.settings(), weight=3), replace(other_server.settings(), weight=1)
    with closing(SmtpRelay([heavy, light], patience=HASTY)) as relay:
        for _ in range(8):
            assert all_accepted(send(relay, 5))

    assert (len(relay_server.recipients), len(other_server.recipients)) == (30, 10)


def test_many_processes_with_little_to_do_share_it_out_too(
    relay_server: RelayServer, other_server: RelayServer
) -> None:
    heavy, light = replace(relay_server.settings(), weight=3), replace(other_server.settings(), weight=1)
    for _ in range(60):
        with closing(SmtpRelay([heavy, light], patience=HASTY)) as relay:
            assert all_accepted(send(relay, 1))

    assert 4 <= len(other_server.recipients) <= 30, (
        "15 are its share; that it is fewer or more happens once in 2,000 runs"
    )


def test_a_relay_without_weight_waits_until_no_other_answers(
    relay_server: RelayServer, other_server: RelayServer
) -> None:
    standby = replace(other_server.settings(), weight=0)
    with closing(SmtpRelay([standby, relay_server.settings()], patience=HASTY)) as relay:
        for _ in range(4):
            send(relay, 5)
        assert other_server.recipients == []
        relay_server.stop()
        assert all_accepted(send(relay, 5))

    assert len(other_server.recipients) == 5


def test_one_that_was_away_is_used_again_and_gets_no_more_than_its_share(
    relay_server: RelayServer, other_server: RelayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailer.delivery.smtp.share.DOWN_SECONDS", 0.3)
    port = relay_server.port
    with closing(SmtpRelay([relay_server.settings(), other_server.settings()], patience=HASTY)) as relay:
        relay_server.stop()
        for _ in range(6):
            assert all_accepted(send(relay, 5))
        assert len(other_server.recipients) == 30
        relay_server.start(port)
        time.sleep(0.4)
        for _ in range(6):
            assert all_accepted(send(relay, 5))

    assert (len(relay_server.recipients), len(other_server.recipients)) == (15, 45)


def test_one_that_dies_in_the_middle_leaves_the_rest_to_the_other(
    relay_server: RelayServer, other_server: RelayServer
) -> None:
    relay_server.before_answer(do=lambda: relay_server.fault("greeting", drop=True), to="p5@x.test")
    relay_server.fault("rcpt", drop=True, to="p9@x.test")
    standby = replace(other_server.settings(), weight=0)
    with closing(SmtpRelay([relay_server.settings(), standby], patience=HASTY)) as relay:
        outcomes = send(relay, 60)

    assert all_accepted(outcomes)
    assert sorted([*relay_server.recipients, *other_server.recipients]) == sorted(it.recipient for it in messages(60))
    assert other_server.recipients


def test_a_refused_sign_in_leaves_everything_to_the_other(certificate: Certificate, relay_server: RelayServer) -> None:
    with_password = RelayServer(context=certificate.server_context(), user="ada", password="right")
    with_password.start()
    wrong = replace(with_password.settings(), password="wrong")
    with closing(
        SmtpRelay([wrong, relay_server.settings()], patience=HASTY, context=certificate.client_context())
    ) as relay:
        first, second = send(relay, 10), send(relay, 10)
    with_password.stop()

    assert all_accepted(first)
    assert all_accepted(second)
    assert len(relay_server.recipients) == 20


def test_only_where_every_relay_refuses_our_sign_in_it_is_about_us(certificate: Certificate) -> None:
    servers = [RelayServer(context=certificate.server_context(), user="ada", password="right") for _ in range(2)]
    for server in servers:
        server.start()
    wrong = [replace(server.settings(), password="wrong") for server in servers]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nobody = RelaySettings("127.0.0.1", listener.getsockname()[1], "none")
    with closing(SmtpRelay(wrong, patience=HASTY, context=certificate.client_context())) as relay:
        both_refuse = send(relay, 1)[0]
    with closing(SmtpRelay([wrong[0], nobody], patience=HASTY, context=certificate.client_context())) as relay:
        one_is_away = send(relay, 1)[0]
    for server in servers:
        server.stop()

    assert isinstance(both_refuse, Refused)
    assert both_refuse.scope == "campaign"
    assert isinstance(one_is_away, NotTried)


def test_a_rate_is_shared_by_all_who_send_on_a_database(database: Database, relay_server: RelayServer) -> None:
    settings = replace(relay_server.settings(), rate=20)

    def clock() -> datetime:
        return datetime.now(UTC)

    def worker() -> None:
        with closing(SmtpRelay([settings], patience=HASTY, shared=SharedBySql(database, clock))) as relay:
            counts.append(len(send(relay, 30)))

    counts: list[int] = []
    began = time.monotonic()
    threads = [threading.Thread(target=worker) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    seconds = time.monotonic() - began

    assert counts == [30, 30]
    # Three whole seconds have twenty each: at the least half of the first, the second, and half of the third pass, but for
    # the leeway of who woke up late. Alone, each would need 1.5 s.
    assert seconds >= 1.75


def test_no_more_is_taken_ahead_than_a_rate_lets_go(office: Office, relay_server: RelayServer) -> None:
    """Whoever was taken is not looked up again, and his message would leave seconds later."""
    first, *others = office.people(12)
    slow = replace(relay_server.settings(connections=8), rate=4)

    def all_leave() -> None:
        for address in others:
            office.leave(address)

    relay_server.before_answer(to=first, do=all_leave)
    campaign = office.release()

    with closing(SmtpRelay([slow], patience=HASTY)) as relay:
        office.relay = relay
        office.work()

    # Four a second, and news of them that is up to 0.7 s old.
    assert len(relay_server.recipients) <= 4
    assert office.counts(campaign).skipped >= 8


def test_leave_that_nobody_needed_is_there_for_the_next(database: Database, relay_server: RelayServer) -> None:
    fresh = replace(relay_server.settings(), warm_up=WarmUp(date(2027, 1, 4), (40,)))
    with closing(SmtpRelay([fresh], patience=HASTY, shared=SharedBySql(database, lambda: NOON))) as relay:
        for _ in range(40):
            assert all_accepted(send(relay, 1))

    assert len(relay_server.recipients) == 40


def test_one_batch_uses_the_rates_of_all_relays(
    database: Database, relay_server: RelayServer, other_server: RelayServer
) -> None:
    fast, slow = (replace(server.settings(), rate=rate) for server, rate in ((relay_server, 20), (other_server, 10)))
    with closing(
        SmtpRelay([fast, slow], patience=HASTY, shared=SharedBySql(database, lambda: datetime.now(UTC)))
    ) as relay:
        assert all_accepted(send(relay, 60))

    # Twenty and ten, but for where in their seconds they began and ended.
    assert 32 <= len(relay_server.recipients) <= 48


def test_a_relay_whose_turn_it_is_not_helps_only_where_it_has_a_rate_and_a_weight(
    relay_server: RelayServer, other_server: RelayServer
) -> None:
    slow = replace(relay_server.settings(), rate=20, weight=1000)
    for other in (other_server.settings(), replace(other_server.settings(), rate=20, weight=0)):
        with closing(SmtpRelay([slow, other], patience=HASTY)) as relay:
            assert all_accepted(send(relay, 15))

    assert other_server.recipients == []


def test_one_that_helps_and_goes_away_leaves_everything_to_the_other(
    relay_server: RelayServer, other_server: RelayServer
) -> None:
    both = [replace(server.settings(), rate=50) for server in (relay_server, other_server)]
    other_server.before_answer(do=lambda: other_server.fault("greeting", drop=True), to="")
    other_server.fault("rcpt", drop=True, to="p9@x.test")
    with closing(SmtpRelay(both, patience=HASTY)) as relay:
        outcomes = send(relay, 60)

    assert all_accepted(outcomes)
    assert sorted([*relay_server.recipients, *other_server.recipients]) == sorted(it.recipient for it in messages(60))


def test_what_is_beyond_the_days_warm_up_goes_to_the_other_relay(
    database: Database, relay_server: RelayServer, other_server: RelayServer
) -> None:
    fresh = replace(relay_server.settings(), warm_up=WarmUp(date(2027, 1, 3), (10, 25)))
    shared = SharedBySql(database, lambda: NOON)
    with closing(SmtpRelay([fresh, other_server.settings()], patience=HASTY, shared=shared)) as relay:
        for _ in range(2):  # each of the two has its turn
            assert all_accepted(send(relay, 60))

    assert (len(relay_server.recipients), len(other_server.recipients)) == (25, 95)


def test_without_another_what_is_beyond_the_days_warm_up_waits_and_is_told(
    database: Database, relay_server: RelayServer
) -> None:
    fresh = replace(relay_server.settings(), warm_up=WarmUp(date(2027, 1, 4), (10,)))
    moment = [NOON]
    shared = SharedBySql(database, lambda: moment[0])
    with closing(SmtpRelay([fresh], patience=HASTY, shared=shared)) as relay:
        outcomes = send(relay, 30)
        waiting = [outcome for outcome in outcomes.values() if not isinstance(outcome, Accepted)]
        moment[0] = datetime(2027, 1, 5, 0, 0, 1, tzinfo=UTC)
        time.sleep(1.1)
        assert all_accepted(send(relay, 30))

    assert len(relay_server.recipients) == 40
    assert waiting
    assert all(isinstance(outcome, NotTried) and "today's warm-up" in outcome.text for outcome in waiting)


def test_a_plan_that_is_yet_to_begin_lets_nothing_go_and_tells_when(
    database: Database, relay_server: RelayServer
) -> None:
    later = replace(relay_server.settings(), warm_up=WarmUp(date(2027, 1, 20), (10,)))
    with closing(SmtpRelay([later], patience=HASTY, shared=SharedBySql(database, lambda: NOON))) as relay:
        [outcome, *_] = send(relay, 3).values()

    assert relay_server.recipients == []
    assert isinstance(outcome, NotTried)
    assert outcome.text == f"relay {later.name}: its warm-up begins at 00:00 UTC on 2027-01-20"


def test_a_campaign_begins_again_at_midnight_and_tells_when_the_plan_lets_it_end(
    office: Office, relay_server: RelayServer
) -> None:
    office.people(35)
    fresh = replace(relay_server.settings(), warm_up=WarmUp(office.now.date(), (10, 10, 10, 10)))
    campaign = office.release()

    def finish() -> datetime:
        with office.database.read() as session:
            pace = standing(session, campaigns.row(session, campaign), relays=[fresh], now=office.now).pace
        assert pace.finishes_at is not None
        return pace.finishes_at

    with closing(SmtpRelay([fresh], patience=HASTY, shared=SharedBySql(office.database, office.clock))) as relay:
        office.relay = relay
        office.work()
        assert len(relay_server.recipients) == 10
        assert finish() == datetime(2027, 1, 7, tzinfo=UTC)

        office.now = datetime(2027, 1, 4, 23, 58, tzinfo=UTC)
        with office.database.begin() as session:
            session.execute(update(Batch).values(failures=9))  # it was asked for every five minutes
        time.sleep(1.1)  # a spent relay is asked once a second
        office.work()
        assert len(relay_server.recipients) == 10
        office.now = datetime(2027, 1, 5, tzinfo=UTC)
        time.sleep(1.1)
        office.work()

    assert len(relay_server.recipients) == 20
    assert finish() == datetime(2027, 1, 7, tzinfo=UTC)


def test_two_workers_share_the_days_warm_up(database: Database, relay_server: RelayServer) -> None:
    fresh = replace(relay_server.settings(), warm_up=WarmUp(date(2027, 1, 4), (40,)))
    for _ in range(2):
        with closing(SmtpRelay([fresh], patience=HASTY, shared=SharedBySql(database, lambda: NOON))) as relay:
            send(relay, 30)

    assert 38 <= len(relay_server.recipients) <= 40, "a portion of at most a fiftieth may be lost with each worker"
