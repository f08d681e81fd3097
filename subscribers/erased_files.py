"""Uploaded files in which somebody stood who was erased: they lie in the database for up to a week, and are taken away."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from io import BytesIO
from itertools import chain
from xml.sax.saxutils import escape
from zipfile import BadZipFile, ZipFile

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from subscribers.models import Import, ImportPart

BLOCK_BYTES = 1024 * 1024
GONE = "somebody in this file was erased since, and the file with them; upload it anew"
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "cp1252")


def take_out_of_files(session: Session, traces: Collection[str], clean: Callable[[str], str]) -> None:
    """Take files away that hold one of `traces`, and the address out of what was said of them.

    One that is being brought in at this moment too: the work goes on, but its end has nothing to write to any more.
    """
    for row in session.scalars(select(Import).order_by(Import.id).with_for_update()):
        file = ImportPart.import_id == row.id, ImportPart.kind == "file"
        if _holds(session.scalars(select(ImportPart.content).where(*file).order_by(ImportPart.number)), traces):
            session.execute(delete(ImportPart).where(*file))
            row.state, row.error, row.leased_until = "failed", GONE, None
        _clean_refused(session, row.id, clean)
        row.name, row.error = clean(row.name)[:200], clean(row.error)
        row.report = json.loads(clean(json.dumps(row.report, ensure_ascii=False)))
    session.flush()


def _clean_refused(session: Session, import_id: int, clean: Callable[[str], str]) -> None:
    refused = ImportPart.import_id == import_id, ImportPart.kind == "rejected"
    query = select(ImportPart.content).where(*refused).order_by(ImportPart.number)
    text = b"".join(session.scalars(query)).decode("utf-8")
    cleaned = clean(text)
    if cleaned == text:
        return
    session.execute(delete(ImportPart).where(*refused))
    for number, block in enumerate(_blocks(BytesIO(cleaned.encode("utf-8")).read)):
        session.add(ImportPart(import_id=import_id, kind="rejected", number=number, content=block))


def _holds(parts: Iterable[bytes], traces: Collection[str]) -> bool:
    """Whether a text in any encoding, or a spreadsheet, holds one of these, in whatever case."""
    pieces = iter(parts)
    first = next(pieces, b"")
    if not first.startswith(b"PK\x03\x04"):
        return _found(chain([first], pieces), {written for trace in traces for written in _in_every_encoding(trace)})
    escaped = {escape(trace).encode() for trace in traces}
    try:
        with ZipFile(BytesIO(first + b"".join(pieces))) as book:
            for name in book.namelist():
                with book.open(name) as file:
                    if _found(_blocks(file.read), escaped):
                        return True
    except BadZipFile:
        return True  # nobody knows what is in it
    return False


def _in_every_encoding(trace: str) -> Iterator[bytes]:
    for encoding in _ENCODINGS:
        with suppress(UnicodeEncodeError):  # what it cannot write stands in no file of it
            yield trace.encode(encoding)


def _found(blocks: Iterator[bytes], traces: Collection[bytes]) -> bool:
    wanted = {trace.lower() for trace in traces}
    longest = max(map(len, wanted))
    end = b""
    for block in blocks:
        window = end + block.lower()
        if any(trace in window for trace in wanted):
            return True
        end = window[-longest:]
    return False


def _blocks(read: Callable[[int], bytes]) -> Iterator[bytes]:
    while block := read(BLOCK_BYTES):
        yield block
