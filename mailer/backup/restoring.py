"""Restoring: the database becomes what a backup holds, and no campaign goes on before somebody has looked."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import DatabaseError

from mailer import campaigns
from mailer.backup.copying import copy_all
from mailer.backup.making import back_up_into
from mailer.backup.soundness import faults
from mailer.base import audit
from mailer.base.database import Database
from mailer.base.errors import Spoilt, WrongInput
from mailer.base.schema import newest_revision, schema_revision, upgrade_schema
from mailer.base.tokens import Keys
from subscribers.departures import Departures, departures, see_off

FIRST_BYTES = b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True)
class Restored:
    """What restoring has done.

    `held` are the campaigns that wait for a decision now; `stay_away` is how many people had left since the backup and stay
    away (None: what was there could not be read); `before` is the backup of what was there (None: nothing was).
    """

    held: tuple[str, ...]
    stay_away: int | None
    before: Path | None


def restore(path: Path, database: Database, *, kept_in: Path, keys: Keys, now: datetime, actor: str) -> Restored:
    """Make the database what the backup holds, in one transaction.

    What was there before is kept as a backup of its own. Whoever left, was suppressed or was erased since the backup stays
    so, as far as the database that is replaced can still be read. Every campaign that was on its way is paused: the backup
    does not know whom its messages have reached since.

    Args:
        kept_in: the folder for the backup of what was there before.

    Raises:
        WrongInput: the file is no backup, is damaged, or was made by a newer version.
        Unreachable: the database does not answer.
    """
    with opened_copy(path) as backup:
        wrong = faults(backup)
        if wrong:
            raise WrongInput(f"the backup is not sound: {wrong[0]}", do="use another one", place=str(path))
        before = _kept(database, kept_in, now)
        with backup.begin() as session:
            held = campaigns.hold_all(
                session,
                now=now,
                actor=actor,
                reason="restored",
                detail="restored from a backup, which does not know whom it reached after that",
            )
            later = _departures(database)
            stay_away = None if later is None else see_off(session, later, keys=keys, now=now, actor=actor)
            audit.note(session, actor=actor, deed="database_restored", subject="database", now=now, detail=path.name)
        _pour(backup, database)
    return Restored(held, stay_away, before)


@contextmanager
def opened_copy(path: Path) -> Iterator[Database]:
    """A backup, brought up to this version's schema: a copy of it, so that the file stays as it is.

    Raises:
        WrongInput: the file is no backup, or was made by a newer version.
    """
    with path.open("rb") as file:
        if file.read(len(FIRST_BYTES)) != FIRST_BYTES:
            raise WrongInput("it is no backup of mailer", do="name one that `mailer db backup` made", place=str(path))
    # Beside the backup there was room for it once; the machine's own folder for such files may be memory.
    beside = path.parent if os.access(path.parent, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix=".mailer-", dir=beside) as folder:
        copy = Path(folder) / "backup.db"
        shutil.copyfile(path, copy)
        database = Database(f"sqlite:///{copy}")
        try:
            _bring_up(database, str(path))
            yield database
        except (DatabaseError, Spoilt) as error:
            raise WrongInput("it is damaged", do="use another backup", place=str(path)) from error
        finally:
            database.close()


def _bring_up(database: Database, place: str) -> None:
    has, wants = schema_revision(database), newest_revision()
    if has is None:
        raise WrongInput("it is no backup of mailer", do="name one that `mailer db backup` made", place=place)
    if wants is not None and has > wants:
        raise WrongInput(
            f"it was made by a newer version: its schema is {has}, this version's {wants}",
            do="install that version",
            place=place,
        )
    upgrade_schema(database)


def _kept(database: Database, folder: Path, now: datetime) -> Path | None:
    """A backup of what is there, or where that cannot be read the file itself under another name; None: nothing is there."""
    try:
        if schema_revision(database) is None:
            return None
        _bring_up(database, database.engine.url.render_as_string(hide_password=True))
        return back_up_into(folder, database, now=now)
    except (DatabaseError, Spoilt):
        if not database.is_sqlite:
            raise
        return _set_aside(database, now)


def _set_aside(database: Database, now: datetime) -> Path:
    file = Path(database.engine.url.database or "")
    database.close()
    aside = file.with_name(f"{file.name}.damaged-{now:%Y%m%dT%H%M%S}Z")
    for ending in ("", "-wal", "-shm"):
        if (part := file.with_name(file.name + ending)).exists():
            part.rename(aside.with_name(aside.name + ending))
    return aside


def _departures(database: Database) -> Departures | None:
    """Who is gone by the database that is about to be replaced, where it can tell."""
    try:
        if schema_revision(database) is None:
            return None
        with database.read() as session:
            return departures(session)
    except (DatabaseError, Spoilt):
        if not database.is_sqlite:
            raise
        return None


def _pour(backup: Database, database: Database) -> None:
    if not database.is_sqlite:
        upgrade_schema(database)
        with backup.read() as source, database.begin() as target:
            copy_all(source, target)
        database.refresh_statistics()
        return
    with closing(backup.engine.raw_connection()) as source, closing(database.engine.raw_connection()) as target:
        from_, to = source.driver_connection, target.driver_connection
        assert isinstance(from_, sqlite3.Connection)  # noqa: S101 - they are SQLite's
        assert isinstance(to, sqlite3.Connection)  # noqa: S101
        from_.backup(to)
