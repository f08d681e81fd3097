"""Segments of what people did with what they were sent."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from mailer.base.database import Database
from mailer.base.errors import WrongInput
from mailer.base.tokens import Keys
from mailer.feedback import record
from mailer.feedback.engagement import engagement
from subscribers import add_person, list_people, segments
from tests.support.rows import write_campaign

NOW = datetime(2027, 1, 5, 9, tzinfo=UTC)
KEYS = Keys(["a key of the tests, long enough"])


@pytest.fixture
def mailed(database: Database) -> Database:
    """Ada clicked lately, Bob long ago, Cy was only mailed, and Dee never was."""
    ids = {}
    with database.begin() as session:
        for name in ("ada", "bob", "cy", "dee"):
            ids[name] = add_person(session, f"{name}@x.org", source="test", keys=KEYS, now=NOW, actor="test")
        for name, days in (("ada", 3), ("ada", 200), ("bob", 100)):
            at = NOW - timedelta(days=days)
            record(session, "clicked", source_key=f"{name}{days}", now=at, subscriber_id=ids[name])
        write_campaign(session)
        for number, (name, state) in enumerate((("ada", "sent"), ("bob", "sent"), ("cy", "sent"), ("dee", "failed"))):
            session.execute(
                text(
                    "INSERT INTO deliveries (campaign_id, number, subscriber_id, mask, state, updated_at)"
                    " VALUES (1, :number, :who, 1, :state, '2027-01-02 00:00:00.000000')"
                ),
                {"number": number, "who": ids[name], "state": state},
            )
    return database


@pytest.mark.parametrize(
    ("filter_text", "expected"),
    [
        ("clicked > 30 days ago", "ada"),
        ("clicked < 90 days ago", "bob"),
        ("mailed is not empty and clicked is empty", "cy"),
        ("mailed is empty", "dee"),
        ("mailed = 2027-01-02 and not clicked > 30 days ago", "bob cy"),
        ("opened is not empty or complained is not empty", ""),
    ],
)
def test_a_filter_asks_what_people_did(mailed: Database, filter_text: str, expected: str) -> None:
    with mailed.begin() as session:
        segments.add_segment(session, "s", "S", filter_text, now=NOW, actor="test", more=engagement())
        where = segments.segment_condition(session, "s", now=NOW, more=engagement())
        found = [person.email.partition("@")[0] for person in list_people(session, where=where, now=NOW).people]
        assert " ".join(found) == expected
        assert segments.count_segment(session, filter_text, now=NOW, more=engagement()) == len(found)


def test_a_moment_that_is_none_is_refused_with_its_place(database: Database) -> None:
    with database.read() as session, pytest.raises(WrongInput, match=r"30 days ago") as caught:
        segments.count_segment(session, "clicked > often", now=NOW, more=engagement())
    assert caught.value.place == "filter:11"
