"""The bounce mailbox as a Maildir, and when it is read: what lies new in it is acted upon once, whoever reads."""

import threading
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from mailer.base.bounce_url import BounceBox
from mailer.base.database import Database
from mailer.base.errors import WrongInput
from mailer.base.tables import SubscriberId
from mailer.base.tokens import Keys, Purpose
from mailer.feedback.boxes.box import Box
from mailer.feedback.collecting import collect, open_box
from mailer.feedback.polling import LEASE, last_reading, poll, poll_if_due
from subscribers import audiences, people

NOW = datetime(2027, 1, 5, 9, tzinfo=UTC)
EVERY = timedelta(minutes=5)
KEYS = Keys(["a key of the tests, long enough"])
BOX = BounceBox("maildir", folder="bounces")
HELLO = "From: x@x.org\nSubject: hello\n\nhow are you\n"
AWAY = "From: x@x.org\nAuto-Submitted: auto-replied\nSubject: Out of office\n\nI am away.\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name in ("new", "cur", "tmp"):
        (tmp_path / "bounces" / name).mkdir(parents=True)
    return tmp_path


def ada(database: Database) -> SubscriberId:
    with database.begin() as session:
        audiences.add_audience(session, "academic", "Academic")
        return people.add_person(
            session, "ada@x.org", audience_slugs=["academic"], status="subscribed", consent="w", source="t", now=NOW
        )


def state(database: Database, person: SubscriberId) -> str:
    with database.read() as session:
        found = people.person_by_id(session, person, now=NOW)
    assert found is not None
    return found.status


def read(database: Database, home: Path, *, now: datetime = NOW) -> Counter[str]:
    return poll(database, BOX, home=home, keys=KEYS, clock=lambda: now)


def tick(database: Database, home: Path, *, now: datetime, stopping: bool = False) -> None:
    poll_if_due(database, BOX, home=home, every=EVERY, keys=KEYS, clock=lambda: now, stopping=lambda: stopping)


def wish(person: SubscriberId) -> str:
    token = KEYS.sign(Purpose.UNSUBSCRIBE, person, 0)
    return f"From: ada@x.org\nTo: bounces@news.test\nSubject: unsubscribe {token}\n\n"


def put(home: Path, *messages: str) -> None:
    for number, message in enumerate(messages):
        (home / "bounces" / "new" / f"{number}.a.host").write_text(message, encoding="utf-8")


def waiting(home: Path) -> int:
    return len(list((home / "bounces" / "new").iterdir()))


def test_a_mail_to_the_address_in_the_header_leaves(database: Database, home: Path) -> None:
    person = ada(database)
    put(home, wish(person), HELLO)

    assert read(database, home) == {"unsubscribe": 1, "none": 1}
    assert state(database, person) == "unsubscribed"
    assert waiting(home) == 0
    assert {path.name for path in (home / "bounces" / "cur").iterdir()} == {"0.a.host:2,S", "1.a.host:2,"}
    assert read(database, home) == {}


def test_a_folder_that_is_no_maildir_is_told(database: Database, tmp_path: Path) -> None:
    with pytest.raises(WrongInput, match="no Maildir") as caught:
        read(database, tmp_path)
    assert caught.value.place == "MAILER_BOUNCE_URL"


def test_two_who_read_a_maildir_at_once_do_no_harm(database: Database, home: Path) -> None:
    person = ada(database)
    put(home, wish(person), *[AWAY] * 60)
    barrier = threading.Barrier(3)
    counts: list[Counter[str]] = []

    def work() -> None:
        barrier.wait()
        counts.append(read(database, home))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(counts) == 3
    assert waiting(home) == 0
    assert len(list((home / "bounces" / "cur").iterdir())) == 61
    assert state(database, person) == "unsubscribed"


