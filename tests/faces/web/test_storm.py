"""After a large send mail programs leave for their people by the thousand, all at once: none is lost."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep
from urllib.parse import urlsplit

import pytest
import uvicorn
from sqlalchemy import func, select

from mailer.app import App, open_app
from mailer.base.tokens import Purpose
from mailer.web import create_app
from subscribers import audiences, people
from subscribers.models import Subscription
from tests.faces.web.builders import SETTINGS

PEOPLE = 1_000


@pytest.fixture
def served(tmp_path: Path, database_url: str) -> Iterator[tuple[App, str]]:
    """A workspace on each database, served on a real port."""
    (tmp_path / "mailer.toml").write_text(SETTINGS.format(url=database_url), encoding="utf-8")
    (tmp_path / "secrets.toml").write_text('[secret]\nkeys = ["a key for the tests of a storm"]\n', encoding="utf-8")
    app = open_app(tmp_path)
    server = uvicorn.Server(uvicorn.Config(create_app(app), port=0, log_config=None, access_log=False, backlog=1024))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        sleep(0.01)
    yield app, f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)
    app.close()


async def press(host: str, port: int, path: str) -> bytes:
    """One press over a connection of its own, in bare HTTP: a client library takes longer over it than the server; the answer."""
    reader, writer = await asyncio.open_connection(host, port)
    body = b"List-Unsubscribe=One-Click"
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
    writer.write(head.encode() + b"Content-Type: application/x-www-form-urlencoded\r\n\r\n" + body)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def press_all(url: str, paths: list[str]) -> Counter[bytes]:
    """All of them at once; how often each status was answered."""
    parts = urlsplit(url)
    answers = await asyncio.gather(*(press(parts.hostname or "", parts.port or 0, path) for path in paths))
    return Counter(answer[9:12] for answer in answers)


def test_a_storm_of_one_clicks_loses_none(served: tuple[App, str]) -> None:
    app, url = served
    with app.database.begin() as session:
        audiences.add_audience(session, "academic", "Academic")
        persons = [
            people.add_person(
                session, f"p{number}@maths.test", audience_slugs=["academic"], status="subscribed", consent="w",
                source="tests", now=app.clock(),
            )
            for number in range(PEOPLE)
        ]  # fmt: skip
    paths = [f"/unsubscribe/{app.keys.sign(Purpose.UNSUBSCRIBE, person, 0)}" for person in persons]

    with ThreadPoolExecutor(1) as thread:  # not in this one: a browser that is open for other tests has a loop here
        statuses = thread.submit(lambda: asyncio.run(press_all(url, paths))).result()

    assert statuses == {b"200": PEOPLE}
    with app.database.read() as session:
        left = session.scalar(select(func.count()).where(Subscription.state == "unsubscribed"))
    assert left == PEOPLE
