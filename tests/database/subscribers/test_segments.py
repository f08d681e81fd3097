"""The filter language of segments: what it finds, and where it says that something is wrong."""

from datetime import UTC, datetime
from typing import Any

import pytest

from mailer.base.database import Database
from mailer.base.errors import NotAllowed, NotFound, WrongInput
from mailer.base.tokens import Keys
from subscribers import audiences, joining, people, segments

NOW = datetime(2027, 1, 5, 9, tzinfo=UTC)
KEYS = Keys(["a key of the tests, long enough"])


@pytest.fixture(autouse=True)
def _people(database: Database) -> None:
    rows: list[tuple[str, str, list[str], dict[str, Any], int]] = [
        ("ada@bath.ac.uk", "Ada Lovelace", ["academic"], {"age": 36, "country": "GB", "tags": ["press", "vip"]}, 2024),
        ("bob@firm.example", "Bob von Neumann", ["industry"], {"age": "9", "country": "de"}, 2025),
        ("cy@x.org", "", ["academic", "industry"], {"Job title": "Dean", "age": "unknown"}, 2026),
        ("dee@x.org", "O'Dee", [], {}, 2026),
    ]
    with database.begin() as session:
        for slug in ("academic", "industry"):
            audiences.add_audience(session, slug, slug.title())
        for email, name, slugs, attributes, year in rows:
            people.add_person(
                session, email, name=name, audience_slugs=slugs, attributes=attributes, status="subscribed", consent="w",
                source="test", keys=KEYS, now=datetime(year, 6, 1, 12, tzinfo=UTC), actor="test",
            )  # fmt: skip
        dee = people.find_person(session, "dee@x.org", now=NOW)
        joining.unsubscribe(session, dee.id, audience_slugs=None, now=NOW, source="test")


def found(database: Database, text: str) -> str:
    with database.read() as session:
        segments.add_segment(session, "s", "S", text, now=NOW, actor="test")
        where = segments.segment_condition(session, "s", now=NOW)
        page = people.list_people(session, where=where, now=NOW).people
        assert segments.count_segment(session, text, now=NOW) == len(page)
        return " ".join(person.email[:3].strip("@") for person in page)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("audience = academic", "ada cy"),
        ("audience = academic and audience = industry", "cy"),
        ("audience = academic and not audience = industry", "ada"),
        ("audience != academic", "bob dee"),
        ("status = unsubscribed", "dee"),
        ("email ends with .ac.uk or status = unsubscribed", "ada dee"),
        ("EMAIL starts BOB", "bob"),
        ('name contains "von "', "bob"),
        ('name contains "o\'"', "dee"),
        ("name is empty", "cy"),
        ("name is not empty and not status = unsubscribed", "ada bob"),
        ("attributes.country in (gb, DE)", "ada bob"),
        ("attributes.country != GB", "bob cy dee"),
        ("not attributes.country = GB", "bob cy dee"),
        ("attributes.age > 10", "ada"),
        ("attributes.age < 10", "bob"),
        ("attributes.age = 9", "bob"),
        ("attributes.age = unknown", "cy"),
        ("not attributes.age > 10", "bob cy dee"),
        ('attributes."Job title" is not empty', "cy"),
        ('attributes."Job title" is empty', "ada bob dee"),
        ("tag = press", "ada"),
        ("tag in (vip, other)", "ada"),
        ("tag != press", "bob cy dee"),
        ("created >= 2026-01-01", "cy dee"),
        ("created = 2025-06-01", "bob"),
        ("created <= 2025-06-01", "ada bob"),
        ("created < 1 year ago", "ada bob"),
        ("consented > 2026-01-01T00:00:00+00:00", "cy dee"),
        ("(audience = industry or tag = press) and (not name is empty)", "ada bob"),
        ('name = "x\' OR 1=1 --"', ""),
        ("name contains %", ""),
    ],
)
def test_a_filter_finds(database: Database, text: str, expected: str) -> None:
    assert found(database, text) == expected


@pytest.mark.parametrize(
    ("text", "column", "why"),
    [
        ("", 1, "the end"),
        ("colour = red", 1, "use one of email, name"),
        ("name = ", 7, "is no value"),
        ("name red", 6, "is no comparison"),
        ("status = happy", 10, "unconfirmed, subscribed"),
        ("created > soon", 11, "2027-01-05"),
        ("(name = a", 10, "a parenthesis is open"),
        ("name = a name = b", 10, "`and` or `or`"),
        ('name = "a', 8, "is a quote open"),
        ("audience > academic", 12, "only be compared by"),
        ("name in a", 9, "takes a list"),
        ("created > 99999999999 days ago", 11, "too long ago"),
        ("(" * 60, 51, "too deep"),
    ],
)
def test_a_fault_is_told_with_its_place(database: Database, text: str, column: int, why: str) -> None:
    with database.read() as session, pytest.raises(WrongInput) as caught:
        segments.add_segment(session, "s", "S", text, now=NOW, actor="test")
    assert caught.value.place == f"filter:{column}"
    assert why in str(caught.value)


def test_segments_are_saved_by_a_slug(database: Database) -> None:
    with database.begin() as session:
        segments.add_segment(session, "deans", "", 'attributes."Job title" = Dean', now=NOW, actor="test")
        assert [(row.slug, row.name) for row in segments.list_segments(session)] == [("deans", "deans")]
        with pytest.raises(NotAllowed):
            segments.add_segment(session, "deans", "", "name is empty", now=NOW, actor="test")
        with pytest.raises(NotFound, match="deans"):
            segments.segment_condition(session, "dons", now=NOW)
        with pytest.raises(WrongInput):
            segments.add_segment(session, "Deans!", "", "name is empty", now=NOW, actor="test")
