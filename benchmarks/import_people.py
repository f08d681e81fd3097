"""An import of many people against the barest way in: `executemany` (SQLite) or COPY (PostgreSQL) of the same file.

    python benchmarks/import_people.py [ROWS] [sqlite|postgresql]...

The bare table has an id and a unique address, and takes the columns as they stand: no checks, no consent, no subscriptions.
There are two files: the second tells of each person when they agreed.
"""

import csv
import random
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import psycopg
from sqlalchemy.engine import make_url

from mailer.base.database import Database
from mailer.base.tokens import Keys
from subscribers import add_audience, import_file
from tests.support.database import migrate
from tests.support.postgres import PostgresServer

KEYS = Keys(["a key of the benchmark, long enough"])
FIRST_CONSENT = datetime(2015, 1, 1, tzinfo=UTC)
TEN_YEARS = 3653 * 86400


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def people(rows: int) -> Iterator[tuple[str, str, str]]:
    random.seed(1)
    for number in range(rows):
        city = random.choice(["Bath", "London", "Oxford", ""])
        yield f"person{random.randrange(10**12)}.{number}@example{number % 500}.org", f"P {number}", city


def write_files(folder: Path, rows: int) -> dict[str, Path]:
    """Files of the same people, by what is particular to each; times of consent are written as Mailchimp does."""
    plain, told = folder / "people.csv", folder / "consents.csv"
    with plain.open("w", newline="", encoding="utf-8") as first, told.open("w", newline="", encoding="utf-8") as second:
        plain_rows, told_rows = csv.writer(first), csv.writer(second)
        plain_rows.writerow(["email", "name", "city"])
        told_rows.writerow(["email", "name", "city", "confirm_time"])
        for person in people(rows):
            plain_rows.writerow(person)
            consented_at = FIRST_CONSENT + timedelta(seconds=random.randrange(TEN_YEARS))
            told_rows.writerow([*person, f"{consented_at:%Y-%m-%d %H:%M:%S}"])
    return {"": plain, " with times of consent": told}


def columns(path: Path) -> list[str]:
    with path.open(newline="", encoding="utf-8") as file:
        return next(csv.reader(file))


def bare_sqlite(path: Path, database: Path) -> None:
    names = columns(path)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        others = "".join(f", {name} TEXT" for name in names[1:])
        connection.execute(f"CREATE TABLE p (id INTEGER PRIMARY KEY, email TEXT UNIQUE{others})")
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.reader(file)
            next(rows)
            marks = ", ".join("?" * len(names))
            connection.executemany(f"INSERT INTO p ({', '.join(names)}) VALUES ({marks})", rows)


def bare_postgres(path: Path, url: str) -> None:
    names = columns(path)
    with psycopg.connect(
        make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    ) as connection:
        others = "".join(f", {name} text" for name in names[1:])
        connection.execute(f"CREATE TABLE p (id bigserial PRIMARY KEY, email text UNIQUE{others})")
        copy_in = f"COPY p ({', '.join(names)}) FROM STDIN WITH (FORMAT csv, HEADER)"
        with connection.cursor().copy(copy_in) as copy, path.open("rb") as file:
            while block := file.read(1 << 16):
                copy.write(block)


def ours(path: Path, url: str) -> None:
    database = Database(url)
    report = import_file(
        database, path, keys=KEYS, audience_slugs=["academic"], consent="yes", status="subscribed",
        now=datetime.now(UTC), actor="benchmark",
    )  # fmt: skip
    assert report.created == report.read
    database.close()


def prepare(url: str) -> None:
    migrate(url)
    database = Database(url)
    with database.begin() as session:
        add_audience(session, "academic", "Academic")
    database.close()


def tell(kind: str, bare: float, full: float) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{kind}: bare {bare:.1f} s, import {full:.1f} s, ratio {full / bare:.2f}; peak memory {peak:.0f} MB")


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    kinds = sys.argv[2:] or ["sqlite", "postgresql"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = write_files(folder, rows)
        for what, path in files.items() if "sqlite" in kinds else ():
            url = f"sqlite:///{path.with_suffix('.ours')}"
            prepare(url)
            bare_time = timed(partial(bare_sqlite, path, path.with_suffix(".bare")))
            tell(f"SQLite{what}", bare_time, timed(partial(ours, path, url)))
        for what, path in files.items() if "postgresql" in kinds else ():
            server = PostgresServer.start()
            try:
                url, bare_url = server.create("ours"), server.create("bare")
                prepare(url)
                bare_time = timed(partial(bare_postgres, path, bare_url))
                tell(f"PostgreSQL{what}", bare_time, timed(partial(ours, path, url)))
            finally:
                server.stop()


if __name__ == "__main__":
    main()
