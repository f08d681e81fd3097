"""Reading the bounce mailbox again and again: when, by whom, and what went wrong the last time."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Final

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailer.base.bounce_url import BounceBox
from mailer.base.database import Database
from mailer.base.errors import Unreachable, WrongInput
from mailer.base.tables import insert_into
from mailer.base.tokens import Keys
from mailer.feedback.collecting import collect, open_box
from mailer.feedback.models import BounceMailbox

LEASE: Final = timedelta(minutes=2)
"""For so long nobody else reads by himself, from each sign of life on; more than a server may be silent."""
BUDGET_SECONDS: Final = 60.0
"""So long a worker reads in one go; what is left is read at once when next it is looked at."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LastReading:
    """When the mailbox was last read to its end, and why it could not be the last time; empty where it could."""

    read_at: datetime | None
    error: str
    failing_since: datetime | None


def poll(database: Database, box: BounceBox, *, home: Path, keys: Keys, clock: Callable[[], datetime]) -> Counter[str]:
    """Act upon everything that is new in the mailbox, whoever else may read it; how many messages of each kind.

    Raises:
        WrongInput: the setting is wrong: no such folder, or the login is refused.
        Unreachable: the server, or the database, does not answer.
    """
    with open_box(box, home=home) as opened:
        counts = collect(database, opened, key=box.key, keys=keys, clock=clock)
    _note(database, box, now=clock(), error="")
    return counts


def poll_if_due(
    database: Database,
    box: BounceBox,
    *,
    home: Path,
    every: timedelta,
    keys: Keys,
    clock: Callable[[], datetime],
    stopping: Callable[[], bool],
) -> None:
    """Read the mailbox if its time has come and nobody else does; what goes wrong with it is noted and not raised.

    Raises:
        Unreachable: the database does not answer.
    """
    if not _take(database, box, now=clock()):
        return
    give_up = monotonic() + BUDGET_SECONDS
    is_whole = True

    def goes_on() -> bool:
        nonlocal is_whole
        is_whole = not stopping() and monotonic() < give_up
        _put_off(database, box, until=clock() + LEASE)
        return is_whole

    error = ""
    try:
        with open_box(box, home=home) as opened:
            counts = collect(database, opened, key=box.key, keys=keys, clock=clock, goes_on=goes_on)
    except (WrongInput, Unreachable) as trouble:
        error = str(trouble)
        log.warning("bounce_mailbox_not_read", error=error)
    else:
        log.info("bounce_mailbox_read", messages=counts.total(), **counts)
    now = clock()
    _note(database, box, now=now, error=error)
    _put_off(database, box, until=now + every if is_whole else now)


def last_reading(session: Session, box: BounceBox) -> LastReading | None:
    """How the last reading went; None before the first."""
    row = session.get(BounceMailbox, box.key)
    return None if row is None else LastReading(row.read_at, row.error, row.failing_since)


def _take(database: Database, box: BounceBox, *, now: datetime) -> bool:
    """Whether the mailbox is due and now ours to read: one compare-and-set decides among all workers."""
    with database.read() as session:
        row = session.get(BounceMailbox, box.key)
        if row is not None and row.not_before > now:
            return False
    with database.begin() as session:
        _be_there(session, box, now)
        due = update(BounceMailbox).where(BounceMailbox.key == box.key, BounceMailbox.not_before <= now)
        taken = session.execute(due.values(not_before=now + LEASE).returning(BounceMailbox.key))
        return taken.scalar_one_or_none() is not None


def _be_there(session: Session, box: BounceBox, now: datetime) -> None:
    session.execute(
        insert_into(session, BounceMailbox).values(key=box.key, not_before=now, error="").on_conflict_do_nothing()
    )


def _put_off(database: Database, box: BounceBox, *, until: datetime) -> None:
    with database.begin() as session:
        session.execute(update(BounceMailbox).where(BounceMailbox.key == box.key).values(not_before=until))


def _note(database: Database, box: BounceBox, *, now: datetime, error: str) -> None:
    with database.begin() as session:
        _be_there(session, box, now)
        row = session.scalars(select(BounceMailbox).where(BounceMailbox.key == box.key).with_for_update()).one()
        row.error = error
        if error:
            row.failing_since = row.failing_since or now
        else:
            row.read_at, row.failing_since = now, None
