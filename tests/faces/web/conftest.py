"""A workspace with three audiences and a few people, the web part over it, and clients that speak to it without a socket."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from mailer import accounts
from mailer.app import App, open_app
from mailer.base.hints import Hint
from mailer.base.tables import SubscriberId
from mailer.base.tokens import Purpose
from mailer.web import create_app
from mailer.worker import tasks
from subscribers import audiences, people

BASE = "http://testserver"
SETTINGS = """
[database]
url = "{url}"
[base]
url = "http://testserver"
[sender]
from = "news@maths.test"
name = "Maths News"
postal_address = "1 Gauss Street, Göttingen"
[release]
cooling_off = "0 s"
"""


@pytest.fixture
def app(tmp_path: Path, sqlite_url: str) -> Iterator[App]:
    """An open workspace."""
    home = tmp_path / "workspace"
    home.mkdir(exist_ok=True)  # a test may have put templates of its own there
    (home / "mailer.toml").write_text(SETTINGS.format(url=sqlite_url), encoding="utf-8")
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


def a_token(app: App, *scopes: str, expires_at: datetime | None = None) -> str:
    """A token's secret, good for these scopes or for all."""
    with app.database.begin() as session:
        account = accounts.add_user(session, "robot@maths.test", now=app.clock())
        return accounts.add_token(
            session,
            account.id,
            name="ci",
            scopes=scopes or accounts.SCOPES,
            expires_at=expires_at,
            now=app.clock(),
        )


def a_person(app: App, email: str = "ada@maths.test", *slugs: str, name: str = "Ada") -> SubscriberId:
    """A person who is subscribed to these audiences, or to academic and industry."""
    with app.database.begin() as session:
        return people.add_person(
            session,
            email,
            name=name,
            audience_slugs=slugs or ("academic", "industry"),
            status="subscribed",
            consent="asked us at a workshop",
            source="tests",
            keys=app.keys,
            now=app.clock(),
            actor="tests",
        )


def states(app: App, subscriber_id: SubscriberId) -> dict[str, str]:
    """A person's audiences and the states that are shown."""
    with app.database.read() as session:
        person = people.person_by_id(session, subscriber_id, now=app.clock())
    assert person is not None
    return {membership.slug: membership.state for membership in person.audiences}


def everything(session: Session) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, to show that nothing was changed."""
    from mailer.base.tables import Base

    return {
        table.name: [tuple(row) for row in session.execute(table.select())] for table in Base.metadata.sorted_tables
    }


def link(app: App, purpose: Purpose, *ids: int) -> str:
    """The address of a subscriber's link."""
    return f"/{purpose.name.lower()}/{app.keys.sign(purpose, *ids)}"


def text_of(html: str) -> str:
    """A page's words, without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())
