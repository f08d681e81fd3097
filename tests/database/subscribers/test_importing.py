"""Files of people into the database: what the products' exports mean, and the rules nobody's import may break."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from openpyxl import Workbook
from sqlalchemy import select, text

from mailer.base.database import Database
from mailer.base.errors import NotAllowed, WrongInput
from mailer.base.tokens import Keys
from subscribers import audiences, importing, joining, people, segments, suppression
from subscribers.consents import ConsentRow, list_consents
from subscribers.importing import Report
from subscribers.models import Subscriber

NOW = datetime(2027, 1, 5, 9, tzinfo=UTC)
KEYS = Keys(["a key of the tests, long enough"])
DATA = Path(__file__).parents[2] / "data" / "csv"
EXPECTED: dict[str, dict[str, Any]] = json.loads((DATA / "expected.json").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def _audiences(database: Database) -> None:
    with database.begin() as session:
        for slug in ("academic", "industry", "outreach"):
            audiences.add_audience(session, slug, slug.title())


def take(database: Database, path: Path, *slugs: str, **options: Any) -> Report:
    given: dict[str, Any] = {
        "consent": "the form of 2026",
        "status": "subscribed",
        "now": NOW,
        "actor": "test",
    } | options
    return importing.import_file(database, path, keys=KEYS, audience_slugs=slugs or ("academic",), **given)


def written(tmp_path: Path, text: str | bytes, name: str = "people.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def receiving(database: Database, *slugs: str) -> set[str]:
    with database.read() as session:
        ids = audiences.audience_ids(session, slugs or ("academic",))
        return {row.address for row in session.execute(audiences.recipients(ids, now=NOW))}


def person(database: Database, address: str) -> people.Person:
    with database.read() as session:
        return people.find_person(session, address, now=NOW)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_exports_of_well_known_products(database: Database, name: str, tmp_path: Path) -> None:
    expected = EXPECTED[name]
    report = take(database, DATA / name, rejected_path=tmp_path / "rejected.csv")
    assert {address.lower() for address in receiving(database)} == set(expected["active"])
    for address in expected.get("suppressed", []):
        assert person(database, address).status in ("unsubscribed", "suppressed")
    assert report.suppressed == len(expected.get("suppressed", []))
    assert report.duplicates == expected.get("duplicates", 0)
    assert report.rejected == expected.get("rejected", len(expected.get("surface", [])))
    assert [f"line {line}: {reason}" for line, reason in report.rejected_rows if "surface" in expected] == expected.get(
        "surface", []
    )
    for address, tags in expected.get("tags", {}).items():
        assert person(database, address).attributes["tags"] == tags
    counts = report.as_dict()
    parts = ("created", "updated", "unchanged", "rejected", "suppressed", "duplicates")
    assert counts["read"] == sum(counts[part] for part in parts)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_second_import_changes_nothing(database: Database, name: str) -> None:
    take(database, DATA / name)
    before = receiving(database)
    report = take(database, DATA / name, now=NOW + timedelta(days=1))
    assert (report.created, report.updated) == (0, 0)
    assert receiving(database) == before


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_dry_run_tells_the_same_and_writes_nothing(database: Database, name: str, tmp_path: Path) -> None:
    rejected = tmp_path / "rejected.csv"
    would = take(database, DATA / name, dry_run=True, rejected_path=rejected).as_dict()
    assert receiving(database) == set()
    assert not rejected.exists()
    with database.read() as session:
        assert people.count_people(session, now=NOW) == 0
    did = take(database, DATA / name).as_dict()
    assert {**would, "dry_run": False} == did


def test_without_consent_or_status_everyone_comes_in_unconfirmed(database: Database, tmp_path: Path) -> None:
    path = written(tmp_path, "email\nada@x.org\n")
    take(database, path, consent="")
    take(database, path, status=None)
    assert person(database, "ada@x.org").status == "unconfirmed"
    assert receiving(database) == set()
    take(database, path)
    assert receiving(database) == {"ada@x.org"}


def test_consent_is_recorded_with_its_wording_and_source(database: Database, tmp_path: Path) -> None:
    take(database, written(tmp_path, "email\nada@x.org\n"), "academic", "industry")
    with database.read() as session:
        log = list_consents(session, people.find_person(session, "ada@x.org", now=NOW).id)
    assert [(line.deed, line.audience, line.wording, line.source) for line in log] == [
        ("agreed", "academic", "the form of 2026", "import people.csv"),
        ("agreed", "industry", "the form of 2026", "import people.csv"),
    ]


def test_nobody_who_left_is_resubscribed(database: Database, tmp_path: Path) -> None:
    path = written(tmp_path, "email\nada@x.org\nbob@x.org\n")
    take(database, path, "academic", "industry")
    with database.begin() as session:
        ada, bob = (people.find_person(session, f"{name}@x.org", now=NOW).id for name in ("ada", "bob"))
        joining.unsubscribe(session, ada, audience_slugs=None, now=NOW, source="one-click")
        joining.unsubscribe(session, bob, audience_slugs=["academic"], now=NOW, source="page")
    report = take(database, path, "academic", "industry", "outreach")
    assert (report.suppressed, report.updated) == (1, 1)
    assert receiving(database, "academic", "industry", "outreach") == {"bob@x.org"}
    assert receiving(database) == set()


def test_nobody_who_left_is_resubscribed_because_somebody_typed_their_address(
    database: Database, tmp_path: Path
) -> None:
    path = written(tmp_path, "email\nada@x.org\n")
    take(database, path, "academic", "industry")
    with database.begin() as session:
        ada = people.find_person(session, "ada@x.org", now=NOW).id
        joining.unsubscribe(session, ada, audience_slugs=["academic"], now=NOW, source="page")
        joining.subscribe(
            session,
            "ada@x.org",
            audience_slugs=["academic", "outreach"],
            wording="w",
            source="form",
            keys=KEYS,
            now=NOW,
        )
    take(database, path, "academic", "industry", "outreach")
    assert receiving(database, "industry", "outreach") == {"ada@x.org"}
    assert receiving(database, "academic") == set()
    with database.begin() as session:
        joining.confirm(session, ada, now=NOW, source="link")
    assert receiving(database, "academic") == {"ada@x.org"}


def test_no_suppression_is_lifted(database: Database, tmp_path: Path) -> None:
    with database.begin() as session:
        suppression.suppress(session, "ada@x.org", reason="complaint", source="test", now=NOW)
        suppression.suppress(session, "@bad.example", reason="manual", source="test", now=NOW)
    report = take(database, written(tmp_path, "email\nADA@x.org\nb@bad.example\nc@x.org\n"))
    assert (report.created, report.suppressed) == (1, 2)
    assert receiving(database) == {"c@x.org"}
    assert person(database, "ada@x.org").status == "suppressed"


def test_a_rows_own_status_wins_where_it_is_worse(database: Database, tmp_path: Path) -> None:
    rows = ["active", "pending", "unsubscribed", "Cleaned", "", "spam complaint"]
    text = "email,status\n" + "".join(f"p{number}@x.org,{status}\n" for number, status in enumerate(rows))
    take(database, written(tmp_path, text))
    statuses = [person(database, f"p{number}@x.org").status for number in range(len(rows))]
    assert statuses == ["subscribed", "unconfirmed", "unsubscribed", "suppressed", "subscribed", "suppressed"]
    take(database, written(tmp_path, "email,status\nq@x.org,active\n"), status="unsubscribed")
    assert person(database, "q@x.org").status == "unsubscribed"


def test_what_the_file_says_for_the_worse_is_believed_of_people_we_have(database: Database, tmp_path: Path) -> None:
    take(database, written(tmp_path, "email\nada@x.org\nbob@x.org\n"))
    take(database, written(tmp_path, "email,status\nada@x.org,unsubscribed\nbob@x.org,bounced\n"))
    assert receiving(database) == set()
    assert person(database, "bob@x.org").status == "suppressed"


def consents(database: Database, address: str) -> tuple[ConsentRow, ...]:
    """What somebody agreed to."""
    with database.read() as session:
        return list_consents(session, people.find_person(session, address, now=NOW).id)


def test_of_two_rows_the_first_counts_but_the_worst_status_does(database: Database, tmp_path: Path) -> None:
    text = "email,name,status\na@x.org,First,active\nA@X.org,Second,unsubscribed\n"
    report = take(database, written(tmp_path, text))
    assert (report.created, report.suppressed, report.duplicates) == (0, 1, 1)
    assert (person(database, "a@x.org").name, person(database, "a@x.org").status) == ("First", "unsubscribed")


def test_duplicates_are_found_across_chunks(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 2)
    monkeypatch.setattr(importing, "TOGETHER", 1)
    text = "email,status\na@x.org,\nb@x.org,\nA@x.org,\nc@x.org,\nb@x.org,unsubscribed\n"
    path = written(tmp_path, text)
    would = take(database, path, dry_run=True)
    report = take(database, path)
    assert (report.created, report.duplicates) == (would.created, would.duplicates) == (3, 2)
    assert receiving(database) == {"a@x.org", "c@x.org"}


@pytest.mark.parametrize("many", [0, 9])
@pytest.mark.parametrize(
    ("later", "stays"),
    [("paused,", set()), ("subscribed,academic:unsubscribed", {"industry"}), ("bounced,", set())],
)
def test_a_later_row_takes_away_however_far_below_it_stands(
    database: Database, tmp_path: Path, many: int, later: str, stays: set[str]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importing, "CHUNK", 2)
        rows = ["a@x.org,subscribed,academic:subscribed industry:subscribed"]
        rows += [f"b{number}@x.org,subscribed," for number in range(many)] + [f"a@x.org,{later}"]
        report = take(database, written(tmp_path, "email,status,audiences\n" + "\n".join(rows)))
    assert report.duplicates == 1
    assert {slug for slug in ("academic", "industry") if "a@x.org" in receiving(database, slug)} == stays


def test_someone_known_is_met_after_many_who_were_not(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 2)
    take(database, written(tmp_path, "email,name\np7@x.org,Old\n", "first.csv"), "industry")
    with database.begin() as session:
        left = people.find_person(session, "p7@x.org", now=NOW).id
        joining.unsubscribe(session, left, audience_slugs=None, now=NOW, source="page")
    rows = "".join(f"p{number}@x.org,New\n" for number in range(10)) + "p1@x.org,Again\n"
    report = take(database, written(tmp_path, "email,name\n" + rows))
    assert (report.created, report.suppressed, report.duplicates) == (9, 1, 1)
    assert receiving(database) == {f"p{number}@x.org" for number in range(10)} - {"p7@x.org"}
    with database.read() as session:
        log = [(line.deed, line.audience) for line in list_consents(session, left)]
    assert log == [("agreed", "industry"), ("withdrew", "industry"), ("withdrew", "")]


def test_an_empty_cell_takes_nothing_away_and_attributes_are_merged(database: Database, tmp_path: Path) -> None:
    take(database, written(tmp_path, "email,name,City,Role\na@x.org,Ada,Bath,\n"))
    report = take(database, written(tmp_path, "email,name,City,Role\na@x.org,,,Dean\n"))
    assert report.updated == 1
    found = person(database, "a@x.org")
    assert (found.name, found.attributes) == ("Ada", {"City": "Bath", "Role": "Dean"})


def test_a_file_without_an_address_column_names_what_it_has(database: Database, tmp_path: Path) -> None:
    path = written(tmp_path, "Kontakt;Vorname;Chefin\nada@x.org;Ada;bob@x.org\n")
    with pytest.raises(WrongInput, match=r"Kontakt, Vorname, Chefin.*--map COLUMN=email"):
        take(database, path)
    report = take(database, path, mapping={"kontakt": "email"})
    assert (report.created, person(database, "ada@x.org").name) == (1, "Ada")
    with pytest.raises(WrongInput, match="no column 'Phone'"):
        take(database, path, mapping={"Phone": "email"})
    with pytest.raises(NotAllowed, match="academic"):
        take(database, path, "acadmic", mapping={"Kontakt": "email"})


def test_refused_rows_are_kept_with_line_and_reason_and_can_be_mended(database: Database, tmp_path: Path) -> None:
    path = written(tmp_path, "email,name,status\nada@x.org,Ada,\nnobody,Bob,\nc@x.org,Cy,golden\n\n")
    rejected = tmp_path / "people.csv.rejected.csv"
    report = take(database, path, rejected_path=rejected)
    assert (report.read, report.created, report.rejected) == (3, 1, 2)
    with rejected.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["line"], row["email"]) for row in rows] == [("3", "nobody"), ("4", "c@x.org")]
    assert "no @" in rows[0]["reason"]
    assert "'golden'" in rows[1]["reason"]
    rejected.write_text(rejected.read_text().replace(",nobody,", ",bob@x.org,").replace("golden", "active"))
    assert take(database, rejected, rejected_path=tmp_path / "again.csv").created == 2
    assert person(database, "bob@x.org").attributes == {}


def test_a_spreadsheet_that_breaks_off_is_read_to_there_and_its_line_is_named(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 10)
    book = Workbook()
    sheet = book.create_sheet(index=0)
    for row in ("email", *(f"p{number}@x.org" for number in range(100))):
        sheet.append([row])
    book.save(tmp_path / "whole.xlsx")
    with ZipFile(tmp_path / "whole.xlsx") as whole, ZipFile(tmp_path / "people.xlsx", "w") as cut:
        for name in whole.namelist():
            content = whole.read(name)
            end = content.find(b'<row r="67"') + 20 if name.endswith("sheet1.xml") else len(content)
            cut.writestr(name, content[:end])

    with pytest.raises(WrongInput, match=r"people\.xlsx: is damaged after line 66"):
        take(database, tmp_path / "people.xlsx")

    assert receiving(database) == {f"p{number}@x.org" for number in range(65)}


def test_a_run_that_was_killed_half_way_is_simply_run_again(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 10)
    path = written(tmp_path, "email\n" + "".join(f"p{number}@x.org\n" for number in range(50)))

    def stop(read: int, _share: float) -> None:
        if read == 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take(database, path, progress=stop)
    assert len(receiving(database)) == 30
    report = take(database, path)
    assert (report.created, report.unchanged) == (20, 30)
    assert len(receiving(database)) == 50
    with database.read() as session:
        first = people.find_person(session, "p0@x.org", now=NOW)
        assert len(list_consents(session, first.id)) == 1


def test_chunks_that_are_read_together_are_written_in_the_order_of_their_keys(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 2)
    report = take(database, written(tmp_path, "email\n" + "".join(f"{letter}@x.org\n" for letter in "fbdaecg")))
    assert report.created == 7
    with database.read() as session:
        rows = session.execute(select(Subscriber.address, Subscriber.public_id).order_by(Subscriber.id)).all()
    assert [address[0] for address, _ in rows] == list("abcdefg")
    public_ids = [public_id for _, public_id in rows]
    assert public_ids == sorted(public_ids)


@pytest.mark.parametrize("columns", ["CONFIRM_TIME", "OPTIN_TIME,CONFIRM_TIME"])
def test_when_they_agreed_is_what_the_file_says(database: Database, tmp_path: Path, columns: str) -> None:
    earlier = "2023-01-01 08:00:00," if "," in columns else ""
    text = (
        f"Email Address,{columns},LEID\na@x.org,{earlier}2024-03-14 09:14:00,1\nb@x.org,{earlier},2\n"
        f"c@x.org,{earlier}2999-01-01 00:00:00,3\n"
    )
    take(database, written(tmp_path, text))
    (line,) = consents(database, "a@x.org")
    assert (line.at, line.deed, line.audience) == (datetime(2024, 3, 14, 9, 14, tzinfo=UTC), "agreed", "academic")
    assert consents(database, "b@x.org")[0].at == (datetime(2023, 1, 1, 8, tzinfo=UTC) if earlier else NOW)
    assert consents(database, "c@x.org")[0].at == NOW
    assert receiving(database) == {"a@x.org", "b@x.org", "c@x.org"}
    with database.read() as session:
        assert segments.count_segment(session, "consented = 2024-03-14", now=NOW) == 1
        assert segments.count_segment(session, f"consented = {NOW:%Y-%m-%d}", now=NOW) == (1 if earlier else 2)


def test_when_they_agreed_is_that_of_their_own_import(database: Database, tmp_path: Path) -> None:
    for number in range(3):
        path = written(tmp_path, f"email\na{number}@x.org\nb{number}@x.org\n")
        take(database, path, now=NOW + timedelta(days=number))
    with database.read() as session:
        found = {person.email: person.consented_at for person in people.list_people(session, now=NOW).people}
        for number in range(3):
            assert segments.count_segment(session, f"consented = {NOW + timedelta(days=number):%Y-%m-%d}", now=NOW) == 2
    assert found == {f"{one}{number}@x.org": NOW + timedelta(days=number) for one in "ab" for number in range(3)}


def test_progress_is_told_to_the_end(database: Database, tmp_path: Path) -> None:
    told: list[tuple[int, float]] = []
    take(database, written(tmp_path, "email\na@x.org\n"), progress=lambda read, share: told.append((read, share)))
    assert told == [(1, 1.0)]


def test_a_pause_comes_with_its_end(database: Database, tmp_path: Path) -> None:
    take(
        database,
        written(tmp_path, "email,status,paused_until\na@x.org,paused,2027-03-01T00:00:00+00:00\nb@x.org,paused,\n"),
    )
    assert person(database, "a@x.org").paused_until == datetime(2027, 3, 1, tzinfo=UTC)
    assert person(database, "b@x.org").status == "paused"
    assert receiving(database) == set()


def test_after_an_import_postgresql_knows_how_many_there_are(database: Database, tmp_path: Path) -> None:
    """Else it plans for nobody: counting who would receive took minutes for 200,000, until it looked of its own."""
    take(database, written(tmp_path, "email\n" + "".join(f"p{number}@x.org\n" for number in range(3000))))

    if not database.is_sqlite:  # which plans without
        with database.read() as session:
            known = text("SELECT relname, reltuples FROM pg_class WHERE relname IN ('subscribers', 'subscriptions')")
            assert dict(session.execute(known).all()) == {"subscribers": 3000, "subscriptions": 3000}
