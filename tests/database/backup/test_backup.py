"""Backups: from either kind of database, into either, all of it; and nothing leaves by a restore that nobody decided."""

import os
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from mailer.backup import Restored, back_up, back_up_into, faults, keep_newest, opened_copy, restore
from mailer.base.database import Database
from mailer.base.errors import WrongInput
from mailer.base.schema import upgrade_schema
from mailer.base.tables import Base
from mailer.base.tokens import Keys
from mailer.delivery import Relay, progress
from mailer.delivery.outcomes import Outcome, Outgoing
from subscribers import erase, find_person, suppress
from subscribers.suppression import is_suppressed
from tests.support.mailer_process import SECRET
from tests.support.relay import RelayServer
from tests.support.sending import BEGIN, Office, relay_to

CHANGED_BY_RESTORING = ("campaigns", "audit_log")


@pytest.fixture
def office(database: Database, relay_server: RelayServer) -> Iterator[Office]:
    relay = relay_to(relay_server)
    yield Office(database, relay)
    relay.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of either kind without a table, on another machine as it were."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'other.db'}"
    else:
        server = request.getfixturevalue("postgres_server")
        url = server.create(f"other_{os.getpid()}_{id(request)}")
    opened = Database(url)
    yield opened
    opened.close()
    if request.param == "postgresql":
        server.drop(opened.engine.url.database)


def busy(office: Office) -> None:
    """A list with a past: someone who left, one erased, one with everything that is hard to write down, half a campaign sent."""
    office.people(30)
    office.add("zoé@x.test", "academic", "industry", name='Zoé "\\ \t \N{SNOWMAN} %s')
    office.leave("p00003@x.test")
    forget(office, "p00029@x.test")
    with office.database.begin() as session:
        suppress(session, "p00004@x.test", reason="bounce", source="test", now=office.now)
    batches = office.prepare(office.release(), batch=10)
    office.send(batches[0])


def forget(office: Office, address: str) -> None:
    with office.database.begin() as session:
        person = find_person(session, address, now=office.now)
        erase(session, person.id, keys=office.keys, now=office.now, actor="test")


def everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    with database.read() as session:
        return {
            table.name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
            for table in Base.metadata.sorted_tables
        }


def restored(office: Office, path: Path, into: Database) -> Restored:
    return restore(path, into, kept_in=path.parent / "kept", keys=office.keys, now=office.now, actor="test")


def test_what_was_backed_up_is_there_again_in_either_kind_of_database(
    office: Office, other: Database, tmp_path: Path
) -> None:
    busy(office)
    before = everything(office.database)
    back_up(office.database, tmp_path / "b.db")

    restored(office, tmp_path / "b.db", other)

    after = everything(other)
    assert sum(map(len, before.values())) > 100
    for table in before.keys() - CHANGED_BY_RESTORING:
        assert after[table] == before[table], table
    assert faults(other) == []


def test_the_next_person_gets_an_id_that_nobody_had(office: Office, other: Database, tmp_path: Path) -> None:
    office.people(3)
    last = office.person("p00002@x.test")
    forget(office, "p00002@x.test")
    back_up(office.database, tmp_path / "b.db")
    restored(office, tmp_path / "b.db", other)
    office.database = other
    assert office.add("new@x.test") == last + 1


def test_a_backup_is_for_nobody_else_and_stands_alone(office: Office, tmp_path: Path) -> None:
    office.people(3)
    back_up(office.database, tmp_path / "kept" / "b.db")
    (file,) = (tmp_path / "kept").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    connection = sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True)
    assert connection.execute("SELECT count(*) FROM subscribers").fetchone() == (3,)
    connection.close()


def test_a_file_that_is_there_is_not_written_over(office: Office, tmp_path: Path) -> None:
    (tmp_path / "b.db").write_text("mine")
    with pytest.raises(WrongInput, match="exists"):
        back_up(office.database, tmp_path / "b.db")
    assert (tmp_path / "b.db").read_text() == "mine"


def test_a_backup_is_one_moment_while_others_write(office: Office, tmp_path: Path) -> None:
    office.people(50)
    stop, failed = threading.Event(), []

    def write() -> None:
        number = 0
        try:
            while not stop.is_set():
                office.add(f"later{number}@x.test", "academic", "industry")
                number += 1
        except Exception as error:  # noqa: BLE001 - told to the test below
            failed.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            back_up(office.database, tmp_path / f"{number}.db")
    finally:
        stop.set()
        writer.join()

    assert failed == []
    people = []
    for number in range(5):
        with opened_copy(tmp_path / f"{number}.db") as copy:
            assert faults(copy) == []
            with copy.read() as session:
                count = session.scalar(text("SELECT count(*) FROM subscribers")) or 0
                later = session.scalar(text("SELECT count(*) FROM subscriptions WHERE audience_id = 2"))
                assert later == count - 50  # a person and both audiences of theirs, or nothing of it
                people.append(count)
    assert people == sorted(people)


class BackedUpMeanwhile:
    """A relay that sees, after so many answers, that a backup is made."""

    def __init__(self, relay: Relay, after: int, make: Callable[[], None]) -> None:
        self.relay, self.after, self.make = relay, after, make

    def send(self, messages: Iterable[Outgoing]) -> Iterator[tuple[int, Outcome] | None]:
        for answer in self.relay.send(messages):
            yield answer
            if answer is not None:  # None says that there is none yet
                self.after -= 1
                if self.after == 0:
                    self.make()

    def close(self) -> None:
        """It is another's."""


