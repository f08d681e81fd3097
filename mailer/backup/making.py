"""Making a backup while others go on working."""

import errno
import os
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from mailer.backup.copying import copy_all
from mailer.base.database import Database
from mailer.base.errors import WrongInput
from mailer.base.schema import require_current_schema, schema_revision, upgrade_schema

PREFIX = "mailer-"


def back_up(database: Database, path: Path) -> None:
    """Write everything, as it is at one moment, into one SQLite file that nobody else may read.

    The file is there whole or not at all. Nobody is held up, but that the log of SQLite grows meanwhile.

    Raises:
        WrongInput: the file exists, there is nothing to back up, or a PostgreSQL database has another version's schema.
        OSError: it cannot be written.
    """
    if database.is_missing or schema_revision(database) is None:
        shown = database.engine.url.render_as_string(hide_password=True)
        raise WrongInput("there is nothing to back up", do="run `mailer init`, or name another workspace", place=shown)
    if path.exists():
        raise WrongInput("it exists already", do="name a new file", place=str(path))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL, 0o600))
    try:
        _write(database, part)
        _sync(part)
        part.replace(path)
        _sync(path.parent)
    except sqlite3.Error as error:
        raise OSError(errno.EIO, f"the backup was not written: {error}", str(path)) from error
    finally:
        part.unlink(missing_ok=True)


def back_up_into(folder: Path, database: Database, *, now: datetime) -> Path:
    """A backup named by the time, UTC, in a folder of them."""
    path = folder / f"{PREFIX}{now:%Y%m%dT%H%M%S}Z.db"
    back_up(database, path)
    return path


def newest(folder: Path) -> Path | None:
    """The newest backup that `back_up_into` has made in a folder."""
    return max(folder.glob(f"{PREFIX}*Z.db"), default=None)


def keep_newest(folder: Path, count: int) -> tuple[Path, ...]:
    """Delete all but the newest backups that `back_up_into` has made in a folder; which those were."""
    old = sorted(folder.glob(f"{PREFIX}*Z.db"))[:-count]
    for path in old:
        path.unlink()
    return tuple(old)


def _write(database: Database, part: Path) -> None:
    if database.is_sqlite:
        with closing(database.engine.raw_connection()) as source, closing(sqlite3.connect(part)) as target:
            connection = source.driver_connection
            assert isinstance(connection, sqlite3.Connection)  # noqa: S101 - it is SQLite's
            connection.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")  # without a log beside it: the file stands alone
        return
    require_current_schema(database)
    copy = Database(f"sqlite:///{part}")
    try:
        upgrade_schema(copy)
        with database.snapshot() as source_rows, copy.begin() as target_rows:
            copy_all(source_rows, target_rows)
    finally:
        copy.close()
    with closing(sqlite3.connect(part)) as target:
        target.execute("PRAGMA journal_mode=DELETE")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
