"""A storm of one-click POSTs against a bare endpoint of the same framework that does one indexed UPDATE, in one run.

    python benchmarks/one_click.py [POSTS] [sqlite|postgresql]...

After a large send mail programs leave for their people all at once: POSTS connections are opened together, each sends one
request and waits for its answer. Both servers are processes of their own, served as `mailer web` serves; the rounds alternate.
Every POST must be answered 200, and afterwards every person must have left, or the run fails.
"""

import asyncio
import contextlib
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fastapi import FastAPI
from sqlalchemy import create_engine, event, text
from starlette.responses import PlainTextResponse

from mailer.app import open_app
from mailer.base.database import Database
from mailer.base.tokens import Keys, Purpose
from mailer.cli.serve import serving
from mailer.web import create_app
from subscribers import add_audience, import_file
from tests.support.database import migrate
from tests.support.postgres import PostgresServer

SECRET = "a key of the benchmark, long enough"  # noqa: S105
ROUNDS = 5


def bare_app(url: str) -> FastAPI:
    """One indexed UPDATE in a transaction, and nothing else."""
    web = FastAPI()
    engine = create_engine(url, **({} if url.startswith("sqlite") else {"pool_size": 10, "max_overflow": 10}))
    if url.startswith("sqlite"):

        @event.listens_for(engine, "connect")
        def _set_up(connection: object, _entry: object) -> None:
            for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000"):
                connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]

    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE bare (id BIGINT PRIMARY KEY, state TEXT, since TEXT)"))

    @web.post("/fill/{count}")
    def fill(count: int) -> None:
        with engine.begin() as connection:
            rows = [{"id": number} for number in range(count)]
            connection.execute(text("INSERT INTO bare VALUES (:id, 'subscribed', '')"), rows)

    @web.post("/bare/{person}")
    def leave(person: int) -> PlainTextResponse:
        with engine.begin() as connection:
            connection.execute(
                text("UPDATE bare SET state = 'unsubscribed', since = :now WHERE id = :id"),
                {"id": person, "now": str(datetime.now(UTC))},
            )
        return PlainTextResponse("You are unsubscribed.")

    return web


def serve(make: Callable[[], FastAPI], told: Connection) -> None:
    with serving(make(), "127.0.0.1", 0) as address:
        told.send(address)
        told.recv()


@contextlib.contextmanager
def served(make: Callable[[], FastAPI]) -> Iterator[str]:
    """A server process for the time of the block."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=serve, args=(make, there))
    process.start()
    try:
        yield here.recv()
    finally:
        here.send("stop")
        process.join(timeout=20)


async def post(port: int, path: str) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = b"List-Unsubscribe=One-Click"
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    writer.write(head.encode() + body)
    answer = await reader.read()
    writer.close()
    return int(answer.split(b" ", 2)[1])


async def storm(address: str, paths: list[str]) -> float:
    """POSTs a second."""
    port = int(address.rpartition(":")[2])
    start = time.perf_counter()
    codes = await asyncio.gather(*(post(port, path) for path in paths))
    seconds = time.perf_counter() - start
    assert set(codes) == {200}, codes
    return len(paths) / seconds


def workspace(folder: Path, url: str, people: int) -> Path:
    """A workspace with people in it who can leave."""
    home = folder / "workspace"
    home.mkdir()
    (home / "mailer.toml").write_text(f'[database]\nurl = "{url}"\n')
    (home / "secrets.toml").write_text(f"[secret]\nkeys = {json.dumps([SECRET])}\n")
    migrate(url)
    database = Database(url)
    with database.begin() as session:
        add_audience(session, "academic", "Academic")
        add_audience(session, "industry", "Industry")
    path = folder / "people.csv"
    path.write_text("email\n" + "".join(f"person{number}@example.org\n" for number in range(people)))
    import_file(
        database, path, keys=Keys([SECRET]), audience_slugs=["academic", "industry"], consent="yes", status="subscribed",
        now=datetime.now(UTC), actor="benchmark",
    )  # fmt: skip
    database.close()
    return home


def left(url: str) -> int:
    database = Database(url)
    with database.read() as session:
        count = session.execute(text("SELECT count(*) FROM subscribers WHERE status = 'unsubscribed'")).scalar_one()
    database.close()
    return int(count)


def measure(kind: str, folder: Path, url: str, bare_url: str, posts: int) -> None:
    home = workspace(folder, url, posts * ROUNDS)
    keys = Keys([SECRET])
    rates: dict[str, list[float]] = {"bare": [], "one-click": []}
    with served(lambda: bare_app(bare_url)) as bare, served(lambda: create_app(open_app(home))) as ours:
        asyncio.run(storm(bare, [f"/fill/{posts}"]))
        for turn in range(ROUNDS):
            rates["bare"].append(asyncio.run(storm(bare, [f"/bare/{number}" for number in range(posts)])))
            people = range(1 + turn * posts, 1 + (turn + 1) * posts)
            paths = [f"/unsubscribe/{keys.sign(Purpose.UNSUBSCRIBE, person, 0)}" for person in people]
            rates["one-click"].append(asyncio.run(storm(ours, paths)))
    assert left(url) == posts * ROUNDS, "somebody's leaving was lost"
    ratios = [ours / bare for bare, ours in zip(rates["bare"], rates["one-click"], strict=True)]
    shown = ", ".join(f"{name} {statistics.median(rate):.0f}/s" for name, rate in rates.items())
    print(
        f"{kind}: {shown}; ratio {statistics.median(ratios):.2f} (of {', '.join(f'{ratio:.2f}' for ratio in ratios)})"
    )


def main() -> None:
    posts = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    kinds = sys.argv[2:] or ["sqlite", "postgresql"]
    os.environ.pop("MAILER_HOME", None)
    for kind in kinds:
        with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
            folder = Path(name)
            if kind == "sqlite":
                measure("SQLite", folder, f"sqlite:///{folder / 'ours.db'}", f"sqlite:///{folder / 'bare.db'}", posts)
                continue
            server = PostgresServer.start()
            stack.callback(server.stop)
            measure("PostgreSQL", folder, server.create("ours"), server.create("bare"), posts)


if __name__ == "__main__":
    main()
