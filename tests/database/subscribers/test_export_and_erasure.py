"""What goes out comes back in unchanged; who is forgotten is nowhere any more but in a keyed hash."""

import csv
import io
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from mailer.base.audit import entries, note
from mailer.base.database import Database
from mailer.base.errors import NotAllowed, NotFound
from mailer.base.tables import Base, SubscriberId
from mailer.base.tokens import Keys
from subscribers import audiences, editing, erasure, export, importing, joining, people, segments, suppression
from tests.support.erasing import wait_for_lock

NOW = datetime(2027, 1, 5, 9, tzinfo=UTC)
KEYS = Keys(["a key of the tests, long enough"])
NAMES = ["=HYPERLINK(1)", "+1+cmd|' /C calc'!A0", "'=already guarded", "-", "Zoë O'Neil", '"Q", C', "@x", "''+y", ""]


def _people(session: Session) -> None:
    for slug in ("academic", "industry"):
        audiences.add_audience(session, slug, slug.title())
    for number, name in enumerate(NAMES):
        people.add_person(
            session, f"p{number}@x.org", name=name, language="de", audience_slugs=["academic", "industry"],
            attributes={"tags": ["a", "b"], "n": number, "note": name}, status="subscribed", consent="w",
            source="test", keys=KEYS, now=NOW, actor="test",
        )  # fmt: skip
    ids = [person.id for person in people.list_people(session, now=NOW).people]
    joining.unsubscribe(session, ids[1], audience_slugs=None, now=NOW, source="page")
    joining.unsubscribe(session, ids[2], audience_slugs=["academic"], now=NOW, source="page")
    joining.pause(session, ids[3], until=NOW + timedelta(days=90), now=NOW, source="page")
    suppression.suppress(session, "p4@x.org", reason="bounce", source="test", now=NOW)
    people.add_person(session, "u@x.org", audience_slugs=["industry"], source="test", keys=KEYS, now=NOW, actor="test")


def _shown(database: Database) -> list[dict[str, Any]]:
    kept = (
        "email", "name", "status", "language", "zone", "attributes", "paused_until", "consented_at", "created_at", "audiences",
    )  # fmt: skip
    return [
        {key: value for key, value in person.as_dict().items() if key in kept}
        for person in export.export_people(database, now=NOW)
    ]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_what_is_exported_comes_back_exactly(database: Database, tmp_path: Path, form: str) -> None:
    path = tmp_path / f"people.{form}"
    write = export.write_csv if form == "csv" else export.write_json_lines
    with database.begin() as session:
        _people(session)
    before = _shown(database)
    with path.open("w", encoding="utf-8", newline="") as file:
        assert write(export.export_people(database, now=NOW), file) == len(NAMES) + 1
    with database.begin() as session:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name in ("subscribers", "suppressions"):
                session.execute(table.delete())
    options: dict[str, Any] = {"consent": "w", "status": "subscribed", "keys": KEYS, "actor": "test"}
    options["now"] = NOW + timedelta(days=1)
    report = importing.import_file(database, path, **options)
    assert (report.rejected, report.shape) == (0, "mailer")
    assert _shown(database) == before
    again = importing.import_file(database, path, **options)
    assert (again.created, again.updated) == (0, 0)
    assert _shown(database) == before


