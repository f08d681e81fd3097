"""Files of people in every encoding, delimiter and state of disorder that spreadsheets and products leave them in."""

import csv
import io
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from mailer.base.errors import WrongInput
from subscribers.candidate import Candidate
from subscribers.columns import is_email_column
from subscribers.formulas import guarded, unguarded
from subscribers.reading import open_source
from subscribers.shapes import plan_for
from subscribers.standing import Standing


def candidates(path: Path, mapping: dict[str, str] | None = None) -> list[Candidate | str]:
    source = open_source(path, is_email_column)
    return [
        plan_for(record.columns, mapping or {}, path.name, kind=source.kind, addressed=source.addressed).candidate(
            record
        )
        for record in source.records()
    ]


def read(tmp_path: Path, content: str | bytes, name: str = "people.csv", **mapping: str) -> list[Any]:
    """`(key, name)` of every candidate, or the reason of a refusal."""
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [each if isinstance(each, str) else (each.key, each.name) for each in candidates(path, mapping)]


ADA, ZOE = ("ada@x.org", "Ada Løvelace"), ("zoe@x.org", "Zoé")
TABLE = "email,name\nada@x.org,Ada Løvelace\nzoe@x.org,Zoé\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "iso-8859-1"]
)
def test_every_encoding_is_understood(tmp_path: Path, encoding: str) -> None:
    assert read(tmp_path, TABLE.encode(encoding)) == [ADA, ZOE]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_delimiter_and_line_end_is_understood(tmp_path: Path, delimiter: str, end: str) -> None:
    assert read(tmp_path, TABLE.replace(",", delimiter).replace("\n", end)) == [ADA, ZOE]


def test_an_old_macintosh_wrote_its_own_letters(tmp_path: Path) -> None:
    assert read(tmp_path, TABLE.replace("\n", "\r").encode("mac_roman")) == [ADA, ZOE]


def test_letters_tell_a_macintosh_from_windows_whatever_ends_the_lines(tmp_path: Path) -> None:
    assert read(tmp_path, TABLE.encode("mac_roman")) == [ADA, ZOE]
    assert read(tmp_path, TABLE.replace("\n", "\r").encode("cp1252")) == [ADA, ZOE]
    assert read(tmp_path, "email,name\nada@x.org,“Ada” – 5 €\n".encode("cp1252")) == [("ada@x.org", "“Ada” – 5 €")]


def test_a_quote_that_is_never_closed_hides_nobody(tmp_path: Path) -> None:
    found = read(tmp_path, 'email,name\nada@x.org,"Ada\nbob@x.org,Bob\ncy@x.org,Cy\n')
    assert found == [("ada@x.org", "Ada"), ("bob@x.org", "Bob"), ("cy@x.org", "Cy")]


def test_rows_within_a_quote_are_refused_and_not_lost(tmp_path: Path) -> None:
    found = read(tmp_path, 'email,name\nada@x.org,"Ada\nbob@x.org,Bob\ncy@x.org,"Cy"\ndi@x.org,Di\n')
    assert found == ["has a quote that is not closed, and whole rows within it", ("di@x.org", "Di")]


@pytest.mark.parametrize(
    "text",
    [
        '[{"email": "ada@x.org", "name": "Ada"}, {"email": "bob@x.org", "name": "Bob ]["}]',
        '\n[\n  {\n    "email": "ada@x.org",\n    "name": "Ada"\n  },\n  {"email": "bob@x.org", "name": "Bob ]["}\n]\n',
        '{"data": {"results": [{"email": "ada@x.org", "name": "Ada"}, {"email": "bob@x.org", "name": "Bob ]["}], "total": 2}}',
        '{"start": 0, "count": 2, "entries": [{"email": "ada@x.org", "name": "Ada"},\n{"email": "bob@x.org", "name": "Bob ]["}]}',
    ],
)
def test_the_list_of_an_api_is_read_object_by_object(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text, "people.json") == [("ada@x.org", "Ada"), ("bob@x.org", "Bob ][")]


