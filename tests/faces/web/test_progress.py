"""The frame in a campaign's page that tells how far it is."""

from datetime import timedelta

from fastapi.testclient import TestClient
from sqlalchemy import update

from mailer.app import App
from mailer.delivery.models import Batch, Delivery
from tests.faces.web.builders import a_frozen_campaign, text_of


def test_it_says_who_is_held_back_until_when_and_why(app: App, manager: TestClient) -> None:
    now = app.clock()
    name = a_frozen_campaign(app, 4, now=now)
    assert "held back" not in manager.get(f"/campaigns/{name}/progress").text

    with app.database.begin() as session:
        session.execute(update(Batch).values(fence=1))
        held = update(Delivery).where(Delivery.number > 1)
        session.execute(held.values(reason="held: x.test takes nothing: 451 later", due_at=now + timedelta(minutes=9)))

    shown = text_of(manager.get(f"/campaigns/{name}/progress").text)
    assert "3 held back, the first until " in shown
    assert "x.test takes nothing: 451 later" in shown
