"""The migrations: upwards from the first on both databases, and what they make is what the models say."""

import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from importlib import import_module

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from mailer import campaigns
from mailer.backup.soundness import schema_differences
from mailer.base import schema
from mailer.base.database import Database
from mailer.base.errors import WrongInput
from subscribers.narrowing import EVERYBODY
from tests.support.rows import write_campaign

PROJECT = schema.MIGRATIONS.parents[1]
# Found, not listed: a package whose tables the migrations forgot is what these tests are for.
MODELS = (
    "mailer.accounts",
    "mailer.base.answers",
    "mailer.base.audit",
    "mailer.base.limits",
    *(f"mailer.{path.parent.name}.models" for path in sorted(PROJECT.glob("mailer/*/models.py"))),
    "subscribers.models",
)


@pytest.fixture
def empty(empty_database_url: str) -> Iterator[Database]:
    database = Database(empty_database_url)
    yield database
    database.close()


def _revisions() -> list[str]:
    """The revisions, oldest first."""
    script = ScriptDirectory(str(schema.MIGRATIONS))
    return [revision.revision for revision in reversed(list(script.walk_revisions()))]


def _differences(database: Database) -> list[object]:
    for name in MODELS:
        import_module(name)
    return schema_differences(database)


def test_the_schema_goes_upwards_from_the_first_step_by_step(empty: Database) -> None:
    assert schema.schema_revision(empty) is None
    for revision in _revisions():
        with pytest.raises(WrongInput, match="mailer db upgrade"):
            schema.require_current_schema(empty)
        schema.upgrade_schema(empty, to=revision)
        assert schema.schema_revision(empty) == revision
    schema.require_current_schema(empty)
    assert _differences(empty) == []


def test_a_release_from_before_segments_is_still_what_was_approved_and_goes_to_everybody(empty: Database) -> None:
    schema.upgrade_schema(empty, to="0012_bounce_mailboxes")
    # As that version made it: over audiences, revision and letters (here none), and nothing else.
    approved = sha256(b'[["academic"], 1, []]').hexdigest()
    with empty.begin() as session:
        write_campaign(session, audiences='["academic"]', state="scheduled", release_hash=approved, is_enlisted=False)
    schema.upgrade_schema(empty)
    with empty.read() as session:
        row = campaigns.campaign(session, "s")
        assert (row.segments, row.excluded, row.filters) == ((), (), {})
        assert campaigns.verify_release(session, row.id)
        assert campaigns.narrowing(session, row, now=row.created_at) == EVERYBODY


def test_an_upgrade_loses_nothing_of_what_refers_to_a_table_that_is_made_anew(empty: Database) -> None:
    schema.upgrade_schema(empty, to="0014_range_references")
    with empty.begin() as session:
        write_campaign(session)
        session.execute(text("INSERT INTO deliveries (campaign_id, number, mask, state) VALUES (1, 1, 1, 'sent')"))
        session.execute(
            text(
                "INSERT INTO feedback_events (id, kind, campaign_id, detail, source_key, at)"
                " VALUES (1, 'opened', 1, '', 'k', '2027-01-01 00:00:00')"
            )
        )

    schema.upgrade_schema(empty)

    with empty.begin() as session:
        assert session.scalar(text("SELECT count(*) FROM deliveries WHERE campaign_id = 1")) == 1
        assert session.scalar(text("SELECT campaign_id FROM feedback_events")) == 1
        session.execute(text("DELETE FROM campaigns"))  # the references hold again
        assert session.scalar(text("SELECT count(*) FROM deliveries")) == 0


def test_whoever_goes_through_every_table_knows_all_that_there_are(sqlite_url: str) -> None:
    alone = "from mailer.every_table import EVERY_TABLE; print(*EVERY_TABLE.tables)"
    known = subprocess.run([sys.executable, "-c", alone], capture_output=True, text=True, check=True, cwd=PROJECT)
    database = Database(sqlite_url)
    there = set(inspect(database.engine).get_table_names())
    database.close()
    assert set(known.stdout.split()) == there - {"alembic_version"}


def test_an_upgrade_of_what_is_up_to_date_changes_nothing(empty: Database) -> None:
    schema.upgrade_schema(empty)
    schema.upgrade_schema(empty)
    assert schema.schema_revision(empty) == schema.newest_revision()


def test_there_is_one_line_of_migrations() -> None:
    assert len(ScriptDirectory(str(schema.MIGRATIONS)).get_heads()) == 1


def test_the_newest_revision_is_that_of_the_last_file() -> None:
    assert schema.newest_revision() == ScriptDirectory(str(schema.MIGRATIONS)).get_current_head()
