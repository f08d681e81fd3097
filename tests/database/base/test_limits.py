"""How often: one count for all processes, which holds for those who ask at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from mailer.base import limits
from mailer.base.database import Database
from mailer.base.limits import Limit, Tried
from mailer.base.tokens import Keys

NOW = datetime(2027, 1, 5, 9, tzinfo=UTC)
KEYS = Keys(["a key of the tests, long enough"])
THREE = Limit("tests", 3, timedelta(minutes=3))


def ask(database: Database, who: str, after: timedelta = timedelta(0), limit: Limit = THREE) -> bool:
    with database.begin() as session:
        return limit.allows(session, who, keys=KEYS, now=NOW + after)


def test_so_many_pass_and_then_one_with_every_share_of_the_time(database: Database) -> None:
    assert [ask(database, "a") for _ in range(5)] == [True, True, True, False, False]
    assert not ask(database, "a", timedelta(seconds=59))
    assert ask(database, "a", timedelta(seconds=60))
    assert not ask(database, "a", timedelta(seconds=61))
    assert [ask(database, "a", timedelta(minutes=30)) for _ in range(4)] == [True, True, True, False]


def test_everyone_and_everything_has_a_count_of_its_own(database: Database) -> None:
    other = Limit("other", 1, timedelta(minutes=1))
    assert [ask(database, "a", limit=other) for _ in range(2)] == [True, False]
    assert ask(database, "b", limit=other)
    assert ask(database, "a")


def test_no_more_pass_when_all_ask_at_once(database: Database) -> None:
    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(lambda _: ask(database, "a"), range(30))) == 3


def test_who_was_counted_stands_nowhere_and_is_forgotten_in_time(database: Database) -> None:
    ask(database, "ada@x.org")
    with database.begin() as session:
        (stored,) = session.scalars(select(Tried.who))
        assert "ada" not in stored
        limits.forget(session, now=NOW + timedelta(seconds=59))
        assert session.scalar(select(Tried.who)) == stored
        limits.forget(session, now=NOW + timedelta(seconds=61))
        assert session.scalar(select(Tried.who)) is None
