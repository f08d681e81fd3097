"""What a delivery points to, kept by the database itself: by foreign keys on SQLite, by triggers on PostgreSQL."""

from collections.abc import Sequence

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from mailer.base.database import Database
from mailer.delivery import SmtpRelay
from subscribers import find_person
from tests.support.erasing import refusals
from tests.support.sending import BEGIN, Office


@pytest.fixture
def office(database: Database) -> Office:
    """Ada and Bob have their rows of a campaign, which is never sent."""
    made = Office(database, SmtpRelay([]))
    for name in ("ada", "bob"):
        made.add(f"{name}@x.org")
    made.prepare(made.release())
    return made


def _deliveries(office: Office) -> Sequence[object]:
    with office.database.read() as session:
        query = "SELECT campaign_id, number, subscriber_id, state FROM deliveries ORDER BY number"
        return session.execute(text(query)).all()


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO deliveries (campaign_id, number, subscriber_id, mask) SELECT id, 3, 999, 1 FROM campaigns",
        "INSERT INTO deliveries (campaign_id, number, subscriber_id, mask) SELECT 999, id, id, 1 FROM subscribers",
        "UPDATE deliveries SET subscriber_id = 999",
        "UPDATE deliveries SET campaign_id = 999",
        "UPDATE campaigns SET id = id + 100",
    ],
)
def test_a_delivery_of_nobody_or_of_no_campaign_is_refused(office: Office, statement: str) -> None:
    before = _deliveries(office)
    assert len(before) == 2
    with pytest.raises(DBAPIError), office.database.begin() as session:
        session.execute(text(statement))
    assert _deliveries(office) == before


def test_a_statement_may_name_somebody_for_two_campaigns_and_nobody(office: Office) -> None:
    other = office.release()
    office.prepare(other)
    with office.database.begin() as session:
        session.execute(text("CREATE TABLE kept AS SELECT campaign_id, number, subscriber_id, mask FROM deliveries"))
        session.execute(text("UPDATE kept SET subscriber_id = NULL WHERE number = 2"))
        session.execute(text("DELETE FROM deliveries"))
        session.execute(
            text(
                "INSERT INTO deliveries (campaign_id, number, subscriber_id, mask)"
                " SELECT campaign_id, number, subscriber_id, mask FROM kept"
            )
        )
        assert session.scalar(text("SELECT count(*) FROM deliveries WHERE subscriber_id IS NULL")) == 2
        assert session.scalar(text("SELECT count(DISTINCT subscriber_id) FROM deliveries")) == 1
        session.execute(text("DROP TABLE kept"))


def test_who_is_erased_leaves_a_row_without_a_name_and_a_campaign_takes_its_rows_along(office: Office) -> None:
    with office.database.begin() as session:
        session.execute(text("DELETE FROM subscribers WHERE address_key = 'ada@x.org'"))
        query = text("SELECT subscriber_id IS NULL FROM deliveries ORDER BY number")
        assert [bool(is_nameless) for is_nameless in session.execute(query).scalars()] == [True, False]
        session.execute(text("DELETE FROM campaigns"))
        assert session.scalar(text("SELECT count(*) FROM deliveries")) == 0


def test_a_delivery_waits_for_an_erasure_that_is_under_way_and_is_then_refused(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    office = Office(database, SmtpRelay([]))
    office.add("bob@x.org")
    campaign_id = office.release()
    with database.read() as session:
        bob = {"campaign": campaign_id, "id": find_person(session, "bob@x.org", now=BEGIN).id}
    add = text("INSERT INTO deliveries (campaign_id, number, subscriber_id, mask) VALUES (:campaign, 1, :id, 1)")
    during, after = refusals(database, add, bob)
    database.close()
    assert "lock timeout" in during
    assert "needs its subscriber" in after