def test_a_message_over_which_we_fail_is_left_and_the_others_have_their_turn(database: Database, home: Path) -> None:
    person = ada(database)
    put(home, HELLO, wish(person), AWAY)
    with database.begin() as session:  # the table is away: who leaves cannot be written down
        session.execute(text("ALTER TABLE consents RENAME TO consents_away"))

    with structlog.testing.capture_logs() as logs:
        assert read(database, home) == {"none": 1, "broken": 1, "autoreply": 1}
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["message_not_understood"]
    assert waiting(home) == 1

    with database.begin() as session:
        session.execute(text("ALTER TABLE consents_away RENAME TO consents"))
    assert read(database, home) == {"unsubscribe": 1}


def test_it_is_read_when_its_time_has_come_and_not_before(database: Database, home: Path) -> None:
    for minutes, left in ((0, 0), (4, 1), (5, 0), (9, 1), (10, 0)):
        put(home, AWAY)
        tick(database, home, now=NOW + timedelta(minutes=minutes))
        assert waiting(home) == left, minutes


def test_while_one_reads_no_other_does_until_he_is_given_up(database: Database, home: Path) -> None:
    put(home, AWAY)
    tick(database, home, now=NOW, stopping=True)  # told to stop before the first message
    assert waiting(home) == 1
    tick(database, home, now=NOW)  # what he left is read at once
    assert waiting(home) == 0

    put(home, AWAY)
    with database.begin() as session:  # one who was killed over it
        until = {"until": (NOW + LEASE).isoformat(sep=" ")}
        session.execute(text("UPDATE bounce_mailboxes SET not_before = :until"), until)
    tick(database, home, now=NOW + LEASE - timedelta(seconds=1))
    assert waiting(home) == 1
    tick(database, home, now=NOW + LEASE + timedelta(seconds=1))
    assert waiting(home) == 0


def test_of_many_workers_one_reads(database: Database, home: Path) -> None:
    put(home, *[AWAY] * 10)
    barrier = threading.Barrier(4)
    with structlog.testing.capture_logs() as logs:

        def work() -> None:
            barrier.wait()
            tick(database, home, now=NOW)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert [entry["messages"] for entry in logs if entry["event"] == "bounce_mailbox_read"] == [10]


def test_what_goes_wrong_is_noted_until_it_goes_well(database: Database, home: Path) -> None:
    new = home / "bounces" / "new"
    new.rmdir()
    tick(database, home, now=NOW)
    tick(database, home, now=NOW + EVERY)
    with database.read() as session:
        failed = last_reading(session, BOX)
    assert failed is not None
    assert (failed.read_at, failed.failing_since) == (None, NOW)
    assert "no Maildir" in failed.error

    new.mkdir()
    tick(database, home, now=NOW + 2 * EVERY)
    with database.read() as session:
        healed = last_reading(session, BOX)
    assert healed is not None
    assert (healed.read_at, healed.error, healed.failing_since) == (NOW + 2 * EVERY, "", None)


class Killed(BaseException):
    """What happens between two lines."""


def test_who_is_killed_before_the_mark_lets_it_be_read_again_which_changes_nothing(
    database: Database, home: Path
) -> None:
    person = ada(database)
    put(home, wish(person), AWAY)
    with open_box(BOX, home=home) as box, pytest.raises(Killed):
        collect(database, Unmarked(box), key=BOX.key, keys=KEYS, clock=lambda: NOW)
    with database.read() as session:
        before = consents(session)
    assert state(database, person) == "unsubscribed"
    assert waiting(home) == 2

    assert read(database, home) == {"unsubscribe": 1, "autoreply": 1}
    with database.read() as session:
        assert consents(session) == before
    assert waiting(home) == 0


class Unmarked:
    """A mailbox whose reader is killed before anything is marked."""

    keeps_marks = True

    def __init__(self, box: Box) -> None:
        self.waiting, self.read = box.waiting, box.read

    def mark(self, done: Sequence[str], for_people: Sequence[str]) -> None:
        raise Killed


def consents(session: Session) -> list[tuple[object, ...]]:
    return [tuple(row) for row in session.execute(text("SELECT * FROM consents ORDER BY id"))]
