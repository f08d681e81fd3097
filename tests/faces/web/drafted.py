"""An issue written in the editor and a draft that sends it, and what a test asks of them."""

import re
from datetime import timedelta

from fastapi.testclient import TestClient
from httpx2 import Response

from mailer import campaigns
from mailer.app import App
from tests.faces.web.builders import a_person

TEXT = """---
title: Autumn letter
subject: Autumn, for {{ name | default("you") }}
language: en
audiences: [academic, industry]
---

# Autumn letter

Dear {{ name | default("colleague") }}, everyone reads this.

::: audience academic
Only scholars read this.
:::
"""


def write_issue(manager: TestClient) -> str:
    """An issue that was written in the editor; gives its address."""
    answer = manager.post("/issues", data={"text": TEXT})
    assert answer.status_code == 303
    return answer.headers["location"].partition("?")[0]


def draft(app: App, manager: TestClient, issue: str) -> str:
    """A draft of it for two people of two audiences; gives its address."""
    a_person(app, "ada@maths.test", "academic", "industry")
    a_person(app, "bob@maths.test", "industry", name="Bob")
    form = {"issue": issue.rpartition("/")[2], "audience": ["academic", "industry"]}
    answer = manager.post("/campaigns", data=form)
    assert answer.status_code == 303
    return answer.headers["location"].partition("?")[0]


def the_form(page: str) -> dict[str, object]:
    """The hidden fields of the release form."""
    fields = dict(re.findall(r'<input type="hidden" name="(at|zone|aim)" value="([^"]*)">', page))
    assert set(fields) == {"at", "zone", "aim"}
    return {**fields, "accept": re.findall(r'name="accept" value="([^"]+)"', page)}


def the_row(app: App, campaign: str) -> campaigns.CampaignRow:
    with app.database.read() as session:
        return campaigns.campaign(session, campaign.rpartition("/")[2])


def state(app: App, campaign: str) -> str:
    return the_row(app, campaign).state


def release_in_a_month(app: App, manager: TestClient, campaign: str) -> Response:
    """What the release page answers to whoever releases the draft for a month later and types its two people."""
    later = (app.clock() + timedelta(days=30)).strftime("day=%Y-%m-%d&clock=%H:%M")
    form = the_form(manager.get(f"{campaign}/release?when=at&{later}&zone=UTC").text)
    return manager.post(f"{campaign}/release", data={**form, "number": "2"})
