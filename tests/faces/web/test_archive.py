"""/archive, /feed.xml, /media, and what operators ask."""

import email
import re
from datetime import timedelta
from email.policy import default
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import feedparser
import pytest
import structlog
from fastapi.testclient import TestClient
from icalendar import Calendar
from sqlalchemy import update

from mailer import campaigns, delivery
from mailer.app import App
from mailer.base.settings import templates_dir
from mailer.base.tokens import Purpose
from mailer.campaigns.models import ReleasedLetter
from mailer.content import StoredFiles, read_files, read_issue
from subscribers import people
from tests.faces.web.builders import text_of

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def published(app: App) -> str:
    """The slug of a campaign of the sample issue that has begun to leave."""
    now = app.clock()
    issue = read_issue(templates_dir() / "sample")
    with app.database.begin() as session:
        revision_id = campaigns.store_revision(session, issue, now=now, author="tests")
        campaign_id = campaigns.create(session, revision_id, audiences=["academic", "outreach"], now=now, actor="tests")
        slug = campaigns.row(session, campaign_id).slug
        campaigns.schedule(
            session,
            campaign_id,
            send_at=now,
            zone="Europe/London",
            now=now,
            actor="tests",
            frame=app.frame(session, slug=slug),
            accept_warnings=True,
            formula_cache=app.formula_cache,
        )
        campaigns.due(session, now=now + timedelta(seconds=1), grace=timedelta(hours=1))
    return slug


@pytest.fixture
def hosting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILER_LETTER_PICTURES", "host")


@pytest.mark.usefixtures("hosting")
def test_a_test_copy_shows_hosted_pictures_before_anything_is_released(app: App, client: TestClient) -> None:
    issue = read_files(StoredFiles({"issue.md": b"# T\n\n$$ x = \\sqrt{y} $$\n"}))
    with app.database.read() as session:
        frame = app.frame(session)
    delivery.test_copies(
        app.relay,
        app.composer,
        issue,
        audiences=(),
        to=["a@x.org"],
        frame=frame,
        keep=app.keep_pictures,
        now=app.clock(),
    )
    (copy,) = (email.message_from_bytes(path.read_bytes(), policy=default) for path in app.mailbox.glob("*.eml"))
    assert [part.get_content_type() for part in copy.iter_parts()] == ["text/plain", "text/html"]
    (_, page) = copy.iter_parts()
    shown = set(re.findall(r'src="http://testserver(/media/[^"]+)"', page.get_content()))
    assert shown
    assert {client.get(address).status_code for address in shown} == {200}


def test_what_was_only_scheduled_is_not_published(client: TestClient) -> None:
    assert "Nothing has been published yet" in client.get("/archive").text
    assert client.get("/archive/anything").status_code == 404


def test_a_published_issue_is_listed_shown_and_in_the_feed(client: TestClient, published: str) -> None:
    assert f'href="/archive/{published}"' in client.get("/archive").text
    page = client.get(f"/archive/{published}")
    assert page.status_code == 200
    assert "<script" not in page.text
    assert "script-src" not in page.headers["content-security-policy"]

    feed = client.get("/feed.xml")
    assert feed.headers["content-type"].startswith("application/atom+xml")
    root = ET.fromstring(feed.text)  # noqa: S314 - made by ourselves
    assert [entry.findtext(f"{ATOM}id") for entry in root.iter(f"{ATOM}entry")] == [
        f"http://testserver/archive/{published}"
    ]
    assert root.findtext(f"{ATOM}updated")
    read = feedparser.parse(feed.content, response_headers={"content-type": feed.headers["content-type"]})
    assert (read.bozo, read.version, read.feed.link) == (False, "atom10", "http://testserver/archive")
    (entry,) = read.entries
    assert entry.link == entry.id == f"http://testserver/archive/{published}"
    sample = read_issue(templates_dir() / "sample")
    assert (entry.title, entry.summary) == (sample.meta.title, sample.meta.preheader)
    assert entry.published_parsed
    assert client.get(urlsplit(entry.link).path).status_code == 200


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Something went wrong on our side"), ("de", "Bei uns ist etwas schiefgegangen")]
)
def test_of_what_can_no_longer_be_read_a_reader_is_told_kindly_and_the_operator_why(
    app: App, client: TestClient, published: str, language: str, said: str
) -> None:
    with app.database.begin() as session:
        session.execute(update(ReleasedLetter).values(content=b"spoilt"))
        reader = people.add_person(session, "ada@x.test", source="test", now=app.clock())
        campaign_id = campaigns.campaign(session, published).id
    view = app.keys.sign(Purpose.VIEW, reader, campaign_id, 1)

    with structlog.testing.capture_logs() as logs:
        for address in (f"/archive/{published}", f"/view/{view}"):
            answer = client.get(address, headers={"accept-language": language})
            assert answer.status_code == 500
            assert said in text_of(answer.text)
            assert "campaign 1" not in text_of(answer.text)

    assert [(entry["log_level"], entry["path_pattern"]) for entry in logs] == [
        ("error", "/archive/{slug}"),
        ("error", "/view/{token}"),
    ]
    for entry, what in zip(logs, ("the web edition", "released letter 1"), strict=True):
        assert entry["error"].startswith(f"{what} of campaign {campaign_id} cannot be read (")
        assert entry["error"].endswith("; see to the database, or restore it from a backup")


def test_pictures_and_calendar_files_of_the_edition_are_there(client: TestClient, published: str) -> None:
    page = client.get(f"/archive/{published}").text
    pictures = set(re.findall(r'(?:src|content)="http://testserver(/media/[^"]+)"', page))
    calendars = set(re.findall(r"http://testserver(/archive/[^\"]+\.ics)", page))
    assert pictures
    assert calendars
    for address in pictures:
        picture = client.get(address)
        assert picture.headers["content-type"].startswith("image/")
        assert "immutable" in picture.headers["cache-control"]
        assert client.head(address).content == b""
    for address in calendars:
        answer = client.get(address)
        assert answer.headers["content-type"].startswith("text/calendar")
        assert Calendar.from_ical(answer.content).walk("VEVENT")
    assert client.get("/media/none.png").status_code == 404
    assert client.get(f"/archive/{published}/none.ics").status_code == 404


def test_operators_are_told_how_it_stands(client: TestClient, published: str) -> None:
    assert client.get("/healthz").text == "ok\n"
    assert client.get("/readyz").status_code == 200
    metrics = client.get("/metrics").text
    assert 'mailer_campaigns{state="preparing"} 1' in metrics
    assert f'mailer_deliveries{{campaign="{published}",state="accepted"}} 0' in metrics
    for line in metrics.splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) .+|[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [\d.]+', line), line


def test_a_head_request_has_the_headers_and_no_body(client: TestClient) -> None:
    for address in ("/subscribe", "/archive", "/healthz", "/static/site.css", "/login"):
        answer = client.head(address)
        assert answer.status_code == 200, address
        assert answer.content == b""
        assert answer.headers["x-content-type-options"] == "nosniff"
