"""A row that names a person is written while that person is being erased (PostgreSQL)."""

import time
from typing import Any

import pytest
from sqlalchemy import TextClause, text
from sqlalchemy.exc import DBAPIError

from mailer.base.database import Database


def waits_for_an_erasure_and_is_refused(database: Database, add: TextClause, person: dict[str, Any]) -> None:
    """Assert that `add` waits for the lock of an erasure of `person`, whose id is `id`, and is refused after it."""
    with database.engine.connect() as erasing, database.engine.connect() as adding:
        erasing.execute(text("SELECT id FROM subscribers WHERE id = :id FOR UPDATE"), person)
        adding.execute(text("SET lock_timeout = '200ms'"))
        with pytest.raises(DBAPIError, match="lock timeout"):
            adding.execute(add, person)
        adding.rollback()
        erasing.execute(text("DELETE FROM subscribers WHERE id = :id"), person)
        erasing.commit()
        with pytest.raises(DBAPIError, match="needs its subscriber"):
            adding.execute(add, person)


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
