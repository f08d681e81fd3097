"""A row that names a person is written while that person is being erased (PostgreSQL)."""

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
