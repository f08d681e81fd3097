"""What the database itself refuses, whoever writes: states that are none, rows that point nowhere, ways back without a yes."""

from datetime import UTC, datetime
from typing import Literal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from mailer.base.database import Database
from mailer.base.tokens import Keys
from subscribers import audiences, joining, people
from tests.support.erasing import refusals

NOW = datetime(2027, 1, 5, 9, tzinfo=UTC)
KEYS = Keys(["a key of the tests, long enough"])


@pytest.fixture
def peopled(database: Database) -> Database:
    """Ada is subscribed, Bob never confirmed, Cy has left everything."""
    _add_people(database)
    return database


def _add_people(database: Database) -> None:
    with database.begin() as session:
        audiences.add_audience(session, "academic", "Academic")
        audiences.add_audience(session, "industry", "Industry")
        statuses: dict[str, Literal["subscribed", "unconfirmed"]] = {
            "ada": "subscribed",
            "bob": "unconfirmed",
            "cy": "subscribed",
        }
        for name, status in statuses.items():
            people.add_person(
                session, f"{name}@x.org", audience_slugs=["academic"], status=status, consent="w", source="test",
                keys=KEYS, now=NOW, actor="test",
            )  # fmt: skip
        cy = people.find_person(session, "cy@x.org", now=NOW)
        joining.unsubscribe(session, cy.id, audience_slugs=None, now=NOW, source="page")
        session.execute(
            text(
                "INSERT INTO shared_consents (first_id, last_id, deed, wording, source, at)"
                " VALUES (90, 99, 'agreed', '', '', '2027-01-05 09:00:00')"
            )
        )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE subscribers SET status = 'paused'",
        "UPDATE subscriptions SET state = 'suppressed'",
        "UPDATE subscriptions SET state = 'subscribed'",
        "UPDATE subscribers SET status = 'subscribed'",
        "UPDATE consents SET deed = 'agreed'",
        "UPDATE shared_consents SET wording = 'other'",
        "DELETE FROM shared_consents",
        "UPDATE subscribers SET consented_at = '2020-01-05 09:00:00'",
        "UPDATE subscriptions SET subscriber_id = subscriber_id + 100",
        "UPDATE subscriptions SET audience_id = audience_id + 100",
        "UPDATE subscribers SET id = id + 100",
        "DELETE FROM audiences",
        "INSERT INTO subscriptions SELECT 999, id, 'subscribed', '2027-01-05 09:00:00' FROM audiences",
        "INSERT INTO subscriptions SELECT id, 999, 'subscribed', '2027-01-05 09:00:00' FROM subscribers",
        (  # neighbours in one audience, of whom the last is nobody
            "INSERT INTO subscriptions SELECT id + 1, (SELECT max(id) FROM audiences), 'subscribed', '2027-01-05 09:00:00'"
            " FROM subscribers"
        ),
        (  # two audiences, of which one is none
            "INSERT INTO subscriptions SELECT subscribers.id, audiences.id + 1, 'subscribed', '2027-01-05 09:00:00'"
            " FROM subscribers, audiences"
        ),
        "INSERT INTO suppressions (reason, source, since) VALUES ('manual', '', '2027-01-05 09:00:00')",
        (
            "INSERT INTO suppressions (address_key, domain, reason, source, since)"
            " VALUES ('a@x.org', 'x.org', 'manual', '', '2027-01-05 09:00:00')"
        ),
        (
            "INSERT INTO subscribers (public_id, address, address_key, name, language, zone, attributes, status, created_at,"
            " updated_at) SELECT 'p', address, address_key, '', '', '', '{}', status, created_at, updated_at FROM subscribers"
        ),
    ],
)
def test_the_database_refuses(peopled: Database, statement: str) -> None:
    before = _everything(peopled)
    with pytest.raises(DBAPIError), peopled.begin() as session:
        session.execute(text(statement))
    assert _everything(peopled) == before


def test_who_left_comes_back_by_a_line_of_consent(peopled: Database) -> None:
    with peopled.begin() as session:
        cy = people.find_person(session, "cy@x.org", now=NOW)
        assert joining.undo_leave(session, cy.id, now=NOW, source="page") == ("academic",)
        assert people.find_person(session, "cy@x.org", now=NOW).status == "subscribed"


def test_whoever_goes_takes_their_subscriptions_along(peopled: Database) -> None:
    with peopled.begin() as session:
        session.execute(text("DELETE FROM subscribers WHERE address_key = 'ada@x.org'"))
        assert session.scalar(text("SELECT count(*) FROM subscriptions")) == 2
        assert session.scalar(text("SELECT count(*) FROM consents")) == 3


@pytest.mark.parametrize("audience", ["one", "both"])
def test_a_subscription_waits_for_an_erasure_that_is_under_way_and_is_then_refused(
    postgresql_url: str, audience: str
) -> None:
    database = Database(postgresql_url)
    _add_people(database)
    with database.begin() as session:
        bob = {"id": people.find_person(session, "bob@x.org", now=NOW).id}
        session.execute(text("DELETE FROM subscriptions"))
    add = text("INSERT INTO subscriptions SELECT :id, id, 'unconfirmed', now() FROM audiences WHERE slug <= :last")
    during, after = refusals(database, add, bob | {"last": "academic" if audience == "one" else "industry"})
    database.close()
    assert "lock timeout" in during
    assert "needs its subscriber" in after


def _everything(database: Database) -> list[list[object]]:
    with database.read() as session:
        return [_rows(session, table) for table in ("subscribers", "subscriptions", "consents", "suppressions")]


def _rows(session: Session, table: str) -> list[object]:
    return [tuple(row) for row in session.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2"))]  # noqa: S608
