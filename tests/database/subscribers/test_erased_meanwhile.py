"""Somebody is forgotten at the moment in which they come in by another way: they stay forgotten (PostgreSQL).

Whoever adds an address that is being erased waits for the end of that, and had looked at the suppression list before.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailer.base.database import Database
from mailer.base.errors import NotAllowed
from mailer.base.tokens import Keys
from subscribers import audiences, erasure, importing, joining, moving, people
from tests.support.erasing import wait_for_lock

NOW = datetime(2027, 1, 5, 9, tzinfo=UTC)
KEYS = Keys(["a key of the tests, long enough"])
ADA = "ada@x.org"


@pytest.fixture
def database(postgresql_url: str) -> Iterator[Database]:
    """With Ada, and one audience."""
    opened = Database(postgresql_url)
    with opened.begin() as session:
        audiences.add_audience(session, "academic", "Academic")
        people.add_person(session, ADA, source="test", keys=KEYS, now=NOW)
    yield opened
    opened.close()


def _while_she_is_forgotten(database: Database, deed: Callable[[], object]) -> object:
    """What a deed gives or raises that begins while her erasure is not yet written down."""
    with ThreadPoolExecutor() as threads:
        with database.begin() as session:
            erasure.erase(session, people.find_person(session, ADA, now=NOW).id, keys=KEYS, now=NOW, actor="cli")
            doing = threads.submit(deed)
            wait_for_lock(database)
        return doing.exception(timeout=30) or doing.result()


def _everyone(database: Database) -> list[str]:
    with database.read() as session:
        return [person.email for person in people.list_people(session, now=NOW).people]


def test_a_sign_up_brings_nobody_back(database: Database) -> None:
    def sign_up() -> object:
        with database.begin() as session:
            return joining.subscribe(
                session, ADA, audience_slugs=["academic"], wording="v1", source="page", keys=KEYS, now=NOW
            )

    assert _while_she_is_forgotten(database, sign_up) == joining.NothingToSend()
    assert _everyone(database) == []


def test_nobody_is_added_by_hand(database: Database) -> None:
    def add() -> object:
        with database.begin() as session:
            return people.add_person(session, ADA, source="test", keys=KEYS, now=NOW)

    refused = _while_she_is_forgotten(database, add)

    assert isinstance(refused, NotAllowed)
    assert "is suppressed" in str(refused)
    assert _everyone(database) == []


def test_a_file_brings_nobody_back(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "CHUNK", 1)  # the second chunk is written without a look at who is known
    path = tmp_path / "people.csv"
    path.write_text(f"email\naaa@x.org\n{ADA}\n", encoding="utf-8")

    def bring_in() -> object:
        return importing.import_file(
            database, path, keys=KEYS, audience_slugs=["academic"], consent="v1", status="subscribed", now=NOW, actor="cli"
        )  # fmt: skip

    report = _while_she_is_forgotten(database, bring_in)

    assert isinstance(report, importing.Report)
    assert (report.created, report.suppressed) == (1, 1)
    assert _everyone(database) == ["aaa@x.org"]


def test_nobody_moves_to_an_address_that_was_forgotten_since(database: Database) -> None:
    with database.begin() as session:
        ada = people.find_person(session, ADA, now=NOW).id
        asked = moving.ask_to_move(session, ada, "new@x.org", keys=KEYS, now=NOW)
        new = people.add_person(session, "new@x.org", source="test", keys=KEYS, now=NOW)
        erasure.erase(session, new, keys=KEYS, now=NOW, actor="cli")
    assert asked is not None

    with database.begin() as session, pytest.raises(NotAllowed, match="must not be mailed"):
        moving.move(session, ada, asked.change_id, keys=KEYS, now=NOW, source="page")
    assert _everyone(database) == [ADA]