def test_a_campaign_that_was_being_sent_waits_for_a_decision_and_then_reaches_everybody(
    office: Office, relay_server: RelayServer, tmp_path: Path
) -> None:
    people = office.people(30)
    campaign = office.release()
    (batch,) = office.prepare(campaign)
    office.send(batch, relay=BackedUpMeanwhile(office.relay, 10, lambda: back_up(office.database, tmp_path / "b.db")))
    assert sorted(relay_server.recipients) == people
    with opened_copy(tmp_path / "b.db") as copy, copy.read() as session:
        assert progress(session, campaign).accepted < 30

    done = restored(office, tmp_path / "b.db", office.database)

    assert (office.state(campaign).state, office.state(campaign).reason) == ("paused", "restored")
    assert done.held == (office.state(campaign).slug,)
    office.later(hours=1)
    office.work()
    assert len(relay_server.recipients) == 30
    office.decide("resume", campaign)
    office.send_everything(campaign)
    assert office.counts(campaign).accepted == 30
    assert max(Counter(relay_server.recipients).values()) == 2


def test_who_left_since_the_backup_stays_away(office: Office, tmp_path: Path) -> None:
    office.people(10)
    office.add("both@x.test", "academic", "industry")
    office.leave("p00009@x.test")
    back_up(office.database, tmp_path / "b.db")
    office.leave("p00001@x.test")
    forget(office, "p00002@x.test")
    with office.database.begin() as session:
        suppress(session, "p00003@x.test", reason="complaint", source="test", now=office.now)
        suppress(session, "@elsewhere.test", reason="manual", source="test", now=office.now)
    office.add("new@x.test")

    done = restored(office, tmp_path / "b.db", office.database)

    assert done.stay_away == 2
    tomorrow = office.release(send_at=office.now + timedelta(days=1))
    assert office.plan(tomorrow).count == 11 - 4  # without the one of before, and the three since
    with office.database.read() as session:
        assert is_suppressed(session, "p00002@x.test", keys=office.keys)
        assert is_suppressed(session, "anybody@elsewhere.test")
    assert faults(office.database) == []


def test_what_was_there_is_kept(office: Office, other: Database, tmp_path: Path) -> None:
    office.people(5)
    back_up(office.database, tmp_path / "b.db")
    office.add("later@x.test")
    before = everything(office.database)

    done = restored(office, tmp_path / "b.db", office.database)

    assert done.before is not None
    restored(office, done.before, other)
    assert everything(other)["subscribers"] == before["subscribers"]


def test_into_nothing_nothing_is_kept(office: Office, other: Database, tmp_path: Path) -> None:
    office.people(2)
    back_up(office.database, tmp_path / "b.db")
    assert restored(office, tmp_path / "b.db", other) == Restored((), None, None)


@pytest.mark.parametrize("content", [b"", b"text", b"SQLite format 3\x00" + b"\xff" * 5000])
def test_what_is_no_backup_is_refused_and_nothing_is_changed(office: Office, content: bytes, tmp_path: Path) -> None:
    office.people(3)
    before = everything(office.database)
    (tmp_path / "b.db").write_bytes(content)
    with pytest.raises(WrongInput, match=r"b\.db"):
        restored(office, tmp_path / "b.db", office.database)
    assert everything(office.database) == before


def test_a_damaged_backup_is_refused(office: Office, tmp_path: Path) -> None:
    office.people(500)
    back_up(office.database, tmp_path / "b.db")
    content = bytearray((tmp_path / "b.db").read_bytes())
    at = content.index(b"p00250@x.test")
    start = at - at % 4096
    content[start : start + 4096] = bytes(4096)
    (tmp_path / "b.db").write_bytes(content)
    with pytest.raises(WrongInput, match=r"not sound|damaged"):
        restored(office, tmp_path / "b.db", office.database)


def test_an_older_versions_backup_is_brought_up_and_a_newer_ones_is_refused(other: Database, tmp_path: Path) -> None:
    old = Database(f"sqlite:///{tmp_path / 'old.db'}")
    upgrade_schema(old, to="0009_summary")
    back_up(old, tmp_path / "b.db")
    with old.begin() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999_future'"))
    back_up(old, tmp_path / "new.db")
    old.close()
    how: dict[str, Any] = {"kept_in": tmp_path / "kept", "keys": Keys([SECRET]), "now": BEGIN, "actor": "test"}

    restore(tmp_path / "b.db", other, **how)

    assert faults(other) == []
    with pytest.raises(WrongInput, match="newer version"):
        restore(tmp_path / "new.db", other, **how)


def test_only_the_newest_backups_are_kept(office: Office, tmp_path: Path) -> None:
    (tmp_path / "mine.db").write_text("not ours")
    paths = []
    for _ in range(4):
        paths.append(back_up_into(tmp_path, office.database, now=office.now))
        office.later(hours=1)
    assert keep_newest(tmp_path, 2) == tuple(paths[:2])
    assert [path.exists() for path in (*paths, tmp_path / "mine.db")] == [False, False, True, True, True]
