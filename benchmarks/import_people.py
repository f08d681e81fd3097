"""An import of many people against the barest way in: `executemany` (SQLite) or COPY (PostgreSQL) of the same file.

    python benchmarks/import_people.py [ROWS] [sqlite|postgresql]...

The bare table has an id and a unique address, and takes the columns as they stand: no checks, no consent, no subscriptions.
"""

import csv
import random
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
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


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def write_people(path: Path, rows: int) -> None:
    random.seed(1)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["email", "name", "city"])
        for number in range(rows):
            city = random.choice(["Bath", "London", "Oxford", ""])
            writer.writerow(
                [f"person{random.randrange(10**12)}.{number}@example{number % 500}.org", f"P {number}", city]
            )


def bare_sqlite(path: Path, folder: Path) -> None:
    with sqlite3.connect(folder / "bare.db") as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("CREATE TABLE p (id INTEGER PRIMARY KEY, email TEXT UNIQUE, name TEXT, city TEXT)")
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.reader(file)
            next(rows)
            connection.executemany("INSERT INTO p (email, name, city) VALUES (?, ?, ?)", rows)
    connection.close()


def bare_postgres(path: Path, url: str) -> None:
    with psycopg.connect(
        make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    ) as connection:
        connection.execute("CREATE TABLE p (id bigserial PRIMARY KEY, email text UNIQUE, name text, city text)")
        copy_in = "COPY p (email, name, city) FROM STDIN WITH (FORMAT csv, HEADER)"
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
        path = folder / "people.csv"
        write_people(path, rows)
        if "sqlite" in kinds:
            url = f"sqlite:///{folder / 'ours.db'}"
            prepare(url)
            tell("SQLite", timed(lambda: bare_sqlite(path, folder)), timed(lambda: ours(path, url)))
        if "postgresql" in kinds:
            server = PostgresServer.start()
            try:
                url = server.create("ours")
                prepare(url)
                bare_url = server.create("bare")
                tell("PostgreSQL", timed(lambda: bare_postgres(path, bare_url)), timed(lambda: ours(path, url)))
            finally:
                server.stop()


if __name__ == "__main__":
    main()