def test_no_cell_of_an_export_is_a_formula(database: Database) -> None:
    with database.begin() as session:
        _people(session)
    out = io.StringIO(newline="")
    export.write_csv(export.export_people(database, now=NOW), out)
    rows = list(csv.reader(io.StringIO(out.getvalue(), newline="")))
    assert len(rows) > len(NAMES)
    assert [cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r")] == []


def test_an_export_can_be_of_one_audience_or_status(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "PAGE", 2)
    with database.begin() as session:
        _people(session)
    assert len(list(export.export_people(database, audience="industry", now=NOW))) == len(NAMES) + 1
    assert [p.email for p in export.export_people(database, status="paused", now=NOW)] == ["p3@x.org"]
    with pytest.raises(NotFound):
        list(export.export_people(database, audience="nowhere", now=NOW))


def _everything(session: Session) -> str:
    rows = [[list(row) for row in session.execute(select(table))] for table in Base.metadata.sorted_tables]
    return json.dumps(rows, default=str)


def test_who_is_forgotten_is_nowhere_any_more_and_never_comes_back_by_import(
    database: Database, tmp_path: Path
) -> None:
    with database.begin() as session:
        _people(session)
        suppression.suppress(session, "p0@x.org", reason="complaint", source="test", now=NOW)
        ada = people.find_person(session, "P0@x.org", now=NOW)
        note(session, actor="sweep", deed="bounced", subject=f"subscriber {ada.id}", now=NOW, detail="550 <P0@X.org>?")
    with database.begin() as session:
        erasure.erase(session, ada.id, keys=KEYS, now=NOW, actor="cli")
    with database.begin() as session:
        assert "p0@x.org" not in _everything(session).lower()
        assert people.person_by_id(session, ada.id, now=NOW) is None
        assert suppression.is_suppressed(session, "p0@x.org", keys=KEYS)
        assert entries(session, subject=f"subscriber {ada.id}")[0].deed == "person_erased"
        with pytest.raises(NotFound):
            erasure.erase(session, ada.id, keys=KEYS, now=NOW, actor="cli")
        with pytest.raises(NotAllowed, match="suppressed"):
            people.add_person(session, "p0@x.org", source="test", keys=KEYS, now=NOW, actor="test")
    path = tmp_path / "p.csv"
    path.write_text("email\nP0@x.org\nnew@x.org\n", encoding="utf-8")
    report = importing.import_file(
        database, path, keys=Keys(["a newer key, long enough too", "a key of the tests, long enough"]),
        audience_slugs=["academic"], consent="w", status="subscribed", now=NOW, actor="test",
    )  # fmt: skip
    assert (report.created, report.suppressed) == (1, 1)
    with database.read() as session:
        assert "p0@x.org" not in _everything(session).lower()


def test_who_is_forgotten_cannot_be_read_in_the_files_of_sqlite(sqlite_url: str) -> None:
    """Neither in freed pages, nor where a row once stood that was moved, nor in the log."""
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    database = Database(sqlite_url)
    ids = []
    for number in range(400):
        with database.begin() as session:
            address = f"p{number}.needle@x.org"
            ids.append(people.add_person(session, address, source="test", keys=KEYS, now=NOW, actor="test"))
    for size in (1, 300, 7):  # grown and shrunk: each time some of the rows move
        for person in ids[::2]:
            with database.begin() as session:
                editing.edit_person(session, person, name="n" * size, now=NOW, actor="test")
    everything = file.read_bytes() + Path(f"{file}-wal").read_bytes()
    assert b"p7.needle@x.org" in everything

    with database.begin() as session:
        for person in ids:
            erasure.erase(session, person, keys=KEYS, now=NOW, actor="test")

    assert b"needle" not in file.read_bytes() + Path(f"{file}-wal").read_bytes()
    database.close()


def test_the_log_is_emptied_later_where_somebody_reads_an_older_state(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with database.begin() as session:
        ada = people.add_person(session, "needle@x.org", source="test", keys=KEYS, now=NOW, actor="test")
    with database.read() as reader:
        assert people.count_people(reader, now=NOW) == 1
        with database.begin() as session:
            erasure.erase(session, ada, keys=KEYS, now=NOW, actor="test")
        assert people.count_people(reader, now=NOW) == 1
        assert not database.empty_log()
    assert database.empty_log()
    assert Path(f"{database.engine.url.database}-wal").read_bytes() == b""
    database.close()


def test_who_is_forgotten_is_taken_out_of_filters_and_others_are_still_found_by_them(database: Database) -> None:
    with database.begin() as session:
        ids = [
            people.add_person(session, address, source="test", keys=KEYS, now=NOW, actor="test")
            for address in ("Ada@x.org", "bada@x.org", "ada@x.org.uk")
        ]
        text = 'email in (ADA@x.org, bada@x.org, ada@x.org.uk) or name = "ada@x.org"'
        segments.add_segment(session, "named", "", text, now=NOW, actor="test")
        erasure.erase(session, ids[0], keys=KEYS, now=NOW, actor="cli")
        kept = segments.find_segment(session, "named").filter
        assert kept == 'email in (erased, bada@x.org, ada@x.org.uk) or name = "erased"'
        assert segments.count_segment(session, kept, now=NOW) == 2


def test_a_filter_that_is_edited_while_somebody_is_forgotten_is_not_undone(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    with database.begin() as session:
        ada = people.add_person(session, "ada@x.org", source="test", keys=KEYS, now=NOW, actor="test")
        for slug in ("one", "two"):
            segments.add_segment(session, slug, "", "email = ada@x.org", now=NOW, actor="test")

    with ThreadPoolExecutor() as threads:
        with database.begin() as editing:
            segments.edit_segment(editing, "one", filter_text="email = ada@x.org or name = Bob", now=NOW, actor="test")
            forgetting = threads.submit(_forget, database, ada)
            wait_for_lock(database)
        forgetting.result(timeout=30)

    with database.read() as session:
        kept = {row.slug: row.filter for row in segments.list_segments(session)}
    assert kept == {"one": "email = erased or name = Bob", "two": "email = erased"}
    database.close()


def _forget(database: Database, who: SubscriberId) -> None:
    with database.begin() as session:
        erasure.erase(session, who, keys=KEYS, now=NOW, actor="cli")


def test_every_process_that_forgets_people_knows_all_tables(database: Database) -> None:
    code = "import mailer.app; from mailer.base.tables import Base; print(*Base.metadata.tables)"
    known = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    with database.read() as session:
        there = set(inspect(session.connection()).get_table_names())
    assert there - {"alembic_version"} == set(known)


def test_the_id_of_a_forgotten_person_is_never_given_again(database: Database) -> None:
    with database.begin() as session:
        first = people.add_person(session, "a@x.org", source="test", keys=KEYS, now=NOW, actor="test")
        erasure.erase(session, first, keys=KEYS, now=NOW, actor="test")
        assert people.add_person(session, "b@x.org", source="test", keys=KEYS, now=NOW, actor="test") > first
