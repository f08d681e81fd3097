"""Transactions: who commits, who rolls back, and when the queue hears of it."""

from datetime import UTC, datetime
from threading import Barrier, Thread
from time import monotonic, sleep

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mailer.base.audit import AuditEntry, entries, note
from mailer.base.database import Database, together
from mailer.base.errors import Unreachable
from mailer.base.hints import Hint, wake

NOW = datetime(2027, 1, 5, 9, 30, 0, 123456, tzinfo=UTC)


class Interrupted(Exception):
    """Something in the middle of a transaction."""


def _note(session: Session, subject: str) -> None:
    note(session, actor="test", deed="tried", subject=subject, now=NOW)


def _subjects(database: Database) -> list[str]:
    with database.read() as session:
        return [entry.subject for entry in reversed(entries(session))]


def test_a_transaction_is_committed_at_the_end_of_its_block(database: Database) -> None:
    with database.begin() as session:
        _note(session, "one")
    assert _subjects(database) == ["one"]


def test_an_exception_undoes_the_whole_transaction_and_rises(database: Database) -> None:
    def write() -> None:
        with database.begin() as session:
            _note(session, "one")
            session.flush()
            raise Interrupted

    with pytest.raises(Interrupted):
        write()
    assert _subjects(database) == []


def test_what_is_written_while_reading_is_undone(database: Database) -> None:
    with database.read() as session:
        _note(session, "one")
        session.flush()
    assert _subjects(database) == []


def test_a_moment_comes_back_as_it_was_given(database: Database) -> None:
    with database.begin() as session:
        _note(session, "one")
    with database.read() as session:
        assert entries(session)[0].at == NOW
        assert [entry.subject for entry in entries(session, since=NOW, subject="one", limit=1)] == ["one"]
        assert entries(session, subject="two") == []


def test_the_queue_hears_of_the_hints_after_the_commit_and_of_each_once(database: Database) -> None:
    heard: list[tuple[list[Hint], list[str]]] = []
    database.queue = lambda hints: heard.append((list(hints), _subjects(database)))
    with database.begin() as session:
        _note(session, "one")
        wake(session, "prepare", 7)
        wake(session, "prepare", 7)
        wake(session, "prepare", 8)
        assert heard == []
    assert heard == [([("prepare", 7), ("prepare", 8)], ["one"])]


def test_the_queue_hears_nothing_of_a_transaction_that_was_undone(database: Database) -> None:
    heard: list[Hint] = []
    database.queue = heard.extend

    def write() -> None:
        with database.begin() as session:
            wake(session, "prepare", 7)
            raise Interrupted

    with pytest.raises(Interrupted):
        write()
    with database.read() as session:
        wake(session, "prepare", 8)
    assert heard == []


def test_a_savepoint_that_is_undone_takes_its_rows_and_leaves_the_rest(database: Database) -> None:
    heard: list[Hint] = []
    database.queue = heard.extend
    with database.begin() as session:
        _note(session, "one")
        wake(session, "prepare", 7)
        savepoint = session.begin_nested()
        _note(session, "two")
        session.flush()
        savepoint.rollback()
        assert heard == []
    assert _subjects(database) == ["one"]
    assert heard == [("prepare", 7)]


def test_writers_at_the_same_time_wait_for_each_other(database: Database) -> None:
    together = Barrier(4)

    def write(number: int) -> None:
        together.wait()
        for turn in range(5):
            with database.begin() as session:
                _note(session, f"{number}-{turn}")

    threads = [Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(_subjects(database)) == 20


def test_a_foreign_key_is_kept(database: Database) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key"), database.begin() as session:
        session.execute(text("INSERT INTO subscriptions VALUES (999, 999, 'subscribed', '2027-01-05 09:00:00')"))


def test_a_database_that_does_not_answer_is_named_without_its_password() -> None:
    database = Database("postgresql+psycopg://mailer:hunter2@127.0.0.1:1/mailer")
    with pytest.raises(Unreachable) as refused, database.read():
        pass
    database.close()
    assert "127.0.0.1:1/mailer" in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_sqlite_keeps_a_log_for_readers_and_writers_at_once(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with database.begin() as writing, database.read() as reading:
        _note(writing, "one")
        writing.flush()
        assert reading.query(AuditEntry).count() == 0
    assert database.is_sqlite
    database.close()
    engine = create_engine(sqlite_url)
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    engine.dispose()


def test_a_database_that_goes_away_in_the_middle_is_unreachable_and_then_there_again(postgresql_url: str) -> None:
    database, other = Database(postgresql_url), Database(postgresql_url)

    def cut(session: Session) -> None:
        _note(session, "one")
        session.flush()
        mine = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with other.begin() as theirs:
            theirs.execute(text("SELECT pg_terminate_backend(:mine)"), {"mine": mine})
        session.execute(text("SELECT 1"))

    with pytest.raises(Unreachable, match="MAILER_DATABASE_URL"), database.begin() as session:
        cut(session)

    assert _subjects(database) == []
    with database.begin() as session:
        _note(session, "two")
    assert _subjects(database) == ["two"]
    database.close()
    other.close()


def test_a_statement_that_is_wrong_is_no_lost_database(database: Database) -> None:
    with pytest.raises(IntegrityError), database.begin() as session:
        session.execute(text("INSERT INTO audit_log (id) VALUES (1)"))


def test_postgresql_looks_again_at_tables_that_have_changed_much(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    known = text("SELECT reltuples FROM pg_class WHERE relname = 'audit_log'")
    flushed = text("SELECT n_mod_since_analyze FROM pg_stat_user_tables WHERE relname = 'audit_log'")
    fill = text(
        "INSERT INTO audit_log (at, actor, deed, subject, detail) SELECT now(), 'test', 'tried', 'x', '' FROM generate_series(1, :n)"
    )
    try:
        for count, is_noticed in ((10, False), (5000, True)):
            with database.begin() as session:
                session.execute(fill, {"n": count})
            give_up = monotonic() + 20
            with database.begin() as session:
                session.execute(text("SELECT pg_stat_force_next_flush()"))
            while monotonic() < give_up:
                with database.read() as session:
                    if (session.scalar(flushed) or 0) >= count:
                        break
                sleep(0.05)
            database.refresh_statistics()
            with database.read() as session:
                assert ((session.scalar(known) or 0) >= 5000) is is_noticed
    finally:
        database.close()


def _refused(session: Session) -> None:
    with together(session):
        _note(session, "one")
        session.execute(text("INSERT INTO users (id, email) VALUES (1, NULL)"))


def test_a_refusal_in_what_is_sent_in_one_go_is_told_as_any_other(database: Database) -> None:
    def write() -> None:
        with database.begin() as session:
            _refused(session)

    with pytest.raises(IntegrityError):
        write()
    assert _subjects(database) == []


def test_a_database_that_goes_away_before_one_go_is_told_as_away(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    other = create_engine(postgresql_url)

    def lose_it() -> None:
        with database.begin() as session:
            number = session.scalar(text("SELECT pg_backend_pid()"))
            with other.begin() as killer:
                killer.execute(text("SELECT pg_terminate_backend(:number)"), {"number": number})
            _refused(session)

    with pytest.raises(Unreachable):
        lose_it()
    other.dispose()
    database.close()
