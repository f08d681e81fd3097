"""Sign-ups: the same work for every address before the answer, and nothing of it lost or done twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from mailer.base.database import Database
from mailer.base.errors import NotFound, WrongInput
from mailer.base.hints import HINTS
from mailer.base.tokens import Keys
from subscribers import audiences, joining, people, sign_ups, suppression
from subscribers.joining import NothingToSend, ToConfirm

NOW = datetime(2027, 1, 5, 9, tzinfo=UTC)
KEYS = Keys(["a key of the tests, long enough"])


@pytest.fixture
def book(database: Database) -> Database:
    with database.begin() as session:
        audiences.add_audience(session, "academic", "Academic")
        audiences.add_audience(session, "industry", "Industry")
        audiences.add_audience(session, "board", "Board", is_public=False)
        for address in ("live@x.org", "gone@x.org", "never@x.org"):
            people.add_person(
                session, address, audience_slugs=["academic"], status="subscribed", consent="w", source="t", now=NOW
            )
        gone = people.find_person(session, "gone@x.org", now=NOW)
        joining.unsubscribe(session, gone.id, audience_slugs=None, now=NOW, source="t")
        suppression.suppress(session, "never@x.org", reason="manual", source="t", now=NOW)
    return database


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The SQL that the block runs, without its values."""
    said: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    event.listen(database.engine, "before_cursor_execute", hear)
    yield said
    event.remove(database.engine, "before_cursor_execute", hear)


def write_down(database: Database, address: str, *slugs: str) -> int:
    with database.begin() as session:
        sign_ups.write_down(
            session, address, name="N", language="en", audience_slugs=slugs or ("academic",), wording="w", source="t", now=NOW
        )  # fmt: skip
        ((job, number),) = session.info[HINTS]
    assert job == sign_ups.JOB
    return int(number)


def carry_out(database: Database, number: int) -> joining.SignUp:
    with database.begin() as session:
        return sign_ups.carry_out(session, number, keys=KEYS, now=NOW)


def test_what_is_done_before_the_answer_is_the_same_for_every_address(book: Database) -> None:
    heard = []
    for address in ("stranger@x.org", "live@x.org", "gone@x.org", "never@x.org"):
        with statements(book) as said:
            write_down(book, address)
        heard.append(said)
    assert len(heard[0]) > 1
    assert heard[1:] == [heard[0]] * 3


def test_a_stranger_is_asked_once_for_all_audiences(book: Database) -> None:
    asked = carry_out(book, write_down(book, "Stranger@x.org", "academic", "industry"))
    assert isinstance(asked, ToConfirm)
    assert asked.address == "Stranger@x.org"
    assert asked.audiences == ("academic", "industry")


@pytest.mark.parametrize("address", ["LIVE@x.org", "never@x.org"])
def test_who_has_it_or_must_not_be_mailed_hears_nothing(book: Database, address: str) -> None:
    assert carry_out(book, write_down(book, address)) == NothingToSend()
    with book.read() as session:
        expected = "subscribed" if "LIVE" in address else "suppressed"
        assert people.find_person(session, address, now=NOW).status == expected


def test_a_sign_up_is_carried_out_once_and_leaves_nothing_behind(book: Database) -> None:
    number = write_down(book, "stranger@x.org")
    assert isinstance(carry_out(book, number), ToConfirm)
    assert carry_out(book, number) == NothingToSend()
    with book.begin() as session:
        sign_ups.sweep(session, now=NOW + timedelta(hours=1))
        assert HINTS not in session.info


def test_a_sign_up_whose_hint_was_lost_is_found_again(book: Database) -> None:
    number = write_down(book, "stranger@x.org")
    with book.begin() as session:
        sign_ups.sweep(session, now=NOW + timedelta(seconds=1))
        assert HINTS not in session.info
        sign_ups.sweep(session, now=NOW + timedelta(seconds=3))
        assert session.info[HINTS] == [(sign_ups.JOB, number)]


def test_an_audience_that_was_withdrawn_meanwhile_is_not_joined(book: Database) -> None:
    number = write_down(book, "stranger@x.org", "industry")
    with book.begin() as session:
        audiences.archive_audience(session, "industry", now=NOW, actor="t")
    assert carry_out(book, number) == NothingToSend()
    with book.read() as session, pytest.raises(NotFound):
        people.find_person(session, "stranger@x.org", now=NOW)


def test_what_cannot_be_asked_for_is_not_written_down(book: Database) -> None:
    for address, slug, wrong in (("nonsense", "academic", WrongInput), ("a@x.org", "board", NotFound)):
        with pytest.raises(wrong):
            write_down(book, address, slug)
