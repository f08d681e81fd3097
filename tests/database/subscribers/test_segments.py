"""The filter language of segments: what it finds, and where it says that something is wrong."""

import re
import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from mailer.base.database import Database
from mailer.base.errors import NotAllowed, NotFound, WrongInput
from mailer.base.tokens import Keys
from subscribers import attributes, audiences, joining, people, segments
from subscribers.models import Subscriber

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
        ("EMAIL starts WITH BOB", "bob"),
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
        ('name contains "von" and name != "and" and name != \'empty\'', "bob"),
        ('language in (is, in, de) or name contains O’Dee or name = "*"', ""),
        ("audience = academic or audience = industry and status = unsubscribed", "ada cy"),
        ("not audience = academic and status = subscribed", "bob"),
        ("name contains %", ""),
    ],
)
def test_a_filter_finds(database: Database, text: str, expected: str) -> None:
    assert found(database, text) == expected


@pytest.mark.parametrize(
    ("text", "column", "why"),
    [
        ("audience = academia", 12, "use one of academic, industry"),
        ("not audience in (academic, industri)", 28, "is no audience"),
        ("created > 9999-12-31", 11, "is no time"),
        ("created > 0001-01-01T00:00+14:00", 11, "is no time"),
        ("created > ² days ago", 11, "is no time"),
        ("created > 2027-02-30", 11, "is no time"),
        ("name = Zoë or name = a\x00b", 23, "no sign of a text"),
        ("name = 'a\udcff'", 10, "no sign of a text"),
        ("name = 'Zoë' or größe = 3", 17, "is no field"),
        ("not " * 60 + "name = a", 201, "too deep"),
        ("", 1, "the end"),
        ("colour = red", 1, "use one of email, name"),
        ("name = ", 7, "is no value"),
        ("name red", 6, "is no comparison"),
        ("status = happy", 10, "unconfirmed, subscribed"),
        ("created > soon", 11, "2027-01-05"),
        ("(name = a", 10, "a parenthesis is open"),
        ("name = a name = b", 10, "`and` or `or`"),
        ('name = "a', 8, "is a quote open"),
        ("audience > academic", 10, "use =, != or in"),
        ("status is empty", 8, "'is' cannot be asked of it"),
        ("created contains 2026", 9, "'contains' cannot be asked of a time"),
        ("email ends .org", 12, "say `ends with`"),
        ("email ends wizh", 12, "say `ends with`"),
        ("email starts wizh .org", 14, "say `starts with`"),
        ("name = and", 8, 'needs quotes: "and"'),
        ("name contains and status = subscribed", 15, 'needs quotes: "and"'),
        ("name != not", 9, 'needs quotes: "not"'),
        ("name in (a, or)", 13, 'needs quotes: "or"'),
        ("name = empty", 8, 'needs quotes: "empty"'),
        ("name = “Ada”", 8, "straight quotes"),
        ("email ends with *.org", 17, "straight quotes"),
        ("name = ada|bob", 8, "straight quotes"),
        ("email ends with .org;", 17, "straight quotes"),
        ("status == subscribed", 8, "'==' is no comparison"),
        ("attributes.age =< 3", 16, "'=<' is no comparison"),
        ("status <> subscribed", 8, "'<>' is no comparison"),
        ("!status = subscribed", 1, "is no field"),
        ("not email contains a and email not contains b", 32, "`not email …`"),
        ("status is not subscribed", 15, "compare by = or !="),
        ("country = GB", 1, "say `attributes.country`"),
        ("not email = bath.ac.uk", 13, "no whole address"),
        ("email != @bath.ac.uk", 10, "no whole address"),
        ("created > '30 days ago'", 11, "without quotes"),
        ("created > 2026-W05", 11, "is no time"),
        ("name in a", 9, "takes a list"),
        ("created > 99999999999 days ago", 11, "too long ago"),
        ("(" * 60, 51, "too deep"),
    ],
)
def test_a_fault_or_a_slip_is_told_with_its_place(database: Database, text: str, column: int, why: str) -> None:
    with database.read() as session, pytest.raises(WrongInput) as caught:
        segments.add_segment(session, "s", "S", text, now=NOW, actor="test")
    assert caught.value.place == f"filter:{column}"
    assert why in str(caught.value)


