"""The web part on a real port, for a real browser."""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from mailer import accounts
from mailer.app import App, open_app
from mailer.base.hints import Hint
from mailer.base.tables import SubscriberId
from mailer.base.tokens import Purpose
from mailer.web import create_app
from mailer.worker import tasks
from subscribers import audiences, people

SETTINGS = """
[database]
url = "{url}"
[sender]
from = "news@example.org"
name = "Maths News"
postal_address = "1 Gauss Street, Göttingen"
[release]
cooling_off = "0 s"
"""
AUDIENCES = (
    ("academic", "Academic", "Research, publications and workshops"),
    ("industry", "Industry", "Partnerships, applications and events"),
    ("outreach", "Outreach", "Stories, talks and activities for everyone"),
)
SERIOUS = ("serious", "critical")


@dataclass(frozen=True, slots=True)
class Site:
    """A served workspace."""

    app: App
    url: str

    def link(self, purpose: Purpose, *ids: int) -> str:
        """The address of a subscriber's link."""
        return f"{self.url}/{purpose.name.lower()}/{self.app.keys.sign(purpose, *ids)}"

    def sign_in_link(self) -> str:
        """A manager's one-time link."""
        now = self.app.clock()
        with self.app.database.begin() as session:
            account = accounts.add_user(session, "helena@example.org", name="Helena", now=now)
            return f"{self.url}/login/{accounts.login_link(session, account.id, now=now)}"

    def a_person(self, email: str, *slugs: str, name: str = "Ada Ashworth") -> SubscriberId:
        """Somebody who is subscribed to these audiences."""
        with self.app.database.begin() as session:
            return people.add_person(
                session,
                email,
                name=name,
                audience_slugs=slugs,
                status="subscribed",
                consent="asked us at a workshop",
                source="tests",
                keys=self.app.keys,
                now=self.app.clock(),
                actor="tests",
            )

    def states(self, subscriber_id: SubscriberId) -> dict[str, str]:
        """A person's audiences and the states that are shown."""
        with self.app.database.read() as session:
            person = people.person_by_id(session, subscriber_id, now=self.app.clock())
        assert person is not None
        return {membership.slug: membership.state for membership in person.audiences}


@pytest.fixture
def site(tmp_path: Path, sqlite_url: str) -> Iterator[Site]:
    """A workspace with three audiences, served on a free port."""
    home = tmp_path / "workspace"
    home.mkdir()
    (home / "mailer.toml").write_text(SETTINGS.format(url=sqlite_url), encoding="utf-8")
    (home / "secrets.toml").write_text('[secret]\nkeys = ["a key for the tests of the browser"]\n', encoding="utf-8")
    app = open_app(home)
    with app.database.begin() as session:
        for slug, name, description in AUDIENCES:
            audiences.add_audience(session, slug, name, description=description)
    server = uvicorn.Server(uvicorn.Config(create_app(app), port=0, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    app.bind(url)
    app.database.queue = lambda hints: _work(app, hints)
    yield Site(app, url)
    server.should_exit = True
    thread.join(timeout=10)
    app.close()


def _work(app: App, hints: Sequence[Hint]) -> None:
    """A worker that carries sign-ups out and sends notices at once."""
    for job, subject_id in hints:
        if job in ("sign_up", "send_notice"):
            tasks.JOBS[job](app, subject_id)


def serious_findings(page: Page) -> list[str]:
    """What axe-core finds that keeps somebody out."""
    page.wait_for_load_state()  # without its styles a page's links have the browser's own colours
    found = Axe().run(page).response["violations"]
    return [
        f"{finding['id']}: {node['html'][:160]}"
        for finding in found
        if finding["impact"] in SERIOUS
        for node in finding["nodes"]
    ]


def is_as_wide_as_its_window(page: Page) -> bool:
    """Whether nobody has to scroll sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))
