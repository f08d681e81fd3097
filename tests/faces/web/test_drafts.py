"""A draft is changed until it is released: its text, its recipients; what is released was looked at."""

import re

from fastapi.testclient import TestClient

from mailer import campaigns
from mailer.app import App
from tests.faces.web.drafted import TEXT, release_in_a_month, state, the_form, the_row


def test_a_draft_takes_the_newest_text_when_it_is_told_to(
    app: App, manager: TestClient, issue: str, campaign: str
) -> None:
    manager.post(f"{campaign}/test", data={"to": "me@maths.test"})
    assert the_row(app, campaign).is_tested
    assert "was edited since" not in manager.get(campaign).text
    assert manager.post(issue, data={"text": TEXT.replace("everyone reads this", "all read this")}).status_code == 303

    for page in (campaign, f"{campaign}/release"):
        assert "The issue was edited since." in manager.get(page).text
    assert manager.post(f"{campaign}/newest").headers["location"].startswith(f"{campaign}/release")

    assert not the_row(app, campaign).is_tested, "the copy was one of the old text"
    assert "was edited since" not in manager.get(f"{campaign}/release").text
    with app.database.read() as session:
        assert "all read this" in campaigns.read_revision(session, the_row(app, campaign).revision_id).text


def test_the_recipients_of_a_draft_are_changed(app: App, manager: TestClient, issue: str, campaign: str) -> None:
    for slug, text in (("adas", "email starts with ada"), ("bobs", "email starts with bob")):
        manager.post("/segments", data={"slug": slug, "name": slug.title(), "filter": text})
    form = {
        "aim": the_row(app, campaign).aim,
        "issue": issue.rpartition("/")[2],
        "audience": ["industry"],
        "segment": ["adas"],
        "exclude": ["bobs"],
        "uncertain": "leave",
    }

    assert manager.post(f"{campaign}/edit", data=form).status_code == 303

    row = the_row(app, campaign)
    assert (row.audiences, row.segments, row.excluded, row.uncertain_rule) == (
        ("industry",),
        ("adas",),
        ("bobs",),
        "leave",
    )
    page = manager.get(f"{campaign}/edit").text
    ticked = re.findall(r'name="(audience|segment|exclude)" value="(\w+)" checked', page)
    assert ticked == [("audience", "industry"), ("segment", "adas"), ("exclude", "bobs")]
    form["aim"] = row.aim
    wrong = manager.post(f"{campaign}/edit", data={**form, "exclude": ["adas"]})
    assert (wrong.status_code, "both asked for and excluded" in wrong.text) == (422, True)
    nobody = manager.post(f"{campaign}/edit", data={"aim": row.aim, "issue": form["issue"]})
    assert (nobody.status_code, "No audience was chosen" in nobody.text) == (422, True)
    assert the_row(app, campaign) == row


def test_of_two_who_change_a_draft_at_once_the_second_sees_what_the_first_has_done(
    app: App, manager: TestClient, issue: str, campaign: str
) -> None:
    made = re.findall(r'name="aim" value="(\w+)"', manager.get(f"{campaign}/edit").text)
    form = {"aim": made, "issue": issue.rpartition("/")[2]}
    first = {**form, "audience": ["industry"], "uncertain": "resend"}
    assert [manager.post(f"{campaign}/edit", data=first).status_code for _ in ("once", "twice")] == [303, 303]

    second = manager.post(f"{campaign}/edit", data={**form, "audience": ["academic"]})

    assert (second.status_code, "changed since this page was made" in second.text) == (409, True)
    assert re.findall(r'value="(\w+)" checked', second.text) == ["industry"]
    assert the_row(app, campaign).audiences == ("industry",)
    form["aim"] = re.findall(r'name="aim" value="(\w+)"', second.text)
    assert manager.post(f"{campaign}/edit", data={**form, "audience": ["academic"]}).status_code == 303


def test_what_was_changed_since_the_page_was_made_is_not_released(
    app: App, manager: TestClient, issue: str, campaign: str
) -> None:
    form = the_form(manager.get(f"{campaign}/release?when=now").text)
    other = {"aim": form["aim"], "issue": issue.rpartition("/")[2], "audience": ["industry"]}
    assert manager.post(f"{campaign}/edit", data=other).status_code == 303

    answer = manager.post(f"{campaign}/release", data={**form, "number": "2"})

    assert (answer.status_code, state(app, campaign)) == (409, "draft")
    assert "changed since this page was made" in answer.text


def test_what_is_released_is_not_changed(app: App, manager: TestClient, issue: str, campaign: str) -> None:
    release_in_a_month(app, manager, campaign)
    released = the_row(app, campaign)
    assert released.state == "scheduled"

    form = {"aim": released.aim, "issue": issue.rpartition("/")[2], "audience": ["industry"]}
    answer = manager.post(f"{campaign}/edit", data=form)

    assert (answer.status_code, "cannot be changed" in answer.text) == (409, True)
    assert manager.post(f"{campaign}/newest").status_code == 409
    assert manager.get(f"{campaign}/edit").headers["location"] == f"/campaigns/{released.id}"
    assert the_row(app, campaign) == released