@pytest.fixture
def odd(database: Database) -> Database:
    """Somebody with values that are nearly numbers, two with words that are true, and names of more than ASCII."""
    rows: list[tuple[str, str, dict[str, Any]]] = [
        ("one@x.net", "Ädä Łoß", {"code": "555-1234", "flag": True}),
        ("two@bücher.example", "", {"code": "2026-01-05", "flag": "true"}),
        ("Straße@x.net", "", {"code": "9" * 400}),
        ("four@x.net", "", {"code": "1.2.3", "flag": False}),
        ("five@x.net", "", {"code": "-12.5"}),
    ]
    with database.begin() as session:
        for kind, attribute in (("number", "years"), ("text", "odd"), ("date", "joined"), ("yes-no", "member")):
            attributes.declare(session, attribute, kind, now=NOW, actor="test")
        for email, name, values in rows:
            people.add_person(
                session, email, name=name, attributes=values, source="test", keys=KEYS, now=NOW, actor="test"
            )
    return database


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("attributes.code > 0", ""),
        ("attributes.code < 0", "fiv"),
        ("attributes.code != 7 and email ends with x.net", "one Str fou fiv"),
        ("attributes.flag = true", "one two"),
        ("attributes.flag = false", "fou"),
        ("email = TWO@BÜCHER.example", "two"),
        ("email ends with bücher.example", "two"),
        ("email ends with @bücher.example", "two"),
        ("email contains STRASSE@x", "Str"),
        ("email in (straße@x.net, five@x.net)", "Str fiv"),
        ("created = 20270105 and attributes.code = -12.5", "fiv"),
        ("created = 2027-01-05 and created > '2027-01-05T10:59:59+02:00' and attributes.code = -12.5", "fiv"),
        ("created > '2027-01-05T11:00:00+02:00'", ""),
        ("name = five or not name is not empty and email starts with fi", "fiv"),
        (f"name in ({','.join(['a'] * 990)})", ""),
        (" or ".join(["zone in(a,b)"] * 110), ""),
        (" or ".join(["zone=a"] * 195), ""),
    ],
)
def test_a_filter_reads_odd_values_alike_on_both_databases(odd: Database, text: str, expected: str) -> None:
    found_now = [name for name in found(odd, text).split() if name not in ("ada", "bob", "cy", "dee")]
    assert " ".join(found_now) == expected


@pytest.mark.parametrize(
    "text", ["name = 'ädä łoß'", "name contains ŁO", "name starts with äd", "not name != 'ÄDÄ ŁOß'"]
)
def test_case_makes_no_difference_beyond_ascii(odd: Database, text: str) -> None:
    """PostgreSQL folds as the locale of its database says, and that of the tests is C."""
    assert found(odd, text) == ("one" if odd.is_sqlite else "")


WORDS = """
and or not ( ( ) ) , = != < <= > >= in is empty contains starts ends with days weeks ago 30 -1 1.5 2026-01-01 true yes
email name zone status audience tag created consented attributes.years attributes.odd attributes.member subscribed
academic ² 99999999999 9999-12-31 0001-01-01T00:00+14:00
"""
PIECES = st.one_of(
    st.sampled_from(WORDS.split()),
    st.text(max_size=6),
    st.text(max_size=6).map(lambda text: f'"{text}"'),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(pieces=st.lists(PIECES, max_size=12))
def test_whatever_is_written_is_counted_or_refused_with_its_place(odd: Database, pieces: list[str]) -> None:
    with odd.read() as session:
        place = ""
        try:
            segments.count_segment(session, " ".join(pieces), now=NOW)
        except WrongInput as error:
            place = error.place
        assert re.fullmatch(r"(filter:\d+)?", place)


KEPT = st.one_of(  # no NUL: whatever brings values in takes it out or refuses it
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
    st.lists(st.integers(), max_size=2),
)
COMPARED = st.tuples(
    st.sampled_from(
        ["attributes.years", "attributes.odd", "attributes.joined", "attributes.member", "created", "name", "email"]
    ),
    st.sampled_from(["=", "!=", "<", "<=", ">", ">="]),
    st.sampled_from(["1", "-12.5", "yes", "2026-01-01", "30 days ago", "a", '"1e5"', "٣", "9" * 300]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(parts=COMPARED, values=st.lists(KEPT, max_size=5))
def test_a_comparison_and_its_contrary_part_everybody(
    odd: Database, parts: tuple[str, str, str], values: list[Any]
) -> None:
    """Whatever values people have, even such as no type allows: each is found by one of the two, and by one only."""
    with odd.read() as session:
        ids = list(session.scalars(select(Subscriber.id)))
        for subscriber_id, value in zip(ids, values, strict=False):
            kept = {"years": value, "odd": value, "joined": value, "member": value}
            session.execute(update(Subscriber).where(Subscriber.id == subscriber_id).values(attributes=kept))
        try:
            counts = [
                segments.count_segment(session, text, now=NOW) for text in (" ".join(parts), f"not {' '.join(parts)}")
            ]
        except WrongInput:
            return
        assert sum(counts) == len(ids)


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
        with pytest.raises(WrongInput, match="'count' cannot name a segment"):  # /api/v1/segments/count is taken
            segments.add_segment(session, "count", "", "name is empty", now=NOW, actor="test")


def test_of_two_who_save_one_slug_at_once_the_second_is_told(database: Database) -> None:
    answers: list[str] = []

    def save() -> None:
        try:
            with database.begin() as session:
                segments.add_segment(session, "deans", "", "name is empty", now=NOW, actor="second")
        except NotAllowed as error:
            answers.append(error.message)

    second = threading.Thread(target=save)
    with database.begin() as session:
        segments.add_segment(session, "deans", "", "name = Dean", now=NOW, actor="first")
        second.start()
        second.join(0.3)
    second.join(30)
    assert answers == ["there is a segment deans already"]
