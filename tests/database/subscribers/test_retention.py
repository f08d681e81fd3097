"""What the settings of retention forget, and what they leave alone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from celery import Celery
from celery.beat import Scheduler
from sqlalchemy import text
from sqlalchemy.orm import Session

from mailer.app import App, open_app
from mailer.base import audit
from mailer.base.database import Database
from mailer.base.errors import WrongInput
from mailer.base.tables import CampaignId
from mailer.feedback import record_opt_out, report
from mailer.worker.celery_app import register
from mailer.worker.tasks import retain
from subscribers import audiences, consents, importing, joining, people, retention
from tests.faces.web.builders import SETTINGS

OLD = datetime.now(UTC) - timedelta(days=100)
NOW = datetime.now(UTC)


def open_with(tmp_path: Path, url: str, settings: str) -> App:
    (tmp_path / "mailer.toml").write_text(SETTINGS.format(url=url) + settings, encoding="utf-8")
    (tmp_path / "secrets.toml").write_text('[secret]\nkeys = ["a key for the tests of retention"]\n', encoding="utf-8")
    return open_app(tmp_path)


@pytest.fixture
def app(tmp_path: Path, database_url: str) -> App:
    """A workspace with Ada, who was asked and reminded long ago, Bob lately, Cy who confirmed, Dee who left, Eve of a file."""
    app = open_with(tmp_path, database_url, '[retention]\ndeliveries = "30 d"\naudit = "200 d"\n')
    with app.database.begin() as session:
        audiences.add_audience(session, "academic", "Academic", now=NOW, actor="test")
        for name, at in (("ada", OLD), ("bob", NOW), ("cy", OLD), ("dee", OLD)):
            joining.subscribe(
                session, f"{name}@x.org", audience_slugs=["academic"], wording="w", source="form", keys=app.keys, now=at
            )
        ada, cy, dee = (people.find_person(session, f"{name}@x.org", now=NOW).id for name in ("ada", "cy", "dee"))
        consents.record(session, ada, "reminded", source="reminder", now=OLD)
        joining.confirm(session, cy, now=OLD, source="link")
        joining.unsubscribe(session, dee, audience_slugs=None, now=OLD, source="page")
        audit.note(session, actor="test", deed="long_ago", subject="x", now=NOW - timedelta(days=300))
    path = tmp_path / "people.csv"
    path.write_text("email\neve@x.org\n", encoding="utf-8")
    importing.import_file(app.database, path, keys=app.keys, audience_slugs=["academic"], now=OLD, actor="test")
    return app


def known(database: Database) -> list[str]:
    with database.read() as session:
        return [person.email.partition("@")[0] for person in people.list_people(session, now=NOW).people]


def test_only_sign_ups_that_nobody_confirmed_are_forgotten(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "SLICE", 1)
    retain(app, 0)
    assert known(app.database) == ["bob", "cy", "dee", "eve"]
    with app.database.read() as session:
        deeds = [entry.deed for entry in audit.entries(session)]
    assert deeds[0] == "sign_ups_dropped"
    assert "long_ago" not in deeds
    retain(app, 0)
    assert known(app.database) == ["bob", "cy", "dee", "eve"]
    app.close()


STATEMENTS = (
    """INSERT INTO issue_revisions (id, slug, title, main, digest, origin, author, created_at)
       VALUES (:n, 's', 't', '', :d, '', '', :at)""",
    """INSERT INTO campaigns (id, slug, title, revision_id, audiences, state, reason, detail, resumes_to, zone,
       release_hash, uncertain_rule, tested_digest, is_enlisted, created_at, finished_at)
       VALUES (:n, :d, 't', :n, '[]', 'sent', '', '', '', '', '', 'resend', '', true, :at, :at)""",
    """INSERT INTO deliveries (campaign_id, number, subscriber_id, mask, state, reason)
       VALUES (:n, 0, :who, 1, 'failed', '550 <cy@x.org> unknown')""",
)


def write_event(session: Session, kind: str, *, campaign: int, who: int, key: str, at: datetime) -> None:
    session.execute(
        text(
            "INSERT INTO feedback_events (kind, campaign_id, subscriber_id, number, detail, source_key, at)"
            " VALUES (:kind, :campaign, :who, 0, 'cy@x.org unknown', :key, :at)"
        ),
        {"kind": kind, "campaign": campaign, "who": who, "key": key, "at": at},
    )


def write_letter(session: Session, campaign: int, who: int, at: datetime) -> None:
    """A campaign that was over at a moment, and failed to reach a person."""
    row = {"n": campaign, "d": str(campaign), "who": who, "at": at}
    for statement in STATEMENTS:
        session.execute(text(statement), {name: value for name, value in row.items() if f":{name}" in statement})


def test_a_ledger_forgets_whom_it_mailed_and_keeps_the_counts(app: App) -> None:
    with app.database.begin() as session:
        cy = people.find_person(session, "cy@x.org", now=NOW).id
        for campaign, at in ((1, OLD), (2, NOW)):
            write_letter(session, campaign, cy, at)
            write_event(session, "bounced", campaign=campaign, who=cy, key=f"bounce {campaign}", at=at)
        for key in ("again", "and again"):
            write_event(session, "deferred", campaign=1, who=cy, key=key, at=OLD)
        record_opt_out(session, CampaignId(1), cy, now=OLD)
        before = report(session, CampaignId(1))
    retain(app, 0)
    with app.database.read() as session:
        assert report(session, CampaignId(1)) == before
        assert (before.bounced, before.deferred, before.unsubscribed) == (1, 1, 1)
        ledger = session.execute(text("SELECT subscriber_id, state, reason FROM deliveries ORDER BY campaign_id")).all()
        events = session.execute(
            text("SELECT subscriber_id, detail, source_key FROM feedback_events ORDER BY id")
        ).all()
    assert [tuple(row) for row in ledger] == [(None, "failed", ""), (cy, "failed", "550 <cy@x.org> unknown")]
    assert [tuple(row) for row in events] == [
        (None, "", "bounce 1"),
        (cy, "cy@x.org unknown", "bounce 2"),
        (None, "", "again"),
        (None, "", "and again"),
        (None, "", "forgotten:5"),
    ]
    app.close()


@pytest.mark.parametrize("setting", ['sign_ups = "29 d"', 'deliveries = "6 d"'])
def test_nothing_is_forgotten_while_links_hold_and_messages_come_back(tmp_path: Path, setting: str) -> None:
    name, _, value = setting.partition(" = ")
    with pytest.raises(WrongInput, match=rf"{name}.*{value[1:-1]}.*0, or at least \d+ d"):
        open_with(tmp_path, f"sqlite:///{tmp_path}/x.db", f"[retention]\n{setting}\n")


def test_who_works_for_less_than_an_hour_forgets_too(app: App) -> None:
    celery = Celery()
    register(celery, lambda: app)
    beat = Scheduler(celery)
    entry = beat.schedule["retain"]
    assert beat.is_due(entry).is_due
    assert not beat.is_due(beat.reserve(entry)).is_due
    app.close()


def test_nothing_is_forgotten_where_the_settings_say_so(tmp_path: Path, app: App, database_url: str) -> None:
    app.close()
    other = open_with(tmp_path, database_url, '[retention]\nsign_ups = "0"\n')
    retain(other, 0)
    assert known(other.database) == ["ada", "bob", "cy", "dee", "eve"]
    other.close()