def test_a_long_list_of_json_is_read_across_blocks_and_names_its_lines(tmp_path: Path) -> None:
    people = [{"email": f"p{number}@x.org", "name": "x" * 50} for number in range(5_000)]
    path = tmp_path / "people.json"
    path.write_text(json.dumps(people, indent=1), encoding="utf-8")
    records = list(open_source(path, is_email_column).records())
    assert [record.cells[0] for record in records] == [person["email"] for person in people]
    assert [record.line for record in records] == [2 + 4 * number for number in range(5_000)]


def test_a_list_that_breaks_off_gives_what_stands_before(tmp_path: Path) -> None:
    path = tmp_path / "people.json"
    path.write_text('[{"email": "ada@x.org", "name": "Ada"},\n{"email": "bob', encoding="utf-8")
    whole, broken = open_source(path, is_email_column).records()
    assert (whole.cells, whole.fault) == (["ada@x.org", "Ada"], "")
    assert (broken.line, broken.cells) == (2, ['{"email": "bob'])
    assert broken.fault.startswith("is not JSON: ")
    with pytest.raises(WrongInput, match="not of JSON objects"):
        read(tmp_path, '["ada@x.org"]', "people.json")


def test_a_broken_row_does_not_hide_which_column_holds_addresses(tmp_path: Path) -> None:
    found = read(tmp_path, "Kontakt;Vorname\nada@x.org;Ada\nbroken;B\nbob@x.org;Bob\n")
    assert found[0] == ("ada@x.org", "Ada")
    assert "has no @" in found[1]
    assert found[2] == ("bob@x.org", "Bob")


def test_a_day_in_a_spreadsheet_has_no_time(tmp_path: Path) -> None:
    book = Workbook()
    book.create_sheet("Notes", 0)
    people = book.create_sheet("People", 1)
    midnight, later = datetime.fromisoformat("2024-01-02"), datetime.fromisoformat("2024-01-02T03:04")
    for row in (["email", "joined", "seen"], ["ada@x.org", midnight, later]):
        people.append(row)
    book.save(tmp_path / "people.xlsx")
    (record,) = open_source(tmp_path / "people.xlsx", is_email_column).records()
    assert list(record.cells) == ["ada@x.org", "2024-01-02", "2024-01-02T03:04:00"]


def test_vcards_are_named_for_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(WrongInput, match="vCards"):
        read(tmp_path, "BEGIN:VCARD\nVERSION:3.0\nEMAIL;TYPE=INTERNET:ada@x.org\nEND:VCARD\n", "contacts.vcf")


def test_a_byte_that_no_encoding_knows_does_not_end_an_import(tmp_path: Path) -> None:
    found = read(tmp_path, TABLE.encode() + b"bad@x.org,\x81\xff\n")
    assert [key for key, _ in found] == ["ada@x.org", "zoe@x.org", "bad@x.org"]


@pytest.mark.parametrize(
    "cell",
    [" ada@x.org ", "\u00a0ada@x.org", "ADA@X.org", "<ada@x.org>", "ada@x.org\x00", "mailto:ada@x.org", "'ada@x.org'"],
)
def test_what_surrounds_an_address_in_a_cell_is_no_part_of_it(tmp_path: Path, cell: str) -> None:
    assert read(tmp_path, f"email,name\n{cell},Ada\n") == [("ada@x.org", "Ada")]


def test_rows_too_short_are_taken_and_rows_too_long_are_refused(tmp_path: Path) -> None:
    text = "email,name,city\na@x.org\nb@x.org,Bea,Bath,,\nc@x.org,Cy,Cork,more\n\n,,\n  \n"
    assert read(tmp_path, text) == [("a@x.org", ""), ("b@x.org", "Bea"), "1 cell too many"]


def test_a_quote_that_is_never_closed_swallows_nobody(tmp_path: Path) -> None:
    lines = [f"p{number}@x.org,Person\n" for number in range(200)]
    lines[50] = 'p50@x.org,"Person\n'
    found = read(tmp_path, "email,name\n" + "".join(lines))
    assert [key for key, _ in found] == [f"p{number}@x.org" for number in range(200)]


