"""A database that answers and takes nothing: seen without writing to it."""

import pytest

from mailer.base.database import Database

READ_ONLY = "options=-c%20default_transaction_read_only%3Don"


def test_one_that_can_be_written_says_nothing_even_while_somebody_writes(database: Database) -> None:
    assert database.refuses_writes() == ""
    with database.begin():
        assert database.refuses_writes() == ""
    with database.begin():
        pass


def test_postgresql_that_was_told_to_take_nothing(postgresql_url: str) -> None:
    database = Database(f"{postgresql_url}&{READ_ONLY}")
    assert "read-only" in database.refuses_writes()
    database.close()


def test_a_file_that_may_not_be_written(sqlite_url: str) -> None:
    database = Database(sqlite_url.replace("sqlite:///", "sqlite:///file:") + "?mode=ro&uri=true")
    assert "readonly" in database.refuses_writes()
    assert "readonly" in database.refuses_writes(), "the connection is spoilt for the next"
    database.close()


def test_a_disk_without_room(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailer.base.database.LEAST_FREE_BYTES", 1 << 60)
    database = Database(sqlite_url)
    assert database.refuses_writes() == "its disk is full"
    database.close()
