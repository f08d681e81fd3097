"""/api/v1/segments: the same filters as on the page and in the command line."""

from fastapi.testclient import TestClient

from mailer.app import App
from tests.faces.web.builders import a_person

MATHS = {"slug": "maths", "name": "Mathematicians", "filter": "email ends with maths.test"}


def test_a_segment_is_saved_listed_counted_used_changed_and_deleted(app: App, script: TestClient) -> None:
    a_person(app, "ada@maths.test", "academic")
    a_person(app, "bob@firm.test", "industry")

    made = script.post("/api/v1/segments", json=MATHS)
    assert made.status_code == 201
    assert made.json().items() >= MATHS.items()
    assert script.post("/api/v1/segments", json=MATHS).status_code == 409
    assert script.post("/api/v1/segments", json={"slug": "all", "filter": "not status = paused"}).status_code == 201
    first = script.get("/api/v1/segments?limit=1").json()
    assert [row["slug"] for row in first["segments"]] == ["maths"]
    rest = script.get(f"/api/v1/segments?cursor={first['next_cursor']}").json()
    assert [row["slug"] for row in rest["segments"]] == ["all"]
    assert rest["next_cursor"] is None
    others = ("subscribers", "audiences", "suppressions", "imports", "campaigns")
    assert {script.get(f"/api/v1/{other}?cursor={first['next_cursor']}").status_code for other in others} == {404}
    refused = script.get("/api/v1/segments?cursor=mistyped")
    assert (refused.status_code, refused.json()["detail"]) == (
        404, "this is no cursor of this list; begin without one"
    )  # fmt: skip

    assert script.get("/api/v1/segments/maths/count").json() == {"people": 1}
    assert script.get("/api/v1/segments/all/count").json() == {"people": 2}
    found = script.get("/api/v1/subscribers?segment=maths").json()["subscribers"]
    assert [person["email"] for person in found] == ["ada@maths.test"]
    assert script.get("/api/v1/subscribers?segment=none").status_code == 404

    tag = script.get("/api/v1/segments/maths").headers["etag"]
    changes = {"filter": "email ends with firm.test"}
    changed = script.patch("/api/v1/segments/maths", json=changes, headers={"if-match": tag})
    assert changed.json().items() >= {**MATHS, **changes}.items()
    late = script.patch("/api/v1/segments/maths", json={"name": "x"}, headers={"if-match": tag})
    assert late.status_code == 412
    found = script.get("/api/v1/subscribers?segment=maths").json()["subscribers"]
    assert [person["email"] for person in found] == ["bob@firm.test"]

    assert script.delete("/api/v1/segments/maths").status_code == 204
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/count")):
        assert script.request(method, f"/api/v1/segments/maths{path}").status_code == 404
    assert script.patch("/api/v1/segments/maths", json={}).status_code == 404


def test_a_filter_that_cannot_be_understood_is_a_problem_with_its_place(script: TestClient) -> None:
    script.post("/api/v1/segments", json=MATHS)
    bad = {"filter": "status = subscribed and colour = red"}
    for method, path, body in (
        ("POST", "/segments/count", bad),
        ("POST", "/segments", {**MATHS, **bad, "slug": "red"}),
        ("PATCH", "/segments/maths", bad),
    ):
        answer = script.request(method, f"/api/v1{path}", json=body)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"].startswith("filter:25: ")
        assert "colour" in answer.json()["detail"]
    assert script.get("/api/v1/segments/maths").json()["filter"] == MATHS["filter"]
