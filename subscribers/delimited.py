"""Delimited text -> rows of cells: finds the delimiter and the header, and survives ragged rows and stray quotes."""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, NamedTuple

from subscribers.encodings import TextFile
from subscribers.formulas import unguarded

CELL_LIMIT = 1 << 20  # signs; what is larger is a quote that was never closed
SHOWN = 200  # of a line that is too long, in the rejected rows
LINES_OF_A_ROW = 50  # a row of more lines is a quote that was never closed
DELIMITERS = (",", ";", "\t", "|")
SAMPLE = 30  # records that are looked at to know the file
csv.field_size_limit(CELL_LIMIT)


class Record(NamedTuple):
    """One row: the line it begins at, its cells, and the columns they stand under (JSON names them anew in each)."""

    line: int
    columns: tuple[str, ...]
    cells: Sequence[Any]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Delimited:
    """How a file of delimited text is to be read; `header` None: it has none. `sample` are its first rows below that."""

    delimiter: str
    skip: int
    header: list[str] | None
    first: list[str]
    sample: list[list[str]]


def look(text: TextFile, is_email_column: Callable[[str], bool]) -> Delimited:
    """Find out how a file is delimited and whether it has a header."""
    sample = list(islice(text.lines(), SAMPLE * 4))
    told = re.fullmatch(r"sep=(.)\s*", sample[0])  # a line that Excel understands
    delimiter = told[1] if told else _delimiter(sample, is_email_column)
    skip = 1 if told else 0
    rows = (row for row in _sampled(sample[skip:], delimiter) if not _is_remark(row))
    head = list(islice(rows, SAMPLE)) or [sample]
    index = header_index(head, is_email_column)
    header, below = (None, 0) if index is None else (head[index], index + 1)
    return Delimited(delimiter, skip, header, head[0], head[below:])


def read(text: TextFile, form: Delimited, columns: tuple[str, ...]) -> Iterator[Record]:
    """The rows below the header."""
    rows = _rows(text, form.delimiter, form.skip, columns)
    if form.header is not None:
        for record in rows:
            if record.cells == form.header:
                break
    return rows


def long_record(line: int, columns: tuple[str, ...], cells: list[str]) -> Record:
    """A row with more cells than columns: a fault where there is something in them."""
    surplus = len(cells) - len(columns)
    if surplus > 0 and _is_filled(cells[len(columns) :]):
        return Record(line, columns, cells, f"{surplus} cell{'s' if surplus > 1 else ''} too many")
    return Record(line, columns, cells)


def header_index(rows: list[list[str]], is_email_column: Callable[[str], bool]) -> int | None:
    """Which row is the header; None where the first row already holds an address. Titles may stand above a header."""
    for index, row in enumerate(rows[:5]):
        if any(is_email_column(cell) for cell in row):
            return index
    return None if rows and any("@" in cell for cell in rows[0]) else 0


def addressed(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The one column that holds addresses in most of these rows; empty where there is none, or more than one."""
    found = []
    for index, column in enumerate(columns):
        filled = [row[index] for row in rows if len(row) > index and row[index].strip()]
        if 2 * sum("@" in cell for cell in filled) > len(filled):
            found.append(column)
    return found[0] if len(found) == 1 else ""


def clean_column(cell: str) -> str:
    """The name of a column, blanks made plain."""
    return " ".join(cell.replace("\ufeff", "").split())


def _rows(text: TextFile, delimiter: str, skip: int, columns: tuple[str, ...]) -> Iterator[Record]:
    """The rows that are not blank, with the line each begins at.

    A quote that is never closed would swallow the rest of the file: then its lines are read one by one, quotes being letters.
    """
    ended: list[bool] = []
    lines = chain(islice(text.lines(), skip, None), _noting(ended))
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    may_be_guarded = text.encoding.has_guards
    width = len(columns)
    # A second look, which goes on from where it stopped: a file may have thousands of rows that are too long.
    again, seen = enumerate(text.lines(), start=1), 0
    before = 0
    while True:
        try:
            cells = next(reader)
            # Who asks for a line that is not there any more was within a quote.
            is_swallowed = reader.line_num - before > LINES_OF_A_ROW or (bool(ended) and any(cells))
        except StopIteration:
            return
        except csv.Error:
            cells, is_swallowed = [], True
        if is_swallowed:
            stop = skip + reader.line_num
            yield from _one_by_one(islice(again, skip + before - seen, stop - seen), delimiter, columns)
            seen = stop
        elif any(cells) and (not cells[0].isspace() or _is_filled(cells)):
            if may_be_guarded:
                cells = list(map(unguarded, cells))
            line = skip + before + 1
            if reader.line_num - before > 1 and _holds_rows(cells, delimiter, width):
                yield Record(line, columns, cells, "has a quote that is not closed, and whole rows within it")
                before = reader.line_num
                continue
            yield Record(line, columns, cells) if len(cells) <= width else long_record(line, columns, cells)
        before = reader.line_num


def _noting(ended: list[bool]) -> Iterator[str]:
    """No line at all; notes that one was asked for."""
    ended.append(True)
    yield from ()


def _holds_rows(cells: list[str], delimiter: str, width: int) -> bool:
    """Whether a cell of several lines holds some that are rows themselves, with an address and as many cells as the file has."""
    inner = (line for cell in cells if "\n" in cell or "\r" in cell for line in cell.splitlines()[1:])
    return width > 1 and any("@" in line and line.count(delimiter) == width - 1 for line in inner)


def _one_by_one(numbered: Iterator[tuple[int, str]], delimiter: str, columns: tuple[str, ...]) -> Iterator[Record]:
    """Lines with their numbers, each a row."""
    for line, written in numbered:
        if len(written) > CELL_LIMIT:
            yield Record(line, columns, [written[:SHOWN]], f"is a line of {len(written):,} signs")
            continue
        row = next(csv.reader([written], delimiter=delimiter, quoting=csv.QUOTE_NONE))
        if _is_filled(row):
            yield long_record(line, columns, [unguarded(cell.strip('"')) for cell in row])


def _sampled(sample: list[str], delimiter: str) -> Iterator[list[str]]:
    """The filled rows of a sample, up to a cell that is too large."""
    try:
        yield from filter(_is_filled, csv.reader(sample, delimiter=delimiter, skipinitialspace=True))
    except csv.Error:
        return


def _delimiter(sample: list[str], is_email_column: Callable[[str], bool]) -> str:
    """The one that makes most columns in the first rows, all alike; a header that names an address column decides."""

    def score(delimiter: str) -> tuple[bool, int, int]:
        rows = list(islice(_sampled(sample, delimiter), SAMPLE))
        widths = [len(row) for row in rows]
        names_address = any(len(row) > 1 and any(map(is_email_column, row)) for row in rows[:5])
        return names_address, sum(1 for width in widths if width == widths[0] > 1), widths[0] if widths else 0

    return max(DELIMITERS, key=score)


def _is_remark(cells: list[str]) -> bool:
    """A line of a list that begins with # and holds nothing else."""
    return len(cells) == 1 and cells[0].lstrip().startswith("#")


def _is_filled(cells: list[str]) -> bool:
    return any(cell and not cell.isspace() for cell in cells)
