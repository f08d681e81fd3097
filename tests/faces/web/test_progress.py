"""How far a campaign is, as its page tells it, and the API."""

import json
from datetime import datetime

from fastapi.testclient import TestClient

from mailer import campaigns
from mailer.app import App
from tests.faces.web.builders import a_frozen_campaign, hold_back_all_but_one, text_of
from tests.support.mailer_process import run_mailer


def test_it_says_who_is_held_back_until_when_and_why(app: App, manager: TestClient) -> None:
    now = app.clock()
    name = a_frozen_campaign(app, 4, now=now)
    assert "held back" not in manager.get(f"/campaigns/{name}/progress").text

    hold_back_all_but_one(app, now=now)

    shown = text_of(manager.get(f"/campaigns/{name}/progress").text)
    assert "3 held back, the first until " in shown
    assert "x.test takes nothing: 451 later" in shown


def test_the_api_tells_what_the_command_line_tells(app: App, script: TestClient) -> None:
    now = app.clock()
    name = a_frozen_campaign(app, 4, now=now)
    hold_back_all_but_one(app, now=now)
    with app.database.begin() as session:
        campaigns.note_trouble(session, name, detail="relay smtp.x.test: 421 later")

    told = script.get(f"/api/v1/campaigns/{name}").json()

    assert told["detail"] == "relay smtp.x.test: 421 later"
    assert (told["held_back"]["count"], told["held_back"]["reason"]) == (3, "x.test takes nothing: 451 later")
    assert (told["rate"], told["finishes_at"], told["might_have_got_it_twice"]) == (0.0, None, 0)
    printed = json.loads(run_mailer("campaign", "show", str(name), "--json", home=app.home).stdout)
    assert with_times(told) == with_times(printed)
    (listed,) = json.loads(run_mailer("campaign", "list", "--json", home=app.home).stdout)
    assert with_times(script.get("/api/v1/campaigns").json()["campaigns"][0]) == with_times(listed)


def with_times(value: object) -> object:
    """The same with each time as one, for `Z` and `+00:00` are the same."""
    if isinstance(value, dict):
        return {key: with_times(inner) for key, inner in value.items()}
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return value
