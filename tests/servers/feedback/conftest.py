"""Somebody who may leave, and the messages that say so."""

from datetime import UTC, datetime

import pytest

from mailer.base.database import Database
from mailer.base.tables import SubscriberId
from mailer.base.tokens import Keys, Purpose
from subscribers import audiences, people

NOW = datetime(2027, 1, 5, 9, tzinfo=UTC)
KEYS = Keys(["a key of the tests, long enough"])
HELLO = b"From: x@x.org\r\nSubject: hello\r\n\r\nhow are you\r\n"
AWAY = b"From: x@x.org\r\nAuto-Submitted: auto-replied\r\nSubject: Out of office\r\n\r\nI am away.\r\n"


def clock() -> datetime:
    return NOW


def wish(person: SubscriberId) -> bytes:
    """The mail that a mail program writes for whoever leaves by the address in the header."""
    token = KEYS.sign(Purpose.UNSUBSCRIBE, person, 0)
    return f"From: ada@x.org\r\nTo: bounces@news.test\r\nSubject: unsubscribe {token}\r\n\r\n.\r\n".encode()


def status(database: Database, person: SubscriberId) -> str:
    with database.read() as session:
        found = people.person_by_id(session, person, now=NOW)
    assert found is not None
    return found.status


@pytest.fixture
def ada(database: Database) -> SubscriberId:
    with database.begin() as session:
        audiences.add_audience(session, "academic", "Academic")
        return people.add_person(
            session, "ada@x.org", audience_slugs=["academic"], status="subscribed", consent="w", source="t", now=NOW
        )
