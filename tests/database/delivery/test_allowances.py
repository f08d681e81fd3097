"""A limit that workers share: never more than it says, whoever asks, and nothing left behind."""

import threading
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from mailer.base.database import Database
from mailer.delivery.pacing.allowances import Slice, forget_old, slice_of, take

NOON = datetime(2027, 1, 4, 12, 0, tzinfo=UTC)


def test_what_is_taken_at_once_by_many_is_never_more_than_there_is(database: Database) -> None:
    piece = Slice("relay x a second", 7, 1, 100)
    barrier, got = threading.Barrier(6), []

    def worker() -> None:
        barrier.wait(timeout=10)
        for _ in range(5):
            with database.begin() as session:
                got.append(take(session, piece, 7))

    threads = [threading.Thread(target=worker) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert sum(got) == 100
    assert len(got) == 30


def test_seconds_of_a_rate_add_up_to_it() -> None:
    for rate, seconds, expected in ((2.5, 10, 25), (0.1, 100, 10), (30, 3, 90), (1 / 3, 9, 3)):
        found = [slice_of("x", rate, NOON + timedelta(seconds=second)) for second in range(seconds)]
        pieces = {piece.number: piece for piece in found}
        assert abs(sum(piece.capacity for piece in pieces.values()) - expected) <= 1
        assert all(piece.until > NOON for piece in pieces.values())
        assert all(piece.capacity for piece in pieces.values()), "nobody could send in such a slice"


def test_slices_that_are_over_are_thrown_away(database: Database) -> None:
    old = slice_of("relay x", 10, NOON)
    with database.begin() as session:
        take(session, old, 3)
        take(session, slice_of("relay x", 10, NOON + timedelta(minutes=5)), 3)
        forget_old(session, now=NOON + timedelta(minutes=5))

    with database.read() as session:
        assert session.execute(text("SELECT count(*) FROM allowances")).scalar_one() == 1