def test_a_cell_may_hold_several_lines(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text('email,name\na@x.org,"Ada\nLovelace"\nnobody,Bob\n', encoding="utf-8")
    records = list(open_source(path, is_email_column).records())
    assert [record.line for record in records] == [2, 4]
    assert read(tmp_path, path.read_text())[0] == ("a@x.org", "Ada Lovelace")


def test_titles_above_the_header_and_excels_own_line_are_passed_over(tmp_path: Path) -> None:
    assert read(tmp_path, "Members of 2026,,\n\nName,E-Mail\nAda,ada@x.org\n") == [("ada@x.org", "Ada")]
    assert read(tmp_path, "sep=;\r\nName;E-Mail\r\nAda;ada@x.org\r\n") == [("ada@x.org", "Ada")]


@pytest.mark.parametrize(
    "header",
    [
        "Email", "E-mail", "EMAIL ADDRESS", "email_address", "E-Mail-Adresse", "Adresse e-mail", "Courriel",
        "Correo electrónico", "Adresse de messagerie", "Indirizzo email", "メールアドレス", "Subscriber Email", "E-mail 1 - Value", "Email*", "Mail",
    ],
)  # fmt: skip
def test_the_column_of_addresses_has_many_names(tmp_path: Path, header: str) -> None:
    assert read(tmp_path, f"x,{header}\n1,ada@x.org\n") == [("ada@x.org", "")]


@pytest.mark.parametrize("header", ["Email disabled", "Email status", "Email opt in", "Address", "Email type"])
def test_not_every_column_about_mail_holds_addresses(header: str) -> None:
    assert not is_email_column(header)


@pytest.mark.parametrize(
    ("header", "row", "name"),
    [
        ("email,Vorname,Nachname", "a@x.org,Ada,Lovelace", "Ada Lovelace"),
        ("email,Vorname,Name", "a@x.org,Ada,Lovelace", "Ada Lovelace"),
        ("email,Prénom,Nom", "a@x.org,Ada,Lovelace", "Ada Lovelace"),
        ("email,Nom", "a@x.org,Ada Lovelace", "Ada Lovelace"),
        ("email,FNAME,LNAME", "a@x.org,Ada,", "Ada"),
        ("email,name", '"Ada Lovelace <a@x.org>",', "Ada Lovelace"),
    ],
)
def test_a_name_is_put_together(tmp_path: Path, header: str, row: str, name: str) -> None:
    assert read(tmp_path, f"{header}\n{row}\n") == [("a@x.org", name)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ada@x.org\nBOB@x.org\n", [("ada@x.org", ""), ("bob@x.org", "")]),
        ('# list\nAda L <ada@x.org>\n\n"L, Ada" <bob@x.org>\n', [("ada@x.org", "Ada L"), ("bob@x.org", "L, Ada")]),
        ("ada@x.org, bob@x.org; Cy <cy@x.org>\n", [("ada@x.org", ""), ("bob@x.org", ""), ("cy@x.org", "Cy")]),
        ("ada@x.org Ada Lovelace\nbob@x.org\tBob\n", [("ada@x.org", "Ada Lovelace"), ("bob@x.org", "Bob")]),
        ("ada@x.org (Ada Lovelace)\nbob@x.org (Bob)\n", [("ada@x.org", "Ada Lovelace"), ("bob@x.org", "Bob")]),
        ("ada@x.org\nno address\n", [("ada@x.org", ""), "'no address' is not"]),
        ("ada@x.org,Ada\nbob@x.org,Bob\n", [("ada@x.org", "Ada"), ("bob@x.org", "Bob")]),
        ("Ada,ada@x.org\nBob,bob@x.org\n", [("ada@x.org", "Ada"), ("bob@x.org", "Bob")]),
    ],
)
def test_lists_without_a_header(tmp_path: Path, text: str, expected: list[Any]) -> None:
    found = read(tmp_path, text, "list.txt")
    assert [
        each[: len(want)] if isinstance(want, str) else each for each, want in zip(found, expected, strict=True)
    ] == expected


