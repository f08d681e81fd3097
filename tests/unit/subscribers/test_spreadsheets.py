"""Files that begin as an archive does: spreadsheets, and what is none."""

from pathlib import Path
from zipfile import ZipFile

import pytest
from openpyxl import Workbook

from mailer.base.errors import WrongInput
from subscribers.columns import is_email_column
from subscribers.reading import open_source


def test_a_spreadsheet_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.create_sheet(index=0)
    sheet.append(["email"])
    sheet.append(["ada@x.org"])
    book.save(tmp_path / "people.xlsx")
    path = (tmp_path / "people.xlsx").rename(tmp_path / "people.csv")

    assert [record.cells for record in open_source(path, is_email_column).records()] == [["ada@x.org"]]


def a_workbook(path: Path, **sheets: list[list[str]]) -> Path:
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


COVER = [["Members of the society"], [], ["Contact", "office@x.org"]]


@pytest.mark.parametrize(
    "people",
    [[["Name", "E-Mail"], ["Ada", "ada@x.org"]], [["Wer", "Wo"], ["Ada", "ada@x.org"]], [["Ada", "ada@x.org"]]],
)
def test_the_sheet_that_holds_people_is_read_and_no_cover(tmp_path: Path, people: list[list[str]]) -> None:
    path = a_workbook(tmp_path / "people.xlsx", Cover=COVER, People=people, Empty=[], Sums=[["Total", "1"]])

    assert [list(record.cells) for record in open_source(path, is_email_column).records()] == [["Ada", "ada@x.org"]]


def test_people_in_two_sheets_are_not_read_as_if_there_were_one(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "people.xlsx", Members=[["email"], ["ada@x.org"]], Left=[["email"], ["ada@x.org"]])

    with pytest.raises(WrongInput, match="holds people in 2 sheets: Members, Left") as refusal:
        open_source(path, is_email_column)
    assert "who has left" in refusal.value.do


def test_an_archive_of_lists_names_them_and_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "audience_export.zip"
    with ZipFile(path, "w") as archive:
        for name in ("subscribed_email_audience_export_1.csv", "unsubscribed_email_audience_export_1.csv"):
            archive.writestr(name, "Email Address\na@x.org\n")

    with pytest.raises(WrongInput, match=r"holds subscribed_.*csv, unsubscribed_") as refusal:
        open_source(path, is_email_column)
    assert "under its own name" in refusal.value.do
