"""Declared attributes: types on the way in, names that filters know, and what was there before they were declared."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text, update

from mailer.base import schema
from mailer.base.database import Database
from mailer.base.errors import NotAllowed, NotFound, WrongInput
from mailer.base.tokens import Keys
from subscribers import attributes, editing, importing, people, segments
from subscribers.attributes import AttributeRow
from subscribers.models import Subscriber

NOW = datetime(2027, 1, 5, 9, tzinfo=UTC)
KEYS = Keys(["a key of the tests, long enough"])


def declare(database: Database, **kinds: str) -> None:
    with database.begin() as session:
        for name, kind in kinds.items():
            attributes.declare(session, name, kind, now=NOW, actor="test")


def declared(database: Database) -> dict[str, str]:
    with database.read() as session:
        return dict(attributes.kinds(session))


def add(database: Database, address: str, **values: Any) -> dict[str, Any]:
    with database.begin() as session:
        people.add_person(session, address, attributes=values, source="test", now=NOW)
        return dict(people.find_person(session, address, now=NOW).attributes)


def values(database: Database, address: str) -> dict[str, Any]:
    with database.read() as session:
        return dict(people.find_person(session, address, now=NOW).attributes)


def take(database: Database, path: Path, content: str, **options: Any) -> importing.Report:
    path.write_text(content, encoding="utf-8")
    return importing.import_file(database, path, keys=KEYS, now=NOW, actor="test", **options)


def found(database: Database, filter_text: str) -> int:
    with database.read() as session:
        return segments.count_segment(session, filter_text, now=NOW)


def test_an_attribute_is_declared_declared_anew_and_retired(database: Database) -> None:
    with database.begin() as session:
        attributes.declare(session, "joined", label="Member since", now=NOW, actor="test")
        attributes.declare(session, "joined", "date", now=NOW, actor="test")
        assert attributes.list_attributes(session) == (AttributeRow("joined", "date", "Member since"),)
        for name, kind in (("2nd", "text"), ("a b", "text"), ("tags", "text"), ("town", "place")):
            with pytest.raises(WrongInput):
                attributes.declare(session, name, kind, now=NOW, actor="test")
        attributes.retire(session, "joined", now=NOW, actor="test")
        with pytest.raises(NotFound, match="none is declared yet"):
            attributes.retire(session, "joined", now=NOW, actor="test")


def test_a_value_is_kept_as_its_type_and_a_new_name_is_declared_as_text(database: Database) -> None:
    declare(database, age="number", joined="date", paid="yes-no")
    kept = add(database, "ada@x.org", age="36", joined="2026-03-01T10:00", paid="Yes", town="Bath", year=1843)
    assert kept == {"age": 36, "joined": "2026-03-01", "paid": True, "town": "Bath", "year": 1843}
    assert declared(database) == {"age": "number", "joined": "date", "paid": "yes-no", "town": "text", "year": "text"}


@pytest.mark.parametrize(
    ("name", "value"),
    [("age", "old"), ("age", True), ("joined", "soon"), ("joined", 3), ("paid", "perhaps"), ("paid", [])],
)
def test_a_value_of_another_type_is_refused_wherever_it_comes_in(database: Database, name: str, value: Any) -> None:
    declare(database, age="number", joined="date", paid="yes-no")
    with pytest.raises(WrongInput, match=f"attribute {name} is declared as"):
        add(database, "ada@x.org", **{name: value})
    add(database, "bob@x.org", town="Bath")
    with database.begin() as session:
        person = people.find_person(session, "bob@x.org", now=NOW)
    with database.begin() as session, pytest.raises(WrongInput, match=f"attributes.{name}"):
        editing.edit_person(session, person.id, attributes={name: value}, now=NOW, actor="test")


def test_an_import_declares_what_is_new_and_refuses_rows_whose_values_do_not_fit(
    database: Database, tmp_path: Path
) -> None:
    declare(database, age="number", joined="date")
    content = "email,age,joined,Job title\nada@x.org,36,2026-03-01,Dean\nbob@x.org,old,,\ncy@x.org,,,\n"
    looked = take(database, tmp_path / "p.csv", content, dry_run=True)
    assert looked.declared == ("Job title",)
    assert "Job title" not in declared(database)

    report = take(database, tmp_path / "p.csv", content)
    assert (report.created, report.declared) == (2, ("Job title",))
    assert report.rejected_rows == ((3, "has the number age 'old', which is no number; write 12 or 12.5"),)
    assert declared(database) == {"Job title": "text", "age": "number", "joined": "date"}
    assert found(database, 'attributes.age = 36 and attributes."Job title" = dean') == 1
    assert take(database, tmp_path / "p.csv", content).declared == ()


def test_json_lines_are_read_into_types_too(database: Database, tmp_path: Path) -> None:
    declare(database, age="number", paid="yes-no")
    rows = [
        {"email": "ada@x.org", "attributes": {"age": "36", "paid": "no", "town": "Bath", "tags": ["press"]}},
        {"email": "bob@x.org", "attributes": {"age": "old"}},
    ]
    report = take(database, tmp_path / "p.jsonl", "\n".join(map(json.dumps, rows)))
    assert (report.created, report.rejected, report.declared) == (1, 1, ("town",))
    assert found(database, "attributes.age < 40 and attributes.paid = no and tag = press") == 1


@pytest.mark.parametrize(
    ("filter_text", "count"),
    [
        ("attributes.age > 9", 2),  # as text, 36 would come before 9
        ("attributes.age != 36", 2),  # who has none is not 36 either
        ("attributes.age is empty", 1),
        ("attributes.joined >= 2026-03-01", 1),
        ("attributes.joined < 400 days ago", 1),
        ("attributes.paid = yes", 1),
        ("attributes.paid != yes", 2),
        ("attributes.paid is empty", 1),
    ],
)
def test_a_filter_compares_by_the_declared_type(database: Database, filter_text: str, count: int) -> None:
    declare(database, age="number", joined="date", paid="yes-no")
    add(database, "old@x.org")
    with database.begin() as session:  # from before types were kept
        session.execute(update(Subscriber).values(attributes={"joined": "unknown"}))
    add(database, "ada@x.org", age=36, joined="2026-03-01", paid=True)
    add(database, "bob@x.org", age=100.5, joined="2025-03-01", paid=False)
    assert found(database, filter_text) == count


def test_values_take_on_the_new_type(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attributes, "CHUNK", 2)
    for number, age in enumerate(("36", 40, " 7.5 ", "0")):
        add(database, f"p{number}@x.org", age=age, town="Bath", **{"Job title": age})
    add(database, "none@x.org", town="Bath")

    with database.begin() as session:
        assert attributes.declare(session, "age", "number", now=NOW, actor="test") == attributes.Change(converted=3)
        assert attributes.declare(session, "age", "number", now=NOW, actor="test") == attributes.Change()
    assert [values(database, f"p{number}@x.org").get("age") for number in range(4)] == [36, 40, 7.5, 0]
    assert values(database, "p0@x.org") == {"age": 36, "town": "Bath", "Job title": "36"}
    assert found(database, "attributes.age > 7") == 3

    with database.begin() as session:
        assert attributes.declare(session, "age", "text", now=NOW, actor="test") == attributes.Change()
    assert declared(database)["age"] == "text"


def test_values_that_do_not_fit_are_counted_and_nothing_is_changed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attributes, "CHUNK", 2)
    for number, day in enumerate(("2026-03-01T10:00", "soon", "2026-04-01", "later", "2026-05-01 08:00")):
        add(database, f"p{number}@x.org", joined=day)

    with (
        pytest.raises(NotAllowed, match="2 values of joined cannot be read as date, such as 'soon'"),
        database.begin() as session,
    ):
        attributes.declare(session, "joined", "date", now=NOW, actor="test")
    assert declared(database) == {"joined": "text"}
    assert values(database, "p0@x.org") == {"joined": "2026-03-01T10:00"}

    with database.begin() as session:
        change = attributes.declare(session, "joined", "date", unfit="remove", now=NOW, actor="test")
    assert change == attributes.Change(converted=2, removed=2)
    assert [values(database, f"p{number}@x.org") for number in range(3)] == [
        {"joined": "2026-03-01"}, {}, {"joined": "2026-04-01"}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("filter_text", "place", "why"),
    [
        ("status = subscribed and attributes.city = Bath", "filter:25", "use one of age, paid, town"),
        ("attributes.age > old", "filter:18", "is no number"),
        ("attributes.age contains 3", "filter:16", "cannot be asked of a number"),
        ("attributes.paid > yes", "filter:17", "use =, != or in"),
    ],
)
def test_a_name_that_is_not_declared_is_told_with_its_place(
    database: Database, filter_text: str, place: str, why: str
) -> None:
    declare(database, age="number", paid="yes-no", town="text")
    with pytest.raises(WrongInput, match=why) as caught:
        found(database, filter_text)
    assert caught.value.place == place


def test_what_people_had_before_is_declared_as_text(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    schema.upgrade_schema(database, to="0006_message_key")
    with database.begin() as session:
        for number, values in enumerate(({"town": "Bath", "tags": ["a"]}, {"Job title": "Dean", "town": "Ulm"}, {})):
            session.execute(
                text(
                    "INSERT INTO subscribers (public_id, address, address_key, name, language, zone, attributes, status,"
                    " created_at, updated_at)"
                    " VALUES (:key, :key, :key, '', '', '', :values, 'subscribed', :now, :now)"
                ),
                {"key": f"{number}@x.org", "values": json.dumps(values), "now": "2027-01-05 09:00:00"},
            )
    schema.upgrade_schema(database)
    assert declared(database) == {"Job title": "text", "town": "text"}
    database.close()
