"""What an operator sees from outside: every metric is documented, and says what stands in SQL."""

from datetime import timedelta
from pathlib import Path

from fastapi.testclient import TestClient
from sqlalchemy import delete, insert, update

from mailer import campaigns, delivery
from mailer.app import App
from mailer.base.relay_url import RelaySettings, WarmUp
from mailer.delivery.figures import figures
from mailer.delivery.models import Batch, DomainStanding, SendingMinute
from mailer.delivery.pacing.allowances import Allowance, SharedBySql
from mailer.delivery.throughput import tally, throughput
from mailer.web.metrics import METRICS
from tests.faces.web.builders import a_frozen_campaign

DOCS = Path(__file__).parents[3] / "docs" / "scaling.md"


def test_every_metric_is_told_with_its_meaning_and_stands_in_the_documentation(client: TestClient) -> None:
    told = client.get("/metrics").text
    documented = DOCS.read_text(encoding="utf-8")

    for name, (kind, _) in METRICS.items():
        assert f"# HELP {name} " in told
        assert f"# TYPE {name} {kind}\n" in told
        assert f"| `{name}` |" in documented


def test_slow_domains_and_the_days_warm_up_are_told(app: App, client: TestClient) -> None:
    now = app.clock()
    day = now.date() - timedelta(days=1)
    relay = RelaySettings("mx.test", 587, "starttls", warm_up=WarmUp(day, (50, 100)))
    assert Allowance(relay, SharedBySql(app.database, app.clock)).take()
    slow = {"rate": 2.5, "trips": 0, "deferred_at": now, "updated_at": now, "reason": ""}
    with app.database.begin() as session:
        session.execute(insert(DomainStanding).values(domain="slow.test", **slow))
        shut = slow | {"closed_until": now + timedelta(minutes=5), "closed_since": now, "trips": 1}
        session.execute(insert(DomainStanding).values(domain="shut.test", **shut))

    told = client.get("/metrics").text

    assert 'mailer_domain_rate{domain="slow.test"} 2.5\n' in told
    assert 'mailer_domain_rate{domain="shut.test"} 0\n' in told
    if app.clock().date() == now.date():
        assert 'mailer_warmup_taken{relay="mx.test:587"} 2\n' in told, "a fiftieth of the day is one portion"


def test_the_rate_and_the_finish_of_a_campaign_follow_from_what_it_did_lately(app: App, client: TestClient) -> None:
    now = app.clock().replace(second=0, microsecond=0)  # tallies are kept by the minute: both fall into one
    name = a_frozen_campaign(app, 4, now=now)
    later = now + timedelta(seconds=30)
    with app.database.begin() as session:
        tally(session, name, {"accepted": 2, "skipped": 5}, now=now + timedelta(seconds=10))
        tally(session, name, {"accepted": 1}, now=later)
        row, counts = campaigns.row(session, name), delivery.progress(session, name)
        found = throughput(session, row, counts, relays=(), now=later)
        idle = throughput(session, row, counts, relays=(), now=now + timedelta(minutes=10))
        tally(session, name, {"deferred": 27}, now=later)
        slow = throughput(session, row, counts, relays=(), now=later)
        session.execute(update(Batch).values(due_at=now + timedelta(hours=4)))
        waits = throughput(session, row, counts, relays=(), now=later)
        session.execute(update(Batch).values(due_at=now))
        tally(session, name, {"accepted": 600}, now=later + timedelta(hours=1))
        stepped_back = throughput(session, row, counts, relays=(), now=later)
        ahead = SendingMinute.minute > later.timestamp() // 60
        session.execute(delete(SendingMinute).where(ahead))

    assert stepped_back.rate == slow.rate, "a clock that was ahead has left a minute that is yet to come"
    assert found.rate == 0.1
    assert counts.total == 4
    assert found.finishes_at is not None
    assert abs((found.finishes_at - later).total_seconds() - 40) < 0.5
    assert (idle.rate, idle.finishes_at) == (0.0, None)
    assert (slow.rate, slow.finishes_at) == (1.0, found.finishes_at), "a deferral brings nobody nearer to the end"
    assert waits.finishes_at == now + timedelta(hours=4), "who is deferred waits for his time"
    told = client.get("/metrics").text
    assert 'mailer_messages_total{outcome="accepted"} 3\n' in told
    assert 'mailer_messages_total{outcome="skipped"} 5\n' in told
    assert f'mailer_campaign_rate{{campaign="{row.slug}"}} ' in told
    assert "mailer_batches_waiting 1\n" in told


def test_batches_are_late_where_nobody_works_them_off_and_not_where_they_wait_their_turn(app: App) -> None:
    now = app.clock().replace(second=0, microsecond=0)
    name = a_frozen_campaign(app, 4, now=now)
    with app.database.begin() as session:
        session.execute(update(Batch).values(due_at=now))
        tally(session, name, {"accepted": 1}, now=now)
    with app.database.read() as session:
        sends, alone = (figures(session, now=now + timedelta(minutes=1 + wait)).late_seconds for wait in (0, 10))
    with app.database.begin() as session:
        busy = {"campaign_id": name, "first": 5, "last": 9, "state": "leased", "due_at": now}
        session.execute(insert(Batch).values(busy | {"leased_until": now + timedelta(hours=1)}))
        held = figures(session, now=now + timedelta(minutes=11)).late_seconds

    assert (sends, alone, held) == (0, 600, 0)
