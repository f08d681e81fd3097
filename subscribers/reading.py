"""Files of people, whatever wrote them -> rows of cells under columns, one at a time.

Delimited text (comma, semicolon, tab, bar), spreadsheets (XLSX), JSON, address lists and Sympa dumps.
"""

import re
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

from mailer.base.errors import WrongInput
from subscribers import delimited
from subscribers.columns import shown
from subscribers.delimited import SAMPLE, Record, clean_column
from subscribers.encodings import TextFile
from subscribers.formulas import unguarded
from subscribers.json_files import json_source
from subscribers.source import IsEmailColumn, Source

if TYPE_CHECKING:
    from openpyxl import Workbook

LISTS = (".csv", ".tsv", ".txt", ".xlsx", ".json", ".jsonl")
BLOCK = 1 << 16  # signs that are looked at to find the first line


def open_source(path: Path, is_email_column: IsEmailColumn) -> Source:
    """Find out what a file is.

    Args:
        is_email_column: whether a header's cell names the column of addresses.

    Raises:
        WrongInput: it cannot be read, is empty, or is of no known kind.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError as error:
        raise WrongInput(f"cannot be read: {error.strerror}", do="name a readable file", place=str(path)) from error
    if start.startswith(b"PK\x03\x04"):
        _refuse_archive(path)
        return _spreadsheet(path, is_email_column)
    if start.startswith((b"\xd0\xcf\x11\xe0", b"%PDF")):
        raise WrongInput("is an old spreadsheet or a PDF", do="save it as XLSX or CSV", place=str(path))
    if start.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"(\xb5/\xfd")):
        raise WrongInput("is compressed", do="unpack it first", place=str(path))
    text = TextFile(path)
    pieces = (piece for block in text.blocks(BLOCK) for piece in block.splitlines())
    first = next((piece.strip() for piece in pieces if piece.strip()), "")
    if not first:
        raise WrongInput("is empty", do="name a file with people in it", place=str(path))
    if first.startswith(("{", "[")):
        return json_source(text, is_email_column)
    if first.upper() == "BEGIN:VCARD":
        raise WrongInput("is a file of vCards", do="export the contacts as CSV", place=str(path))
    if _is_sympa(text):
        return _sympa(text)
    return _delimited(text, is_email_column)


def _delimited(text: TextFile, is_email_column: IsEmailColumn) -> Source:
    form = delimited.look(text, is_email_column)
    detail = f"{text.encoding.name}, {'tab' if form.delimiter == chr(9) else form.delimiter}"
    if form.header is not None:
        columns = tuple(map(clean_column, form.header))
    else:
        addressed = [index for index, cell in enumerate(form.first) if "@" in cell]
        if len(form.first) == 1 or len(addressed) > 1:
            return _address_list(text)
        columns = _made_up(len(form.first), addressed[0])
        detail += ", no header"
    found = delimited.addressed(columns, form.sample)
    return Source("delimited", columns, lambda: delimited.read(text, form, columns), text.share, detail, found)


def _made_up(width: int, address: int) -> tuple[str, ...]:
    """Columns of a file without a header: beside an address alone stands a name."""
    others = "name" if width == 2 else ""
    return tuple("email" if index == address else others or f"column {index + 1}" for index in range(width))


# --- address lists -----------------------------------------------------------------------------------------------

_LISTED = re.compile(r'(?:"[^"]*"|[^,;<"])*<[^>]*>|[^,;\s]+@[^,;\s]+')
_PLAIN_THEN_NAME = re.compile(r"([^\s<>,;\"]+@[^\s<>,;\"]+)[ \t]+([^@<>,;]+)")


def _address_list(text: TextFile) -> Source:
    """One address a line, or several between commas; `Name <address>`, or `address Name` as Sympa's review writes it."""
    columns = ("email", "name")

    def records() -> Iterator[Record]:
        for line, written in enumerate(map(str.strip, text.lines()), start=1):
            if written and not written.startswith("#"):
                for cells in _listed(written):
                    yield Record(line, columns, cells)

    return Source("addresses", columns, records, text.share, text.encoding.name)


def _listed(written: str) -> list[tuple[str, str]]:
    named = _PLAIN_THEN_NAME.fullmatch(written)
    if named is not None:
        name = named[2].strip()
        return [(named[1], name[1:-1] if name.startswith("(") and name.endswith(")") else name)]
    parts = _LISTED.findall(written)
    # What is no list of addresses is one row, to be refused under its own line.
    return [(part.strip(" ,;"), "") for part in (parts if len(parts) > 1 else [written])]


# --- Sympa -------------------------------------------------------------------------------------------------------


def _is_sympa(text: TextFile) -> bool:
    """`sympa.pl --dump` writes paragraphs of `key value`, with an `email` in each."""
    first = [line.strip() for line in islice(text.lines(), SAMPLE)]
    keys = [line.split(" ", 1)[0] for line in first if " " in line]
    return "email" in keys and all(re.fullmatch(r"[a-z_]+( .*)?", line) for line in first if line)


