"""/api/v1: the same rules for scripts."""

import re

import pytest
from fastapi.testclient import TestClient

from mailer import campaigns
from mailer.app import App
from mailer.base.tables import CampaignId
from mailer.content import StoredFiles, read_files
from tests.faces.web.builders import a_person, a_token


@pytest.fixture
def issue(app: App) -> str:
    """The slug of a stored issue."""
    read = read_files(StoredFiles({"issue.md": b"---\ntitle: A letter\n---\n\nHello.\n"}), "issue.md")
    with app.database.begin() as session:
        campaigns.store_revision(session, read, now=app.clock(), author="tests")
    return "a-letter"


@pytest.mark.parametrize("address", ["/api/v1/campaigns", "/api/v1/subscribers", "/api/v1/campaigns/1"])
def test_without_a_token_there_is_nothing(client: TestClient, address: str) -> None:
    for headers in ({}, {"authorization": "Bearer nonsense"}, {"authorization": "Basic YTpi"}):
        answer = client.get(address, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_cookie_is_no_token(manager: TestClient) -> None:
    assert manager.get("/api/v1/campaigns").status_code == 401


def test_a_person_is_added_shown_found_and_taken_out(script: TestClient) -> None:
    body = {
        "email": "Ada@Maths.test",
        "name": "Ada",
        "audiences": ["academic"],
        "status": "subscribed",
        "consent": "paper",
    }
    made = script.post("/api/v1/subscribers", json=body)
    assert made.status_code == 201
    assert made.json()["status"] == "subscribed"

    shown = script.get("/api/v1/subscribers/ada@maths.test").json()
    assert shown["audiences"][0]["slug"] == "academic"
    assert script.get("/api/v1/subscribers?search=ada").json()["subscribers"][0]["id"] == shown["id"]

    gone = script.post(f"/api/v1/subscribers/{shown['id']}/unsubscribe").json()
    assert gone["status"] == "unsubscribed"


def test_nobody_is_subscribed_without_consent(script: TestClient) -> None:
    body = {"email": "ada@maths.test", "status": "subscribed", "audiences": ["academic"]}

    answer = script.post("/api/v1/subscribers", json=body)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert "consent" in answer.json()["detail"]


def test_pages_of_people_follow_one_another(app: App, script: TestClient) -> None:
    for number in range(5):
        a_person(app, f"p{number}@maths.test")
    seen, cursor = [], ""
    while cursor is not None:
        page = script.get(f"/api/v1/subscribers?limit=2{cursor and f'&cursor={cursor}'}").json()
        seen += [person["email"] for person in page["subscribers"]]
        cursor = page["next_cursor"]
        if len(seen) == 2:
            a_person(app, "late@maths.test")  # who comes meanwhile is at the end, and moves nobody

    assert seen == [*(f"p{number}@maths.test" for number in range(5)), "late@maths.test"]


def test_a_campaign_is_made_planned_scheduled_and_paused(app: App, script: TestClient, issue: str) -> None:
    a_person(app)
    made = script.post("/api/v1/campaigns", json={"issue": issue, "audiences": ["academic"]})
    assert made.status_code == 201
    address = f"/api/v1/campaigns/{made.json()['id']}"

    plan = script.get(f"{address}/plan").json()
    assert plan["count"] == 1
    body = {
        "at": "2099-01-05 09:00 Europe/London",
        "count": plan["count"],
        "accept": [finding["code"] for finding in plan["findings"]],
    }
    assert script.post(f"{address}/schedule", json={**body, "count": 2}).status_code == 409
    past = script.post(f"{address}/schedule", json={**body, "at": "2020-01-05 09:00 Europe/London"})
    assert (past.status_code, past.json()["detail"]) == (409, "05 January 2020 09:00 UTC is past; choose a later time")

    scheduled = script.post(f"{address}/schedule", json=body).json()
    assert scheduled["state"] == "scheduled"
    assert scheduled["scheduled_at"] == "2099-01-05T09:00:00Z"
    assert scheduled["release_hash"]
    assert script.get(address).json()["counts"]["pending"] == 0
    assert script.post(f"{address}/pause").json()["state"] == "paused"
    assert script.post(f"{address}/resume?despite_refusals=true").json()["state"] == "scheduled"
    with app.database.read() as session:
        assert campaigns.row(session, CampaignId(made.json()["id"])).despite_refusals
    assert script.post(f"{address}/pause").json()["state"] == "paused"
    # Held before its time, nothing of it has begun.
    assert script.post(f"{address}/recall").json()["state"] == "draft"
    assert script.post(f"{address}/recall").status_code == 409
    assert script.post(f"{address}/schedule", json=body).json()["state"] == "scheduled"
    with app.database.read() as session:
        assert not campaigns.row(session, CampaignId(made.json()["id"])).despite_refusals, "that was of another release"


@pytest.fixture
def cautious(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILER_RELEASE_CANARY", "50")
    monkeypatch.setenv("MAILER_RELEASE_UNCERTAIN", "leave")


@pytest.mark.usefixtures("cautious")
def test_what_the_settings_say_of_releases_holds_for_scripts_too(app: App, script: TestClient, issue: str) -> None:
    made = script.post("/api/v1/campaigns", json={"issue": issue, "audiences": ["academic"]}).json()
    address = f"/api/v1/campaigns/{made['id']}"
    plan = script.get(f"{address}/plan").json()
    order = {"at": "2099-01-05 09:00", "count": 0, "accept": [found["code"] for found in plan["findings"]]}

    assert script.post(f"{address}/schedule", json=order).json()["state"] == "scheduled"

    with app.database.read() as session:
        row = campaigns.row(session, CampaignId(made["id"]))
    assert (row.uncertain_rule, row.canary) == ("leave", 50)


def test_a_draft_is_changed_and_nothing_else_is(app: App, script: TestClient, issue: str) -> None:
    a_person(app)
    made = script.post("/api/v1/campaigns", json={"issue": issue, "audiences": ["academic"]}).json()
    address = f"/api/v1/campaigns/{made['id']}"

    changed = script.patch(address, json={"audiences": ["industry", "academic"]})
    assert (changed.status_code, changed.json()["audiences"]) == (200, ["industry", "academic"])
    assert script.patch(address, json={"issue": issue}).json() == changed.json()
    assert script.patch(address, json={"segments": ["none"]}).status_code == 409
    assert script.patch(address, json={"issue": "none"}).status_code == 409
    plan = script.get(f"{address}/plan").json()
    order = {"at": "2099-01-05 09:00 Europe/London", "count": 1, "accept": [one["code"] for one in plan["findings"]]}
    assert script.post(f"{address}/schedule", json=order).status_code == 200
    assert script.patch(address, json={"audiences": ["academic"]}).status_code == 409


def test_a_campaign_is_narrowed_by_segments(app: App, script: TestClient, issue: str) -> None:
    for email, slug in (("ada@maths.test", "academic"), ("bob@firm.test", "academic"), ("cy@maths.test", "academic")):
        a_person(app, email, slug)
    for slug, text in (("maths", "email ends with maths.test"), ("cy", "email starts with cy")):
        assert script.post("/api/v1/segments", json={"slug": slug, "filter": text}).status_code == 201
    body = {"issue": issue, "audiences": ["academic"], "segments": ["maths"], "exclude": ["cy"]}
    made = script.post("/api/v1/campaigns", json=body)
    assert made.status_code == 201
    address = f"/api/v1/campaigns/{made.json()['id']}"
    for shown in (made.json(), script.get(address).json(), script.get("/api/v1/campaigns").json()["campaigns"][0]):
        assert (shown["segments"], shown["exclude"]) == (["maths"], ["cy"])

    plan = script.get(f"{address}/plan").json()
    assert (plan["count"], plan["exclusions"]) == (1, {"outside": 1, "excluded": 1})
    order = {"at": "2099-01-05 09:00 Europe/London", "count": 1, "accept": [one["code"] for one in plan["findings"]]}
    assert script.post(f"{address}/schedule", json={**order, "count": 3}).status_code == 409
    assert script.post(f"{address}/schedule", json=order).json()["state"] == "scheduled"

    refused = script.delete("/api/v1/segments/cy")
    assert refused.status_code == 409
    assert "a-letter" in refused.json()["detail"]
    assert script.patch("/api/v1/segments/cy", json={"filter": "email starts with c"}).status_code == 200
    held = script.get(address).json()
    assert (held["state"], held["reason"]) == ("paused", "segment")
    assert script.get(f"{address}/plan").json()["count"] == 1
    assert script.post(f"{address}/cancel").json()["state"] == "cancelled"
    assert script.delete("/api/v1/segments/cy").status_code == 204

    unknown = script.post("/api/v1/campaigns", json={**body, "segments": ["math"], "exclude": []})
    assert unknown.status_code == 409
    assert "no segment 'math'; did you mean maths?" in unknown.json()["detail"]
    twice = script.post("/api/v1/campaigns", json={**body, "exclude": ["maths"]})
    assert twice.status_code == 422


@pytest.mark.parametrize(
    ("method", "address", "body", "status"),
    [
        ("GET", "/api/v1/campaigns/none", None, 404),
        ("GET", "/api/v1/nothing", None, 404),
        ("GET", "/api/v1/subscribers?limit=0", None, 422),
        ("GET", "/api/v1/subscribers?audience=none", None, 404),
        ("POST", "/api/v1/campaigns", {"issue": "none", "audiences": ["academic"]}, 409),
        ("POST", "/api/v1/campaigns", {"issue": "x", "audiences": []}, 422),
        ("POST", "/api/v1/subscribers", {"email": "nonsense"}, 422),
        ("POST", "/api/v1/subscribers", {"email": "a@b.test", "unknown": 1}, 422),
        ("PUT", "/api/v1/subscribers", {}, 405),
    ],
)
def test_errors_are_problems(
    script: TestClient, method: str, address: str, body: dict[str, object] | None, status: int
) -> None:
    answer = script.request(method, address, json=body)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.json()["detail"]


def test_the_api_describes_itself_without_scripts(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    assert "/api/v1/campaigns/{campaign_id}/schedule" in described["paths"]
    assert not [path for path in described["paths"] if not path.startswith("/api/")]
    page = client.get("/docs")
    assert page.status_code == 200
    assert "<script" not in page.text
    assert "/api/v1/subscribers/{email_or_id}" in page.text.replace("<wbr>", "")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/v1/subscribers", "GET, POST"),
        ("/api/v1/subscribers/ada@maths.test", "DELETE, GET, PATCH"),
        ("/api/v1/segments/count", "POST"),
    ],
)
def test_a_method_that_an_address_does_not_take_is_told_those_that_it_does(
    script: TestClient, path: str, expected: str
) -> None:
    answer = script.request("PUT", path)
    assert answer.status_code == 405
    assert [method for method in answer.headers["allow"].split(", ") if method != "HEAD"] == expected.split(", ")


def test_a_body_that_is_not_said_to_be_json_is_told_so(script: TestClient) -> None:
    answer = script.post("/api/v1/subscribers", data={"email": "ada@maths.test"})
    assert answer.status_code == 422
    assert "Content-Type: application/json" in answer.json()["detail"]


def test_nothing_is_asked_for_that_the_description_does_not_name(client: TestClient, script: TestClient) -> None:
    """A mistyped `audience` would list everybody, and other slips would do more than was meant."""
    described = client.get("/openapi.json").json()["paths"]
    for path, operations in described.items():
        for method, operation in operations.items():
            known = sorted(each["name"] for each in operation.get("parameters", ()) if each["in"] == "query")
            address = re.sub(r"\{\w+\}", "1", path)
            answer = script.request(method, f"{address}?audence=academic", json={})
            assert (answer.status_code, answer.json()["detail"]) == (
                422,
                "audence: there is no such query parameter; "
                + (f"use one of {', '.join(known)}" if known else "this address takes none"),
            ), f"{method} {path}"


def test_whoever_may_not_ask_is_told_that_first(app: App, client: TestClient) -> None:
    assert client.get("/api/v1/campaigns?audence=academic").status_code == 401
    client.headers["authorization"] = f"Bearer {a_token(app, 'segments:read')}"
    assert client.get("/api/v1/campaigns?audence=academic").status_code == 403
