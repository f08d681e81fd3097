"""A database that answers and takes nothing: seen without writing to it."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from mailer.base.audit import note
from mailer.base.database import Database
from mailer.base.errors import Unreachable

READ_ONLY = "options=-c%20default_transaction_read_only%3Don"


def write(database: Database, detail: str = "") -> None:
    with database.begin() as session:
        note(session, actor="test", deed="tried", subject="it", now=datetime.now(UTC), detail=detail)


def test_one_that_can_be_written_says_nothing_even_while_somebody_writes(database: Database) -> None:
    assert database.refuses_writes() == ""
    with database.begin():
        assert database.refuses_writes() == ""
    with database.begin():
        pass


def test_postgresql_that_was_told_to_take_nothing(postgresql_url: str) -> None:
    database = Database(f"{postgresql_url}&{READ_ONLY}")
    assert "read-only" in database.refuses_writes()
    with pytest.raises(Unreachable, match="read-only"):
        write(database)
    database.close()


def test_a_file_that_may_not_be_written(sqlite_url: str) -> None:
    database = Database(sqlite_url.replace("sqlite:///", "sqlite:///file:") + "?mode=ro&uri=true")
    assert "readonly" in database.refuses_writes()
    assert "readonly" in database.refuses_writes(), "the connection is spoilt for the next"
    with pytest.raises(Unreachable, match="readonly"):
        write(database)
    database.close()


def test_a_disk_without_room(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailer.base.database.LEAST_FREE_BYTES", 1 << 60)
    database = Database(sqlite_url)
    assert database.refuses_writes() == "its disk is full"
    database.close()


def test_who_writes_while_it_is_full_is_told_that_it_cannot_be_reached(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with database.read() as session:
        session.execute(text("PRAGMA max_page_count=1"))  # as much as there is: of one connection, which is kept
    with pytest.raises(Unreachable, match="full"):
        write(database, "x" * 1_000_000)
    database.close()
