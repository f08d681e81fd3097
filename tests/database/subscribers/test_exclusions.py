"""Who is left out is counted by asking each person once, however long the list is."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.orm import Session

from mailer.base.database import Database
from subscribers import add_audience, audience_ids, exclusions

NOW = datetime(2027, 1, 5, 9, tzinfo=UTC)


def add_people(session: Session, first: int, last: int) -> None:
    """Half of them unsubscribed, by plain SQL."""
    session.execute(
        text(
            "INSERT INTO subscribers (public_id, address, address_key, name, language, zone, attributes, status, created_at,"
            " updated_at) SELECT 'p' || n, 'p' || n || '@x.org', 'p' || n || '@x.org', '', '', '', '{}', 'subscribed',"
            " '2027-01-01', '2027-01-01' FROM generate_series(CAST(:first AS int), :last) AS series(n)"
        ),
        {"first": first, "last": last},
    )
    session.execute(
        text(
            "INSERT INTO subscriptions (subscriber_id, audience_id, state, since) SELECT s.id, a.id, CASE WHEN s.id % 2 = 0"
            " THEN 'subscribed' ELSE 'unsubscribed' END, '2027-01-01' FROM subscribers s, audiences a"
            " WHERE NOT EXISTS (SELECT 1 FROM subscriptions t WHERE t.subscriber_id = s.id)"
        )
    )


def cost_of_exclusions(database: Database) -> float:
    """What PostgreSQL expects of the count, with little memory to work in."""
    said: list[tuple[str, Any]] = []

    def note(_connection: Connection, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        said.append((statement, parameters))

    with database.begin() as session:
        session.execute(text("ANALYZE"))
    with database.read() as session:
        session.execute(text("SET LOCAL work_mem = '64kB'"))
        ids = audience_ids(session, ["academic"])
        event.listen(database.engine, "before_cursor_execute", note)
        counted = exclusions(session, ids, now=NOW)
        event.remove(database.engine, "before_cursor_execute", note)
        assert counted["unsubscribed"] > 0
        (statement, parameters), *more = said
        assert not more
        plan = session.connection().exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
    found = plan if isinstance(plan, list) else json.loads(plan)
    cost: float = found[0]["Plan"]["Total Cost"]
    return cost


def test_the_count_of_who_is_left_out_grows_with_the_list_and_not_with_its_square(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    with database.begin() as session:
        add_audience(session, "academic", "Academic")
        add_people(session, 1, 4_000)
    short = cost_of_exclusions(database)
    with database.begin() as session:
        add_people(session, 4_001, 32_000)
    assert cost_of_exclusions(database) < 20 * short
    database.close()