def test_sympas_dump(tmp_path: Path) -> None:
    text = (
        "date 1122334455\nemail ada@x.org\ngecos Ada Lovelace\nreception mail\nsubscribed 1\nvisibility noconceal\n\n"
        "email bob@x.org\nreception nomail\nsubscribed 1\nsuspend 0\n\nemail cy@x.org\nsubscribed 0\nincluded 1\nsuspend 1\n"
    )
    path = tmp_path / "dump"
    path.write_text(text, encoding="utf-8")
    found = [each for each in candidates(path) if isinstance(each, Candidate)]
    assert [(each.line, each.key, each.name, each.standing) for each in found] == [
        (1, "ada@x.org", "Ada Lovelace", Standing.SUBSCRIBED),
        (8, "bob@x.org", "", Standing.UNSUBSCRIBED),
        (13, "cy@x.org", "", Standing.PAUSED),
    ]
    assert not any(each.attributes for each in found)


def test_json_lines_name_their_columns_anew_in_each(tmp_path: Path) -> None:
    text = (
        '{"email": "ada@x.org", "name": "Ada", "attributes": {"age": 36}}\n\n{"Email": "bob@x.org", "vip": true}\n'
        '{"name": "nobody"}\n["x"]\nnot json\n'
    )
    path = tmp_path / "p.jsonl"
    path.write_text(text, encoding="utf-8")
    source = open_source(path, is_email_column)
    found = []
    for record in source.records():
        try:
            found.append(plan_for(record.columns, {}, "p", kind="json").candidate(record))
        except WrongInput:
            found.append("no column")
    assert [each.attributes if isinstance(each, Candidate) else each[:13] for each in found] == [
        {"age": 36}, {"vip": True}, "no column", "no column", "no column",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ('{"email": "ada@x.org", "name": "A\\u0000da\\ud800"}', ("Ada", {})),
        ('{"email": "ada@x.org", "attributes": {"a\\u0000": ["\\udfff", "\\u00e9"]}}', ("", {"a": ["", "é"]})),
        ('{"email": "ada@x.org", "name": {"first": "Ada", "last": "L"}}', ("Ada L", {})),
        ('{"email": "ada@x.org", "n": NaN}', "is not JSON: NaN is no number"),
        ('{"email": "ada@x.org", "n": 1e999}', "is not JSON: inf is no number"),
        ('{"email": "ada@x.org", "n": ' + "[" * 100_000, "is not JSON"),
    ],
)
def test_json_that_no_database_would_keep(tmp_path: Path, row: str, expected: Any) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text('{"email": "first@x.org"}\n' + row, encoding="utf-8")
    (record,) = list(open_source(path, is_email_column).records())[1:]
    found = plan_for(record.columns, {}, "p", kind="json").candidate(record) if not record.fault else record.fault
    assert (found[: len(expected)] if isinstance(found, str) else (found.name, found.attributes)) == expected


def test_signs_without_a_width_are_no_part_of_a_name(tmp_path: Path) -> None:
    assert read(tmp_path, "email,name\nada@x.org,\u200bAda\ufeff L\u00a0\n") == [("ada@x.org", "Ada L")]