def _sympa(text: TextFile) -> Source:
    def records() -> Iterator[Record]:
        found: dict[str, str] = {}
        start = 0
        for line, written in enumerate(chain(text.lines(), [""]), start=1):
            key, _, value = written.strip().partition(" ")
            if key:
                start = start if found else line
                found[key] = value.strip()
            elif found:
                yield Record(start, tuple(found), list(found.values()))
                found = {}

    columns = next((record.columns for record in records()), ())
    return Source("sympa", columns, records, text.share, text.encoding.name)


# --- spreadsheets ------------------------------------------------------------------------------------------------


def _spreadsheet(path: Path, is_email_column: IsEmailColumn) -> Source:
    name, head = _sheet_of_people(path, is_email_column)
    header = delimited.header_index([cells for _, cells in head], is_email_column)
    columns: tuple[str, ...]
    if header is not None:
        columns = tuple(map(clean_column, head[header][1]))
        while columns and not columns[-1]:
            columns = columns[:-1]
    else:
        first = head[0][1]
        columns = _made_up(len(first), next(index for index, cell in enumerate(first) if "@" in cell))
    last_of_header = head[header][0] if header is not None else 0

    def records() -> Iterator[Record]:
        for _, line, cells in _spreadsheet_rows(path, only=name):
            if line > last_of_header:
                yield delimited.long_record(line, columns, cells)

    below = [cells for line, cells in head if line > last_of_header]
    return Source("xlsx", columns, records, lambda: 0.0, "XLSX", delimited.addressed(columns, below))


def _sheet_of_people(path: Path, is_email_column: IsEmailColumn) -> tuple[str, list[tuple[int, list[str]]]]:
    """The sheet that is read, and its first filled rows: the one with addresses, else the first that holds anything."""
    heads: dict[str, list[tuple[int, list[str]]]] = {}
    for sheet, line, cells in _spreadsheet_rows(path, limit=SAMPLE):
        heads.setdefault(sheet, []).append((line, cells))
    if not heads:
        raise WrongInput("is empty", do="name a file with people in it", place=str(path))
    people = [name for name, head in heads.items() if _holds_people([cells for _, cells in head], is_email_column)]
    if len(people) > 1:
        raise WrongInput(
            f"holds people in {len(people)} sheets: {shown(people)}",
            do="save each as a file of its own and import them one by one, for a sheet's name may tell who has left",
            place=str(path),
        )
    name = people[0] if people else next(iter(heads))
    return name, heads[name]


def _holds_people(rows: list[list[str]], is_email_column: IsEmailColumn) -> bool:
    header = delimited.header_index(rows, is_email_column)
    if header is None or any(map(is_email_column, rows[header])):
        return True
    return bool(delimited.addressed(rows[header], rows[header + 1 :]))


def _refuse_archive(path: Path) -> None:
    """Mailchimp hands one out: in which of its files somebody stands tells whether they left."""
    try:
        with ZipFile(path) as archive:
            names = archive.namelist()
    except BadZipFile:  # whoever reads it as a spreadsheet says what is wrong
        return
    inside = [name for name in names if name.casefold().endswith(LISTS)]
    if inside:
        raise WrongInput(
            f"is an archive that holds {shown(inside)}",
            do="unpack it, and import each file by itself under its own name, which may tell who has left",
            place=str(path),
        )


def _spreadsheet_rows(
    path: Path, *, only: str | None = None, limit: int | None = None
) -> Iterator[tuple[str, int, list[str]]]:
    """The filled rows of every sheet or of one, each with its sheet's name and its line; `limit` of a sheet."""
    # Only where there is a spreadsheet: it brings 25 MB into every process, workers too.
    from openpyxl import load_workbook  # noqa: PLC0415
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    # As a file and not by its name: openpyxl refuses a spreadsheet that is called otherwise.
    with path.open("rb") as file:
        try:
            book = load_workbook(file, read_only=True, data_only=True)
        except (BadZipFile, InvalidFileException, KeyError, OSError, ValueError) as error:
            raise WrongInput(
                f"is no spreadsheet that can be read: {error}", do="save it as CSV", place=str(path)
            ) from error
        line = 0
        try:
            for name in book.sheetnames if only is None else [only]:
                for line, cells in islice(_filled_rows(book, name), limit):
                    yield name, line, cells
        except (BadZipFile, ParseError, KeyError, OSError, ValueError, EOFError, zlib.error) as error:
            raise WrongInput(
                f"is damaged after line {line}: {error}",
                do="open it in a spreadsheet program, save it anew, and import it again",
                place=str(path),
            ) from error
        finally:
            book.close()


def _filled_rows(book: "Workbook", name: str) -> Iterator[tuple[int, list[str]]]:
    for sheet in book.worksheets:  # a sheet of charts has no rows, and is none of these
        if sheet.title == name:
            sheet.reset_dimensions()  # some programs write wrong ones
            for line, row in enumerate(sheet.iter_rows(values_only=True), start=1):
                cells = [_cell_text(cell) for cell in row]
                if any(cells):
                    yield line, cells


def _cell_text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime) and cell.time() == time():
        cell = cell.date()  # a spreadsheet knows no day without a time
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    return unguarded(str(cell).replace("\0", "").replace("_x000D_", "").strip())
