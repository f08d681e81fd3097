"""Segments only take away: whatever their filters say, whom they leave over is whom the filters find among the recipients."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.base.database import Database
from mailer.base.tables import AudienceId
from subscribers import attributes, audience_ids, audiences, joining, people, segments, suppression
from subscribers.audiences import exclusions, recipients
from subscribers.models import Subscriber
from subscribers.narrowing import EVERYBODY, Narrowing

NOW = datetime(2027, 1, 5, 9, tzinfo=UTC)
ATOMS = st.sampled_from(
    [
        "audience = academic",
        "audience != industry",
        "attributes.town = Bath",
        "attributes.town != Bath",
        "attributes.town is empty",
        "attributes.age > 5",
        "attributes.age != 9",
        "attributes.joined >= 2026-01-01",
        "attributes.member != yes",
        "tag = press",
        "name contains a",
        "email ends with @x.org",
        "status = subscribed",
        "created < 30 days ago",
        "consented is empty",
    ]
)
FILTERS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        inner.map(lambda text: f"not ({text})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda parts: f"({' '.join(parts)})"),
    ),
    max_leaves=6,
)
SIDES = st.lists(FILTERS, max_size=3)


@pytest.fixture
def crowd(database: Database) -> Iterator[Session]:
    """People of every kind: live in one, in both, in none; paused, gone, suppressed; with values, without, and odd ones."""
    values: tuple[dict[str, Any], ...] = ({}, {"town": "Bath", "age": 9, "member": True}, {"town": "", "joined": "2026-03-01", "tags": ["press"]},
              {"town": "bath", "age": 12.5, "member": False, "joined": "2025-12-31"})  # fmt: skip
    with database.begin() as session:
        for name, kind in (("town", "text"), ("age", "number"), ("joined", "date"), ("member", "yes-no")):
            attributes.declare(session, name, kind, now=NOW, actor="test")
        for slug in ("academic", "industry"):
            audiences.add_audience(session, slug, slug.title())
        for number in range(32):
            slugs = [slug for bit, slug in enumerate(("academic", "industry")) if number >> bit & 1]
            person = people.add_person(
                session, f"p{number}@{'x.org' if number % 3 else 'y.org'}", name="Ada" if number % 5 else "", source="test",
                audience_slugs=slugs, attributes=values[number // 4 % 4], status="subscribed", consent="w",
                now=NOW - timedelta(days=number * 3), actor="test",
            )  # fmt: skip
            match number % 11:
                case 8:
                    joining.unsubscribe(session, person, audience_slugs=None, now=NOW, source="test")
                case 9:
                    joining.pause(session, person, until=NOW + timedelta(days=9), now=NOW, source="test")
                case 10:
                    suppression.suppress(session, f"p{number}@y.org", reason="bounce", source="test", now=NOW)
    with database.read() as session:
        yield session


def found(session: Session, text: str) -> set[int]:
    """Whom a filter finds among all people, asked alone."""
    where = segments.narrowing(session, only={"s": text}, never={}, now=NOW).only[0]
    return set(session.scalars(select(Subscriber.id).where(where)))


def receiving(
    session: Session,
    ids: tuple[AudienceId, ...],
    narrowing: Narrowing = EVERYBODY,
    among: tuple[int, int] | None = None,
) -> dict[int, int]:
    """The recipients and their masks."""
    rows = session.execute(recipients(ids, now=NOW, among=among, narrowing=narrowing)).all()
    return {row.subscriber_id: row.mask for row in rows}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(only=SIDES, never=SIDES, slugs=st.sampled_from([["academic"], ["academic", "industry"]]))
def test_narrowed_recipients_are_those_recipients_whom_the_filters_find(
    crowd: Session, only: list[str], never: list[str], slugs: list[str]
) -> None:
    ids = audience_ids(crowd, slugs)
    narrowing = segments.narrowing(
        crowd,
        only={f"o{number}": text for number, text in enumerate(only)},
        never={f"n{number}": text for number, text in enumerate(never)},
        now=NOW,
    )
    everybody = receiving(crowd, ids)
    inside = set.union(*(found(crowd, text) for text in only)) if only else set(everybody)
    gone = set().union(*(found(crowd, text) for text in never))
    expected = {person: mask for person, mask in everybody.items() if person in inside and person not in gone}

    assert receiving(crowd, ids, narrowing) == expected
    some = (5, 17)
    assert receiving(crowd, ids, narrowing, among=some) == {
        person: mask for person, mask in expected.items() if some[0] <= person <= some[1]
    }
    away = exclusions(crowd, ids, now=NOW, narrowing=narrowing)
    assert away.pop("outside", 0) == len(everybody.keys() - inside)
    assert away.pop("excluded", 0) == len(everybody.keys() & inside & gone)
    assert away == exclusions(crowd, ids, now=NOW)
    assert everybody


def test_twenty_long_filters_are_not_too_deep(crowd: Session) -> None:
    text = " or ".join(["tag = a"] * 180)
    many = {f"s{number}": text for number in range(10)}
    narrowing = segments.narrowing(crowd, only=many, never={f"n{slug}": text for slug in many}, now=NOW)
    ids = audience_ids(crowd, ["academic"])
    assert receiving(crowd, ids, narrowing) == {}
    assert exclusions(crowd, ids, now=NOW, narrowing=narrowing)["outside"] == len(receiving(crowd, ids))
