"""A row that names a person is written while that person is being erased (PostgreSQL)."""

import time
from typing import Any

from sqlalchemy import Connection, TextClause, text
from sqlalchemy.exc import DBAPIError

from mailer.base.database import Database


def refusals(database: Database, add: TextClause, person: dict[str, Any]) -> tuple[str, str]:
    """What the database says to `add` while `person`, whose id is `id`, is being erased, and afterwards."""
    with database.engine.connect() as erasing, database.engine.connect() as adding:
        erasing.execute(text("SELECT id FROM subscribers WHERE id = :id FOR UPDATE"), person)
        during = _refusal(adding, add, person)
        erasing.execute(text("DELETE FROM subscribers WHERE id = :id"), person)
        erasing.commit()
        return during, _refusal(adding, add, person)


def _refusal(connection: Connection, statement: TextClause, values: dict[str, Any]) -> str:
    """Why a statement is refused, or waits for longer than it may; empty where it is done. Nothing of it stays."""
    connection.execute(text("SET LOCAL lock_timeout = '200ms'"))
    try:
        connection.execute(statement, values)
    except DBAPIError as error:
        return str(error.orig)
    else:
        return ""
    finally:
        connection.rollback()


def wait_for_lock(database: Database, *, patience_seconds: float = 20) -> None:
    """Return as soon as somebody waits for a lock in this database (PostgreSQL)."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    deadline = time.monotonic() + patience_seconds
    while time.monotonic() < deadline:
        with database.engine.connect() as connection:
            if connection.execute(waiting).scalar_one():
                return
        time.sleep(0.01)
    message = "nobody waits for a lock"
    raise TimeoutError(message)
