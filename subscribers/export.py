"""People out of the database: streamed, safe to open in a spreadsheet, and exactly what an import takes back."""

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import IO

from sqlalchemy import ColumnElement

from mailer.base.database import Database
from subscribers.formulas import guarded
from subscribers.people import Person, list_people

PAGE = 1_000
COLUMNS = (
    "email", "name", "status", "language", "zone", "audiences", "attributes", "paused_until", "consented_at", "created_at",
)  # fmt: skip


def export_people(
    database: Database,
    *,
    audience: str | None = None,
    status: str | None = None,
    where: ColumnElement[bool] | None = None,
    now: datetime,
) -> Iterator[Person]:
    """Everyone, or those of an audience, a status or a segment (`where`), by id; a page a transaction, memory flat.

    Raises:
        NotFound: there is no such audience.
    """
    after: int | None = 0
    while after is not None:
        with database.read() as session:
            page = list_people(session, audience=audience, status=status, where=where, after=after, limit=PAGE, now=now)
        yield from page.people
        after = page.next_after


def write_csv(people: Iterable[Person], out: IO[str]) -> int:
    """CSV (RFC 4180) with a header, formulas guarded; how many were written. `out` is opened with `newline=""`."""
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    count = 0
    for person in people:
        writer.writerow([guarded(cell) for cell in _cells(person)])
        count += 1
    return count


def write_json_lines(people: Iterable[Person], out: IO[str]) -> int:
    """One JSON object a line; how many were written."""
    count = 0
    for person in people:
        out.write(json.dumps(person.as_dict(), ensure_ascii=False) + "\n")
        count += 1
    return count


def _cells(person: Person) -> list[str]:
    return [
        person.email,
        person.name,
        person.status,
        person.language,
        person.zone,
        " ".join(f"{membership.slug}:{membership.state}" for membership in person.audiences),
        json.dumps(dict(person.attributes), ensure_ascii=False) if person.attributes else "",
        person.paused_until.isoformat() if person.paused_until else "",
        person.consented_at.isoformat() if person.consented_at else "",
        person.created_at.isoformat(),
    ]
