"""The database: the only place that commits."""

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import SQLITE_BUSY, SQLITE_CORRUPT, SQLITE_FULL, SQLITE_NOTADB, SQLITE_READONLY
from sqlite3 import Connection as SqliteConnection
from sqlite3 import OperationalError as SqliteError
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from mailer.base.errors import Spoilt, Unreachable, WrongInput
from mailer.base.hints import HINTS, Hint

PATIENCE_SECONDS = 30
LEAST_FREE_BYTES = 1 << 20
"""With less than this on its disk, SQLite is taken to be full: one transaction writes a few pages to its log."""
NO_TRACE = "leaves no trace"
Queue = Callable[[Sequence[Hint]], None]


class Database:
    """One database, SQLite or PostgreSQL, and the two ways into it: `begin()` writes, `read()` reads.

    Args:
        url: an SQLAlchemy URL, `sqlite:///…` or `postgresql+psycopg://…`.
        queue: takes the hints of a transaction after its commit; None drops them, for the sweep to find.
    """

    def __init__(self, url: str, *, queue: Queue | None = None, pool_size: int = 10) -> None:
        self.url = url
        self.queue = queue
        self.engine = _engine(url, pool_size)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self._writing = threading.Lock()

    @property
    def is_sqlite(self) -> bool:
        """Whether one writer at a time is all that this database has."""
        return self.engine.dialect.name == "sqlite"

    @property
    def is_missing(self) -> bool:
        """Whether it is a file of SQLite that is not there; to speak to it would make it."""
        return self.is_sqlite and not Path(self.engine.url.database or "").exists()

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """A transaction that is committed at the end of the block and rolled back by an exception.

        The queue hears of the hints after the commit, never before (an ORM event would fire at a savepoint's end).

        Raises:
            Unreachable: the database does not answer, or has gone away meanwhile.
            Spoilt: its file is damaged.
        """
        with self._turn(), self._open(write=True) as session:
            yield session
            hints = list(session.info.pop(HINTS, []))
            leaves_no_trace = session.info.pop(NO_TRACE, False)
            session.commit()
        if leaves_no_trace:
            self.empty_log()
        if self.queue is not None and hints:
            self.queue(hints)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for the other writers of this process, where there can be one only.

        SQLite itself lets them sleep and look again, up to a tenth of a second each time: a hundred of them get less than half
        as much done. Whoever has waited too long leaves it to SQLite to say so.
        """
        if not self.is_sqlite:
            yield
            return
        has_turn = self._writing.acquire(timeout=PATIENCE_SECONDS)
        try:
            yield
        finally:
            if has_turn:
                self._writing.release()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that only reads; whatever is written in it is rolled back.

        Raises:
            Unreachable: the database does not answer.
            Spoilt: its file is damaged.
        """
        with self._open(write=False) as session:
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """A transaction that only reads, and sees one moment for as long as it lasts.

        Raises:
            Unreachable: the database does not answer.
            Spoilt: its file is damaged.
        """
        with self._open(write=False) as session:
            if not self.is_sqlite:
                session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            yield session

    def empty_log(self) -> bool:
        """Bring SQLite's log into the database and empty it: it holds what the pages were before; whether that could be done.

        Not while somebody reads an older state for longer than a second: then it is left to the next time.
        """
        if not self.is_sqlite:
            return True
        connection = self.engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute("PRAGMA busy_timeout=1000")
            (is_busy, _, _) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            cursor.execute(f"PRAGMA busy_timeout={PATIENCE_SECONDS * 1000}")
        finally:
            connection.close()
        return not is_busy

    def refuses_writes(self) -> str:
        """Why nothing can be written now, as far as that can be seen without writing; empty where it can.

        Raises:
            Unreachable: the database does not answer.
        """
        with self.read() as session:
            asked = "SELECT ''" if self.is_sqlite else "SHOW transaction_read_only"
            if session.scalar(text(asked)) == "on":
                return "it is read-only, or a standby"
        return self._file_refuses() if self.is_sqlite else ""

    def _file_refuses(self) -> str:
        connection = self.engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute("PRAGMA busy_timeout=0")
            cursor.execute("BEGIN IMMEDIATE")  # of a file that cannot be written, this only begins to read
            cursor.execute("PRAGMA user_version=0")
            cursor.execute("ROLLBACK")
            cursor.execute(f"PRAGMA busy_timeout={PATIENCE_SECONDS * 1000}")
        except SqliteError as error:
            connection.invalidate()
            if error.sqlite_errorcode & 0xFF != SQLITE_BUSY:  # else somebody is just writing
                return str(error)
        finally:
            connection.close()
        folder = Path(self.engine.url.database or "").absolute().parent
        return "its disk is full" if folder.exists() and shutil.disk_usage(folder).free < LEAST_FREE_BYTES else ""

    def refresh_statistics(self) -> None:
        """Let PostgreSQL look again at tables that have changed much since it last did; SQLite plans without.

        Right after an import it knows nothing of a million people, and reads them twenty-five times as slowly.
        """
        if self.is_sqlite:
            return
        with self.begin() as session:  # what we ourselves have just written counts from the end of this transaction
            if (session.connection().dialect.server_version_info or ()) >= (15,):
                session.execute(text("SELECT pg_stat_force_next_flush()"))
        stale = text(
            "SELECT quote_ident(relname) FROM pg_stat_user_tables WHERE n_mod_since_analyze > 1000 + n_live_tup / 5"
        )
        with self.begin() as session:
            for table in session.execute(stale).scalars().all():
                session.execute(text(f"ANALYZE {table}"))

    @contextmanager
    def _open(self, *, write: bool) -> Iterator[Session]:
        with self._sessions() as session:  # leaving it without a commit rolls back
            try:
                # SQLite: a writer takes its lock at once; upgrading a reader later fails without waiting.
                session.connection(execution_options={"writes": write})
            except DBAPIError as error:
                if isinstance(error, OperationalError) or _is_damaged(error):
                    raise self._told(error) from error
                raise
            try:
                yield session
            except DBAPIError as error:
                # It went away in the middle: nothing of this was committed for certain. Or it takes nothing new.
                if error.connection_invalidated or _takes_nothing(error) or _is_damaged(error):
                    raise self._told(error) from error
                raise

    def _told(self, error: DBAPIError) -> Unreachable | Spoilt:
        first_line = str(error.orig).strip().partition("\n")[0]
        if _is_damaged(error):
            do = "see what `mailer db check` finds, and restore a backup by `mailer db restore`"
            return Spoilt(f"the file of the database is damaged: {first_line}", do=do)
        shown = self.engine.url.render_as_string(hide_password=True)
        return Unreachable(f"database {shown}", first_line, do="check MAILER_DATABASE_URL and that the server runs")

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _takes_nothing(error: DBAPIError) -> bool:
    """Whether a statement was refused because nothing can be written: it is read-only, or its disk is full."""
    if getattr(error.orig, "sqlstate", "") in ("25006", "53100"):  # PostgreSQL's read_only_sql_transaction, disk_full
        return True
    return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in (SQLITE_READONLY, SQLITE_FULL)


