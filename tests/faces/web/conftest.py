"""A workspace with three audiences and a few people, the web part over it, and clients that speak to it without a socket."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from mailer import accounts
from mailer.app import App, open_app
from mailer.base.hints import Hint
from mailer.web import create_app
from mailer.worker import tasks
from subscribers import audiences
from tests.faces.web.builders import SETTINGS, a_token
from tests.faces.web.drafted import draft, write_issue

BASE = "http://testserver"


@pytest.fixture
def web_database_url(sqlite_url: str) -> str:
    """Where the workspace keeps everything; a module that is about PostgreSQL says so."""
    return sqlite_url


@pytest.fixture
def app(tmp_path: Path, web_database_url: str) -> Iterator[App]:
    """An open workspace."""
    home = tmp_path / "workspace"
    home.mkdir(exist_ok=True)  # a test may have put templates of its own there
    (home / "mailer.toml").write_text(SETTINGS.format(url=web_database_url), encoding="utf-8")
    (home / "secrets.toml").write_text('[secret]\nkeys = ["a key for the tests of the web"]\n', encoding="utf-8")
    opened = open_app(home)
    with opened.database.begin() as session:
        for slug in ("academic", "industry", "outreach"):
            audiences.add_audience(session, slug, slug.title(), description=f"For {slug} readers")
        audiences.add_audience(session, "board", "Board", is_public=False)
    opened.database.queue = lambda hints: _work(opened, hints)
    yield opened
    opened.close()


def _work(app: App, hints: Sequence[Hint]) -> None:
    """A worker that carries sign-ups out at once; mail waits."""
    for job, subject_id in hints:
        if job == "sign_up":
            tasks.JOBS[job](app, subject_id)


@pytest.fixture
def client(app: App) -> Iterator[TestClient]:
    """Somebody with a browser, not signed in; redirects are shown, not followed."""
    with TestClient(create_app(app), base_url=BASE, follow_redirects=False) as opened:
        yield opened


@pytest.fixture
def manager(app: App, client: TestClient) -> TestClient:
    """The same browser, signed in."""
    with app.database.begin() as session:
        account = accounts.add_user(session, "helena@maths.test", name="Helena", now=app.clock())
        client.cookies.set("mailer", accounts.new_session(session, account.id, now=app.clock()))
    return client


@pytest.fixture
def script(app: App, client: TestClient) -> TestClient:
    """A client with a token for everything."""
    client.headers["authorization"] = f"Bearer {a_token(app)}"
    return client


@pytest.fixture
def issue(manager: TestClient) -> str:
    """The address of an issue that was written in the editor."""
    return write_issue(manager)


@pytest.fixture
def campaign(app: App, manager: TestClient, issue: str) -> str:
    """The address of a draft that sends it to two people."""
    return draft(app, manager, issue)
