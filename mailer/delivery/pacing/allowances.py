"""Limits that all workers share: a rate a second, a number a day. Taken from SQL in portions and spent without asking.

A slice is one second or one day, and its row counts what was taken of it. A worker takes a tenth of a second's messages at
once, so that a limit costs a few short transactions a second at any rate, and what a killed worker had taken is lost for
that second only.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil, floor
from time import monotonic
from typing import Protocol

from sqlalchemy import Table, delete, select, update
from sqlalchemy.orm import Session

from mailer.base.database import Database
from mailer.base.relay_url import RelaySettings
from mailer.base.tables import insert_into
from mailer.delivery.models import Allowance as AllowanceRow

DAY = 86_400
PORTIONS, DAY_PORTIONS = 10, 50
"""A portion is this part of what a slice has, so that several workers get their turn in each."""
LARGEST_PORTION = 1000
LEEWAY_SECONDS = 0.02
"""How far a sender that woke up late may catch up."""

_rows: Table = AllowanceRow.metadata.tables["allowances"]


@dataclass(frozen=True, slots=True)
class Slice:
    """One second or one day of a limit, and how many messages all together may have in it."""

    of: str
    number: int
    seconds: int
    capacity: int

    @property
    def until(self) -> datetime:
        """When it is over."""
        return datetime.fromtimestamp((self.number + 1) * self.seconds, UTC)


def slice_of(of: str, rate: float, now: datetime) -> Slice:
    """This second of a rate; of 2.5 a second, seconds have two and three in turn. Of one in ten seconds, those ten."""
    seconds = max(1, ceil(1 / rate))
    number = floor(now.timestamp()) // seconds
    each = rate * seconds
    return Slice(of, number, seconds, floor(each * (number + 1)) - floor(each * number))


def day_of(of: str, limit: int, now: datetime) -> Slice:
    """This day, of UTC, of a limit."""
    return Slice(f"{of} a day", floor(now.timestamp()) // DAY, DAY, limit)


def warm_up_day(settings: RelaySettings, now: datetime) -> Slice | None:
    """This day of a relay's warm-up; None where it has no limit today."""
    limit = settings.warm_up.limit_on(now.date()) if settings.warm_up else None
    return None if limit is None else day_of(f"relay {settings.name}", limit, now)


def left_of(session: Session, piece: Slice) -> int:
    """How many of a slice nobody has taken yet."""
    this = (_rows.c.of == piece.of, _rows.c.slice == piece.number)
    taken = session.execute(select(_rows.c.taken).where(*this)).scalar_one_or_none()
    return max(0, piece.capacity - (taken or 0))


def take(session: Session, piece: Slice, wanted: int) -> int:
    """Take up to `wanted` of what is left of a slice; gives how many there were."""
    if piece.capacity <= 0:
        return 0
    session.execute(
        insert_into(session, AllowanceRow)
        .values(of=piece.of, slice=piece.number, taken=0, until=piece.until)
        .on_conflict_do_nothing(index_elements=["of", "slice"])
    )
    this = (_rows.c.of == piece.of, _rows.c.slice == piece.number)
    taken: int = session.execute(select(_rows.c.taken).where(*this).with_for_update()).scalar_one()
    granted = max(0, min(wanted, piece.capacity - taken))
    if granted:
        session.execute(update(_rows).where(*this).values(taken=taken + granted))
    return granted


def forget_old(session: Session, *, now: datetime) -> None:
    """Throw away the slices that are over."""
    session.execute(delete(_rows).where(_rows.c.until < now - timedelta(minutes=1)))


Leave = tuple[Slice, ...]
"""That one message may go, and of which slices it is counted."""


class Shared(Protocol):
    """Where portions come from."""

    def now(self) -> datetime:
        """The time that slices go by."""
        ...

    def take(self, piece: Slice, wanted: int) -> int:
        """Up to `wanted` of what is left of a slice."""
        ...


class SharedBySql:
    """Portions for all workers of a database."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self.now = clock

    def take(self, piece: Slice, wanted: int) -> int:
        """Up to `wanted` of what is left of a slice, in a transaction of its own."""
        with self._database.begin() as session:
            return take(session, piece, wanted)


class Allowance:
    """What this process may hand to a relay now. Without a limit, asking costs nothing.

    Args:
        shared: without it, the rate is this process's alone and a warm-up is not minded.
    """

    def __init__(self, settings: RelaySettings, shared: Shared | None) -> None:
        self.is_limited = bool(settings.rate or (settings.warm_up and shared))
        self.spent = ""
        """Why there is nothing left for today, if that is so."""
        self.spent_until: datetime | None = None
        self._settings = settings
        self._shared = shared
        self._lock = threading.Lock()
        self._next_free = 0.0
        self._left: dict[str, tuple[Slice, int]] = {}

    def take(self) -> Leave | None:
        """Leave for one more message, where it may go now: it is counted."""
        if not self.is_limited:
            return ()
        with self._lock:
            now = monotonic()
            if self._next_free > now or not self._has_portions(now):
                return None
            self._left = {of: (piece, left - 1) for of, (piece, left) in self._left.items()}
            if self._settings.rate:
                # One after the other and not all at the second's beginning, and never faster from one process.
                self._next_free = max(now - LEEWAY_SECONDS, self._next_free) + 1 / self._settings.rate
            return tuple(piece for piece, _ in self._left.values())

    def put_back(self, leave: Leave) -> None:
        """There was no message for it: what it has of slices that are not over is there for the next."""
        with self._lock:
            for piece in leave:
                held, left = self._left[piece.of]
                if held == piece:
                    self._left[piece.of] = piece, left + 1
            if self._settings.rate:
                self._next_free -= 1 / self._settings.rate

    def seconds_to_wait(self) -> float:
        """How long until it is worth asking again."""
        return max(0.0, self._next_free - monotonic()) if self.is_limited else 0.0

    def _has_portions(self, now: float) -> bool:
        if self._shared is None:
            return True
        moment = self._shared.now()
        for piece in self._slices(moment):
            held, left = self._left.get(piece.of, (piece, 0))
            if held.number == piece.number and left > 0:
                continue
            portion = min(LARGEST_PORTION, ceil(piece.capacity / (DAY_PORTIONS if piece.seconds == DAY else PORTIONS)))
            granted = self._shared.take(piece, portion)
            self._left[piece.of] = piece, granted
            if not granted:
                self._wait_for_more(piece, moment, now)
                return False
        self.spent, self.spent_until = "", None
        return True

    def _slices(self, moment: datetime) -> list[Slice]:
        """The day first: a second's portion that the day does not cover would be lost to the others."""
        settings, found = self._settings, []
        day = warm_up_day(settings, moment)
        if day is not None:
            found.append(day)
        if settings.rate:
            found.append(slice_of(f"relay {settings.name} a second", settings.rate, moment))
        return found

    def _wait_for_more(self, piece: Slice, moment: datetime, now: float) -> None:
        plan = self._settings.warm_up
        if plan is not None and piece.seconds == DAY:
            self.spent = f"the {piece.capacity:,} messages of today's warm-up are sent; more go from 00:00 UTC"
            if not piece.capacity:
                self.spent = f"its warm-up begins at 00:00 UTC on {plan.begins}"
            self.spent_until = piece.until
            self._next_free = now + 1
        else:
            self._next_free = now + max(0.01, min(1.0, (piece.until - moment).total_seconds()))