def _is_damaged(error: DBAPIError) -> bool:
    """Whether SQLite cannot make sense of its file."""
    return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in (SQLITE_CORRUPT, SQLITE_NOTADB)


def leave_no_trace(session: Session) -> None:
    """Let nothing of what this transaction deletes be found in SQLite's files once it is committed."""
    session.info[NO_TRACE] = True


@contextmanager
def together(session: Session) -> Iterator[None]:
    """Send what is executed in the block to the database in one go, where it can be (PostgreSQL's pipeline mode).

    Nothing in the block may ask for a result; a refusal is raised in it or at its end.

    Raises:
        DBAPIError: as of any other statement; at the block's end it comes from the driver, past SQLAlchemy.
    """
    driver: Any = session.connection().connection.driver_connection
    if isinstance(driver, SqliteConnection):
        yield
        return
    dialect: Any = session.get_bind().dialect
    try:
        with driver.pipeline():  # psycopg's, which is not loaded where there is no PostgreSQL: it takes 10 MB
            yield
    except dialect.loaded_dbapi.Error as error:
        is_gone = dialect.is_disconnect(error, driver, None)
        if is_gone:  # else the end of the session would try to roll back over it
            session.connection().invalidate(error)
        told = {"dialect": dialect, "connection_invalidated": is_gone}
        raise DBAPIError.instance(None, None, error, dialect.loaded_dbapi.Error, **told) from error


def _engine(url: str, pool_size: int) -> Engine:
    if not url.startswith("sqlite"):
        try:
            return create_engine(url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True)
        except (ValueError, ArgumentError) as error:  # not shown: it may hold the password
            message = "this is no address of a database"
            do = "write postgresql+psycopg://USER:PASSWORD@HOST:PORT/NAME, an IPv6 address in brackets"
            raise WrongInput(message, do=do, place="MAILER_DATABASE_URL") from error
    engine = create_engine(url, connect_args={"timeout": PATIENCE_SECONDS, "check_same_thread": False})
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: SqliteConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, in `_begin_sqlite`
    # Of its own, SQLite folds the letters of ASCII only.
    connection.create_function("lower", 1, _lower, deterministic=True)
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"busy_timeout={PATIENCE_SECONDS * 1000}",
        # 8 MB for each connection, of which every thread has one: 20 MB made neither sending nor an import measurably quicker.
        "cache_size=-8000",
        # Of 40 MB: a large import writes the same leaves of an index again and again, and each checkpoint copies them all.
        "wal_autocheckpoint=10000",
        # What is deleted or moved is overwritten with zeros, else an erased address could be read in the file. Measured, CPU
        # against OFF: 100,000 people in 1.00, changed 1.02; as many ledger rows moved twice 1.01; all of it deleted 1.06.
        "secure_delete=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _lower(value: str | float | None) -> str | None:
    return None if value is None else str(value).lower()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
