"""Files that wait to be imported, and what was refused of others, know nobody who was erased."""

from datetime import UTC, datetime
from io import BytesIO
from itertools import count

import pytest
from openpyxl import Workbook
from sqlalchemy import MetaData, select

from mailer.base.database import Database
from mailer.base.errors import NotAllowed
from mailer.base.tables import SubscriberId
from mailer.base.tokens import Keys
from subscribers import attributes, erased_files, erasure, people, uploads

NOW = datetime(2027, 1, 5, 9, tzinfo=UTC)
KEYS = Keys(["a key of the tests, long enough"])
ERIKA = "Erika.Mustermann@maths.test"
LIST = "email,name\nada@x.org,Ada\nerika.MUSTERMANN@maths.test,Erika\n"


def a_spreadsheet() -> bytes:
    book = Workbook()
    for row in (["email", "name"], ["ada@x.org", "Ada"], [ERIKA, "Erika"]):
        book.worksheets[0].append(row)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.fixture
def erika(database: Database) -> SubscriberId:
    with database.begin() as session:
        return people.add_person(session, ERIKA, source="test", keys=KEYS, now=NOW, actor="test")


def upload(database: Database, content: bytes, name: str = "people.csv") -> uploads.ImportRow:
    with database.begin() as session:
        return uploads.upload(session, content, name=name, now=NOW, actor="test")


def start(database: Database, row: uploads.ImportRow, *, dry_run: bool) -> None:
    with database.begin() as session:
        uploads.start(
            session, row.public_id, audience_slugs=[], mapping={}, consent="", status="unconfirmed", dry_run=dry_run,
            now=NOW, actor="test",
        )  # fmt: skip


def erase(database: Database, erika: SubscriberId) -> None:
    with database.begin() as session:
        erasure.erase(session, erika, keys=KEYS, now=NOW, actor="test")


def where_erika_stands(database: Database) -> set[str]:
    tables = MetaData()
    tables.reflect(database.engine)
    with database.engine.connect() as connection:
        return {
            table.name
            for table in tables.sorted_tables
            for row in connection.execute(select(table))
            if "erika.mustermann" in repr(tuple(row)).lower().replace("\\x00", "")
        }


@pytest.mark.parametrize(
    "content",
    [
        LIST.encode(),
        LIST.encode("utf-16-le"),
        LIST.encode("utf-16"),
        ("Größe;email\n1;" + ERIKA + "\n").encode("cp1252"),
        b'{"email": "' + ERIKA.encode() + b'"}\n',
        a_spreadsheet(),
    ],
    ids=["utf-8", "utf-16 unmarked", "utf-16", "cp1252", "json", "xlsx"],
)
def test_a_file_that_waits_is_taken_away_with_whoever_is_erased(
    database: Database, erika: SubscriberId, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "PART_BYTES", 40)  # within the address, too
    monkeypatch.setattr(erased_files, "BLOCK_BYTES", 40)
    row, other = upload(database, content), upload(database, b"email\nada@x.org\n")

    erase(database, erika)

    assert where_erika_stands(database) == set()
    with database.read() as session:
        gone, stays = (uploads.find_import(session, each.public_id) for each in (row, other))
    assert (gone.state, gone.error) == ("failed", erased_files.GONE)
    assert stays.state == "uploaded"
    with pytest.raises(NotAllowed):
        start(database, row, dry_run=True)
    start(database, other, dry_run=True)


def test_a_file_of_others_at_the_same_domain_stays(database: Database) -> None:
    with database.begin() as session:
        person = people.add_person(session, "名前@x.org", source="test", keys=KEYS, now=NOW, actor="test")
    row, theirs = upload(database, b"email\nada@x.org\n"), upload(database, "email\n名前@x.org\n".encode("utf-16"))

    erase(database, person)

    with database.read() as session:
        states = [uploads.find_import(session, each.public_id).state for each in (row, theirs)]
    assert states == ["uploaded", "failed"]


def test_refused_rows_and_reports_forget_whoever_is_erased(database: Database, erika: SubscriberId) -> None:
    with database.begin() as session:
        attributes.declare(session, "age", "number", now=NOW, actor="test")
    content = f'email,age\n{ERIKA},old\n"{ERIKA},x",1\nada@x.org,old\n'.encode()
    row = upload(database, content)
    start(database, row, dry_run=False)
    uploads.run(database, row.id, keys=KEYS, clock=lambda: NOW)
    assert {"imports", "import_parts"} <= where_erika_stands(database)

    erase(database, erika)

    assert where_erika_stands(database) == set()
    with database.read() as session:
        refused = uploads.rejected_rows(session, row.public_id).decode().splitlines()
        assert len(uploads.find_import(session, row.public_id).report["rejected_rows"]) == 3
    assert [line.partition(",")[0] for line in refused] == ["line", "2", "3", "4"]
    assert "ada@x.org" in refused[-1]


def test_a_dry_run_that_is_under_way_is_ended_by_an_erasure(database: Database, erika: SubscriberId) -> None:
    row = upload(database, LIST.encode())
    start(database, row, dry_run=True)
    assert uploads.take(database, row.id, NOW) is not None
    erase(database, erika)
    assert where_erika_stands(database) == set()
    with database.read() as session:
        assert uploads.find_import(session, row.public_id).state == "failed"


def test_so_does_an_import_that_is_under_way(database: Database, erika: SubscriberId) -> None:
    """Before, it wrote her refused row when it ended."""
    with database.begin() as session:
        attributes.declare(session, "age", "number", now=NOW, actor="test")
    row = upload(database, f"email,age\n{ERIKA},old\nada@x.org,9\n".encode())
    start(database, row, dry_run=False)
    moments = count()

    def clock() -> datetime:
        if next(moments) == 1:  # the worker has taken the import and its file
            erase(database, erika)
        return NOW

    uploads.run(database, row.id, keys=KEYS, clock=clock)

    assert where_erika_stands(database) == set()
    with database.read() as session:
        assert uploads.find_import(session, row.public_id).error == erased_files.GONE
        assert [person.email for person in people.list_people(session, now=NOW).people] == ["ada@x.org"]


def test_a_file_that_is_named_after_somebody_does_not_keep_them(database: Database, erika: SubscriberId) -> None:
    row = upload(database, b"email\nada@x.org\n", name=f"of {ERIKA}.csv")
    start(database, row, dry_run=False)
    uploads.run(database, row.id, keys=KEYS, clock=lambda: NOW)

    erase(database, erika)

    assert where_erika_stands(database) == set()
    with database.read() as session:
        assert uploads.find_import(session, row.public_id).report["created"] == 1
