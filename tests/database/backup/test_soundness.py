"""What `mailer db check` finds: each fault is put in by hand, and each is named."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from mailer.backup import faults
from mailer.base.database import Database
from mailer.base.schema import upgrade_schema
from tests.support.relay import RelayServer
from tests.support.sending import Office, relay_to


@pytest.fixture
def office(database: Database, relay_server: RelayServer) -> Iterator[Office]:
    relay = relay_to(relay_server)
    office = Office(database, relay)
    office.people(30)
    office.prepare(office.release(), batch=10)
    yield office
    relay.close()


@pytest.mark.parametrize(
    ("deed", "found"),
    [
        ("DELETE FROM deliveries WHERE number = 7", "numbered up to 30, and there are 29"),
        ('DELETE FROM batches WHERE "first" = 11', "does not begin where the one before it ends"),
        ('DELETE FROM batches WHERE "first" = 21', "its last recipients are in no batch"),
        ("UPDATE batches SET state = 'done' WHERE \"first\" = 21", "10 recipients wait in batches that are done"),
        ("DROP INDEX ix_consents_subscriber_id", "add_index ix_consents_subscriber_id"),
        ("ALTER TABLE media ADD COLUMN mine INTEGER", "the schema is not as it should be"),
        ("UPDATE alembic_version SET version_num = '0009_summary'", "run `mailer db upgrade`"),
    ],
)
def test_each_fault_is_named(office: Office, deed: str, found: str) -> None:
    assert faults(office.database) == []
    with office.database.begin() as session:
        session.execute(text(deed))
    (fault,) = faults(office.database)
    assert found in fault


def test_a_row_that_points_at_nothing_is_found(office: Office) -> None:
    if office.database.is_sqlite:
        with office.database.engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("DELETE FROM subscribers WHERE address = 'p00003@x.test'")
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")
            connection.exec_driver_sql("BEGIN")
    else:
        with office.database.begin() as session:
            session.execute(text("SET LOCAL session_replication_role = replica"))
            session.execute(text("DELETE FROM subscribers WHERE address = 'p00003@x.test'"))
    assert sorted(faults(office.database)) == [
        "consents: 1 rows point at subscribers that are not there",
        "deliveries: 1 rows point at subscribers that are not there",
        "subscriptions: 1 rows point at subscribers that are not there",
    ]


def test_what_is_missing_and_what_lacks_its_schema_is_said(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    if database.is_sqlite:
        (fault,) = faults(database)
        assert "there is no database" in fault
        Path(database.engine.url.database or "").touch()
    (fault,) = faults(database)
    assert "the schema is at nothing" in fault
    upgrade_schema(database)
    assert faults(database) == []
    database.close()
