"""After a large send mail programs leave for their people by the hundred, all at once: none is lost."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep

import httpx2
import pytest
import uvicorn
from sqlalchemy import func, select

from mailer.app import App, open_app
from mailer.base.tokens import Purpose
from mailer.web import create_app
from subscribers import audiences
from subscribers.models import Subscription
from tests.faces.web.conftest import SETTINGS, a_person

PEOPLE = 200


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


def test_a_storm_of_one_clicks_loses_none(served: tuple[App, str]) -> None:
    app, url = served
    with app.database.begin() as session:
        audiences.add_audience(session, "academic", "Academic")
    people = [a_person(app, f"p{number}@maths.test", "academic") for number in range(PEOPLE)]
    links = [f"{url}/unsubscribe/{app.keys.sign(Purpose.UNSUBSCRIBE, person, 0)}" for person in people]

    with (
        httpx2.Client(timeout=60, limits=httpx2.Limits(max_connections=100)) as client,
        ThreadPoolExecutor(100) as pool,
    ):
        answers = pool.map(lambda link: client.post(link, data={"List-Unsubscribe": "One-Click"}), links)
        assert Counter(answer.status_code for answer in answers) == {200: PEOPLE}

    with app.database.read() as session:
        left = session.scalar(select(func.count()).where(Subscription.state == "unsubscribed"))
    assert left == PEOPLE