def test_a_spreadsheet_is_read_from_the_sheet_that_holds_people(tmp_path: Path) -> None:
    book = Workbook()
    book.active.title = "empty"  # type: ignore[union-attr]
    sheet = book.create_sheet("people")
    for row in (
        ["People"],
        [None],
        ["Name", "E-Mail", "Age", "Status"],
        ["Ada", "ada@x.org", 36, "active"],
        ["B", "b@x.org", 1.5, True],
    ):
        sheet.append(row)
    path = tmp_path / "people.xlsx"
    book.save(path)
    found = [each for each in candidates(path) if isinstance(each, Candidate)]
    assert [(each.line, each.key, each.name, each.attributes) for each in found] == [
        (4, "ada@x.org", "Ada", {"Age": "36"}),
        (5, "b@x.org", "B", {"Age": "1.5"}),
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"%PDF-1.7", "PDF"),
        (b'["ada@x.org"]', "not of JSON objects"),
        (b"PK\x03\x04junk", "no spreadsheet"),
        (b"\x1f\x8b\x08\x00", "compressed"),
    ],
)
def test_what_is_no_file_of_people_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(WrongInput, match=why):
        read(tmp_path, content)


@pytest.mark.parametrize("before", [0, 1, 100])
def test_a_line_without_end_is_one_fault_and_the_others_are_read(tmp_path: Path, before: int) -> None:
    text = "email\n" + "".join(f"p{number}@x.org\n" for number in range(before)) + "a" * (2 << 20) + "\nlast@x.org\n"
    path = tmp_path / "people.csv"
    path.write_text(text)

    *others, long, last = open_source(path, is_email_column).records()

    assert (len(others), long.line, last.cells) == (before, before + 2, ["last@x.org"])
    assert long.fault == "is a line of 2,097,153 signs"


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongInput, match="cannot be read"):
        open_source(tmp_path / "nowhere.csv", is_email_column)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_in_words(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    try:
        source = open_source(path, is_email_column)
        plan = plan_for(source.columns, {}, "any.csv", kind=source.kind)
    except WrongInput:
        return
    assert all(plan.candidate(record) for record in source.records())


@given(st.lists(st.text(max_size=12), min_size=1, max_size=5))
def test_a_guarded_cell_comes_back_through_csv(cells: list[str]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerow([guarded(cell) for cell in cells])
    (row,) = csv.reader(io.StringIO(out.getvalue(), newline="")) if any(cells) or len(cells) > 1 else ([""],)
    assert [unguarded(cell) for cell in row] == cells
    assert not any(cell[:1] in ("=", "+", "-", "@") for cell in row)


def test_the_only_column_that_holds_addresses_is_theirs_whatever_it_is_called(tmp_path: Path) -> None:
    assert read(tmp_path, "correo_electrpnico,nombre\nada@x.org,Ada\n,Nobody\n") == [
        ("ada@x.org", "Ada"),
        "has no address",
    ]
    assert read(tmp_path, "Kontaktweg,Name,Email\nbob@x.org,Ada,ada@x.org\n") == [("ada@x.org", "Ada")]
    for unclear in ("one,two\nada@x.org,bob@x.org\n", "colour,size\nred,3\n", "one,two\nada@x.org,x\ncall me,x\n"):
        with pytest.raises(WrongInput, match="no column holds addresses"):
            read(tmp_path, unclear)


def test_the_only_column_of_addresses_in_a_spreadsheet_is_found_too(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.create_sheet(index=0)
    for row in (("Kontaktweg", "Name"), ("ada@x.org", "Ada")):
        sheet.append(row)
    book.save(tmp_path / "people.xlsx")
    assert [(each.key, each.name) for each in candidates(tmp_path / "people.xlsx") if isinstance(each, Candidate)] == [
        ("ada@x.org", "Ada")
    ]


def test_blanks_before_a_quote_are_no_part_of_a_cell(tmp_path: Path) -> None:
    assert read(tmp_path, 'Email, First name, Last name\nada@x.org, "Ada 1", "B, C"\n') == [("ada@x.org", "Ada 1 B, C")]


@pytest.mark.parametrize(
    "cell", ["a@x.org;b@x.org", "a@x.org, b@x.org", "a@x.org ::: b@x.org", "a@x.org b@x.org", "a@x.org|b@x.org"]
)
def test_of_several_addresses_in_a_cell_the_first_counts(tmp_path: Path, cell: str) -> None:
    assert read(tmp_path, f'email;name\n"{cell}";Ada\n') == [("a@x.org", "Ada")]
