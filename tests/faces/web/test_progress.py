"""The frame in a campaign's page that tells how far it is."""

from datetime import timedelta

from fastapi.testclient import TestClient
from sqlalchemy import update

from mailer import campaigns, delivery
from mailer.app import App
from mailer.content import StoredFiles, read_files
from mailer.delivery.models import Batch, Delivery
from tests.faces.web.builders import a_person, text_of


def test_it_says_who_is_held_back_until_when_and_why(app: App, manager: TestClient) -> None:
    for number in range(4):
        a_person(app, f"p{number}@x.test", "academic")
    now = app.clock()
    with app.database.begin() as session:
        issue = read_files(StoredFiles({"issue.md": b"---\nsubject: Hello\n---\n\nHello.\n"}), "issue.md")
        revision_id = campaigns.store_revision(session, issue, now=now, author="tests")
        name = campaigns.create(session, revision_id, audiences=["academic"], now=now, actor="tests")
        campaigns.schedule(
            session, name, send_at=now, zone="UTC", now=now, actor="tests",
            frame=app.frame(session), accept_warnings=True,
        )  # fmt: skip
        campaigns.due(session, now=now, grace=timedelta(hours=6))
    delivery.prepare(app.database, name, clock=app.clock)
    assert "held back" not in manager.get(f"/campaigns/{name}/progress").text

    with app.database.begin() as session:
        session.execute(update(Batch).values(fence=1))
        held = update(Delivery).where(Delivery.number > 1)
        session.execute(held.values(reason="held: x.test takes nothing: 451 later", due_at=now + timedelta(minutes=9)))

    shown = text_of(manager.get(f"/campaigns/{name}/progress").text)
    assert "3 held back, the first until " in shown
    assert "x.test takes nothing: 451 later" in shown
