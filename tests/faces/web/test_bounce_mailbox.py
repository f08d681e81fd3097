"""Whether the bounce mailbox can be read: on the overview, in the metrics and among the settings."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from mailer.app import App
from mailer.worker import tasks

PASSWORD = "hunter2"


@pytest.fixture(autouse=True)
def _set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILER_BOUNCE_URL", f"imap://ada:{PASSWORD}@127.0.0.1:1")


def test_a_mailbox_that_cannot_be_read_is_told_until_it_can(app: App, manager: TestClient) -> None:
    assert "bounce mailbox" not in manager.get("/").text
    assert "mailer_bounce_mailbox_failing_seconds " in manager.get("/metrics").text

    tasks.JOBS["poll_bounces"](app, 0)

    page = manager.get("/").text
    assert "The bounce mailbox cannot be read" in page
    assert "Connection refused" in page
    assert PASSWORD not in page
    figure = manager.get("/metrics").text.partition("\nmailer_bounce_mailbox_failing_seconds ")[2].partition("\n")[0]
    assert 0 <= float(figure) < 60


def test_the_settings_page_shows_where_it_lies_without_the_password(manager: TestClient) -> None:
    page = manager.get("/settings").text
    assert "imap://•••@127.0.0.1:1" in page
    assert PASSWORD not in page


def test_a_mailbox_that_is_read_by_hand_is_not_read_by_itself(
    app: App, manager: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounce = app.settings.bounce.model_copy(update={"every": timedelta(0)})
    monkeypatch.setattr(app, "settings", app.settings.model_copy(update={"bounce": bounce}))
    tasks.JOBS["poll_bounces"](app, 0)
    assert "bounce mailbox" not in manager.get("/").text
