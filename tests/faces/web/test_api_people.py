"""/api/v1: people, their audiences, suppressions and files of people."""

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from mailer.app import App
from mailer.base.hints import Hint
from mailer.worker.tasks import JOBS
from subscribers import uploads
from tests.faces.web.builders import a_person, states


def test_a_person_is_changed_field_by_field_and_attribute_by_attribute(app: App, script: TestClient) -> None:
    a_person(app)
    address = "/api/v1/subscribers/ada@maths.test"

    script.patch(address, json={"name": "Ada L.", "attributes": {"field": "analysis", "year": 1843}})
    changed = script.patch(address, json={"attributes": {"field": None, "paid": True}, "language": "de"}).json()

    assert (changed["name"], changed["language"]) == ("Ada L.", "de")
    assert changed["attributes"] == {"year": 1843, "paid": True}
    assert script.get(address).json() == changed


@pytest.mark.parametrize(
    ("address", "change"),
    [("/api/v1/subscribers/ada@maths.test", {"name": "Other"}), ("/api/v1/audiences/academic", {"name": "Other"})],
)
def test_a_change_is_refused_where_somebody_else_was_faster(
    app: App, script: TestClient, address: str, change: dict[str, str]
) -> None:
    a_person(app)
    read = script.get(address)
    tag = {"if-match": read.headers["etag"]}

    assert script.patch(address, json={"name": "First"}, headers=tag).status_code == 200
    late = script.patch(address, json=change, headers=tag)

    assert late.status_code == 412
    assert late.headers["content-type"] == "application/problem+json"
    assert script.get(address).json()["name"] == "First"
    assert script.patch(address, json=change, headers={"if-match": "*"}).status_code == 200


def test_everything_about_a_person_is_told_and_forgotten(app: App, script: TestClient) -> None:
    a_person(app)
    told = script.get("/api/v1/subscribers/ada@maths.test/everything").json()
    assert {line["audience"] for line in told["consents"]} == {"academic", "industry"}
    assert told["consents"][0]["wording"] == "asked us at a workshop"
    assert (told["letters"], told["events"], told["suppression"], told["new_address"]) == ([], [], None, None)
    assert [line["deed"] for line in told["log"]] == ["person_added"]

    assert script.delete("/api/v1/subscribers/ada@maths.test").status_code == 204
    assert script.get("/api/v1/subscribers/ada@maths.test").status_code == 404
    assert script.post("/api/v1/subscribers", json={"email": "ada@maths.test"}).status_code == 409
    assert script.get("/api/v1/suppressions/ada@maths.test").json()["reason"] == "erased"


def test_consent_makes_a_subscription_live_and_only_the_person_undoes_having_left(app: App, script: TestClient) -> None:
    person = a_person(app)
    address = "/api/v1/subscribers/ada@maths.test/subscriptions"

    assert script.put(f"{address}/outreach", json={}).status_code == 200
    assert states(app, person)["outreach"] == "unconfirmed"
    script.put(f"{address}/outreach", json={"consent": "the form of May"})
    script.put(f"{address}/outreach", json={})
    assert states(app, person)["outreach"] == "subscribed"

    script.delete(f"{address}/outreach")
    assert {row["slug"]: row["state"] for row in script.get(address).json()["subscriptions"]} == {
        "academic": "subscribed",
        "industry": "subscribed",
        "outreach": "unsubscribed",
    }
    refused = script.put(f"{address}/outreach", json={"consent": "we want them back"})
    assert refused.status_code == 409
    assert "left" in refused.json()["detail"]
    assert script.put(f"{address}/nowhere", json={}).status_code == 404


def test_a_sign_up_asks_for_confirmation_and_says_the_same_of_everyone(app: App, script: TestClient) -> None:
    a_person(app)
    body = {"audiences": ["academic"], "wording": "Yes, write to me"}

    known = script.post("/api/v1/subscriptions", json={**body, "email": "ada@maths.test"})
    new = script.post("/api/v1/subscriptions", json={**body, "email": "new@maths.test"})

    assert known.status_code == new.status_code == 202
    assert known.json() == new.json()
    assert script.get("/api/v1/subscribers/new@maths.test").json()["status"] == "unconfirmed"
    assert script.get("/api/v1/subscribers/ada@maths.test").json()["status"] == "subscribed"


def test_a_sign_up_does_the_same_work_for_every_address_before_the_answer_and_mails_nobody_too_often(
    app: App, script: TestClient
) -> None:
    a_person(app)
    hints: list[Hint] = []
    app.database.queue = hints.extend
    body = {"audiences": ["academic"], "wording": "Yes, write to me"}
    said: list[list[str]] = []
    script.get("/api/v1/audiences")  # the first use of a token is noted
    for address in ("ada@maths.test", "new@maths.test"):
        with statements(app) as those:
            assert script.post("/api/v1/subscriptions", json={**body, "email": address}).status_code == 202
        said.append(those)
    assert said[0] == said[1]
    assert script.get("/api/v1/subscribers/new@maths.test").status_code == 404  # a worker does it, not the call
    for job, subject_id in hints:
        JOBS[job](app, subject_id)
    assert script.get("/api/v1/subscribers/new@maths.test").json()["status"] == "unconfirmed"

    hints.clear()
    for _ in range(10):
        assert script.post("/api/v1/subscriptions", json={**body, "email": "new@maths.test"}).status_code == 202
    assert len(hints) == 4  # of five in a day


def test_addresses_and_domains_are_suppressed_listed_and_lifted(app: App, script: TestClient) -> None:
    a_person(app)
    for subject in ("ada@maths.test", "@spam.test", "@bad.test"):
        made = script.post("/api/v1/suppressions", json={"subject": subject, "reason": "complaint"})
        assert made.status_code == 201
        assert made.json()["source"] == "api"
    assert script.get("/api/v1/subscribers/ada@maths.test").json()["status"] == "suppressed"

    first = script.get("/api/v1/suppressions?limit=2").json()
    rest = script.get(f"/api/v1/suppressions?limit=2&cursor={first['next_cursor']}").json()
    subjects = [row["subject"] for row in first["suppressions"] + rest["suppressions"]]
    assert subjects == ["ada@maths.test", "@spam.test", "@bad.test"]
    assert rest["next_cursor"] is None
    assert script.get(f"/api/v1/imports?cursor={first['next_cursor']}").status_code == 404

    assert script.delete("/api/v1/suppressions/ada@maths.test").status_code == 204
    assert script.delete("/api/v1/suppressions/ada@maths.test").status_code == 404
    assert script.get("/api/v1/subscribers/ada@maths.test").json()["status"] == "subscribed"


FILE = "E-Mail,Vorname,Fach\nada@maths.test,Ada,analysis\nnonsense,Bob,algebra\ncy@maths.test,Cy,topology\n"


def test_a_file_is_uploaded_looked_at_mapped_and_brought_in(app: App, script: TestClient) -> None:
    made = script.post("/api/v1/imports?name=people.csv", content=FILE.encode()).json()
    assert made["state"] == "uploaded"
    assert made["columns"] == {"E-Mail": "email", "Vorname": "first_name", "Fach": "attribute"}
    address = f"/api/v1/imports/{made['id']}"
    order = {
        "audiences": ["academic"],
        "status": "subscribed",
        "consent": "the form of May",
        "mapping": {"Fach": "field"},
    }

    assert script.post(f"{address}/start", json={**order, "audiences": ["nowhere"]}).status_code == 409
    assert script.post(f"{address}/start", json={**order, "dry_run": True}).status_code == 202
    assert script.get(address).json()["state"] == "waiting"
    _work(app)
    looked = script.get(address).json()
    assert (looked["state"], looked["report"]["created"], looked["report"]["rejected"]) == ("looked", 2, 1)
    assert script.get("/api/v1/subscribers").json()["subscribers"] == []

    assert script.post(f"{address}/start", json={**order, "dry_run": False}).status_code == 202
    _work(app)
    done = script.get(address).json()
    assert (done["state"], done["share"], done["rows_read"]) == ("done", 1.0, 3)
    ada = script.get("/api/v1/subscribers/ada@maths.test").json()
    assert (ada["attributes"], ada["status"]) == ({"field": "analysis"}, "subscribed")
    refused = script.get(f"{address}/rejected")
    assert refused.headers["content-type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(refused.text)))
    assert rows[1][0] == "3"
    assert rows[1][2:] == ["nonsense", "Bob", "algebra"]
    assert script.post(f"{address}/start", json=order).status_code == 409

    assert script.delete(address).status_code == 204
    assert script.get(address).status_code == 404


def test_a_file_that_cannot_be_read_says_why(script: TestClient) -> None:
    assert script.post("/api/v1/imports", content=b"").status_code == 422
    made = script.post("/api/v1/imports?name=people.xlsx", content=b"PK\x03\x04 no workbook").json()
    assert made["state"] == "failed"
    assert made["error"]
    assert script.post(f"/api/v1/imports/{made['id']}/start", json={}).status_code == 409


def test_a_file_whose_columns_tell_nothing_is_started_with_a_mapping(app: App, script: TestClient) -> None:
    made = script.post("/api/v1/imports", content=b"who,chief\nada@maths.test,eve@maths.test\n").json()
    address = f"/api/v1/imports/{made['id']}"
    assert made["state"] == "failed"
    assert "no column holds addresses" in made["error"]
    assert script.post(f"{address}/start", json={"mapping": {"who": "email", "chief": "ignore"}}).status_code == 202
    _work(app)
    assert script.get(address).json()["report"]["created"] == 1


def test_a_wrong_mapping_fails_and_can_be_corrected(app: App, script: TestClient) -> None:
    made = script.post("/api/v1/imports", content=FILE.encode()).json()
    address = f"/api/v1/imports/{made['id']}"
    script.post(f"{address}/start", json={"mapping": {"Nothing": "name"}})
    _work(app)
    assert "Nothing" in script.get(address).json()["error"]
    script.post(f"{address}/start", json={"mapping": {"Vorname": "name"}})
    _work(app)
    assert script.get(address).json()["state"] == "looked"


def test_an_import_whose_worker_died_is_done_by_the_next_and_old_ones_are_forgotten(
    app: App, script: TestClient
) -> None:
    made = script.post("/api/v1/imports", content=FILE.encode()).json()
    address = f"/api/v1/imports/{made['id']}"
    script.post(f"{address}/start", json={"dry_run": False})
    with app.database.read() as session:
        row = uploads.find_import(session, made["id"])
    assert uploads.take(app.database, row.id, app.clock()) is not None  # and then it died
    _work(app)
    assert script.get(address).json()["state"] == "running"

    later = app.clock() + uploads.LEASE + timedelta(seconds=1)
    uploads.run(app.database, row.id, keys=app.keys, clock=lambda: later)
    assert script.get(address).json()["state"] == "done"
    assert len(script.get("/api/v1/subscribers").json()["subscribers"]) == 2

    uploads.sweep(app.database, clock=lambda: app.clock() + uploads.KEPT + timedelta(hours=1))
    assert script.get(address).status_code == 404


def test_an_import_that_ends_every_worker_is_given_up_after_three_tries_and_says_so(
    app: App, script: TestClient
) -> None:
    made = script.post("/api/v1/imports", content=FILE.encode()).json()
    address = f"/api/v1/imports/{made['id']}"
    script.post(f"{address}/start", json={"dry_run": False})
    with app.database.read() as session:
        row = uploads.find_import(session, made["id"])
    wait = uploads.LEASE + timedelta(seconds=1)
    moments = [app.clock() + wait * number for number in range(uploads.TRIES + 1)]
    for now in moments[:-1]:
        uploads.sweep(app.database, clock=partial(datetime.astimezone, now))
        assert script.get(address).json()["state"] != "failed"
        assert uploads.take(app.database, row.id, now) is not None  # and then it died
    assert uploads.take(app.database, row.id, moments[-1]) is None
    uploads.sweep(app.database, clock=lambda: moments[-1])
    told = script.get(address).json()
    assert told["state"] == "failed"
    assert "begun 3 times and cut off each time" in told["error"]

    assert script.post(f"{address}/start", json={"dry_run": False}).status_code < 300
    _work(app)
    assert script.get(address).json()["state"] == "done"


def test_attributes_that_no_database_keeps_are_refused(script: TestClient) -> None:
    for value in ('"\\u0000"', "1e999", "NaN", "1" * 30, "[1]"):
        body = '{"email": "ada@maths.test", "attributes": {"x": ' + value + "}}"
        answer = script.post("/api/v1/subscribers", content=body.encode(), headers={"content-type": "application/json"})
        assert answer.status_code == 422, value
    assert json.loads(script.get("/api/v1/subscribers").text)["subscribers"] == []


@contextmanager
def statements(app: App) -> Iterator[list[str]]:
    """The SQL that the block runs, without its values and without what the token is checked with."""
    said: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "tokens" not in statement:
            said.append(statement)

    event.listen(app.database.engine, "before_cursor_execute", hear)
    yield said
    event.remove(app.database.engine, "before_cursor_execute", hear)


def _work(app: App) -> None:
    """What a worker does for the imports that it hears of."""
    with app.database.read() as session:
        waiting = [row.id for row in uploads.list_imports(session)]
    for import_id in waiting:
        JOBS["import_people"](app, import_id)


def test_declared_attributes_are_listed_and_a_value_of_another_type_is_refused(app: App, script: TestClient) -> None:
    from subscribers import attributes

    with app.database.begin() as session:
        attributes.declare(session, "joined", "date", "Member since", now=app.clock(), actor="test")
    refused = script.post("/api/v1/subscribers", json={"email": "bob@x.org", "attributes": {"joined": "soon"}})
    assert refused.status_code == 422
    assert "joined is declared as date" in refused.json()["detail"]
    made = script.post(
        "/api/v1/subscribers", json={"email": "bob@x.org", "attributes": {"joined": "2026-03-01", "n": 1}}
    )
    assert made.json()["attributes"] == {"joined": "2026-03-01", "n": 1}
    assert script.patch("/api/v1/subscribers/bob@x.org", json={"attributes": {"joined": "late"}}).status_code == 422
    assert script.get("/api/v1/attributes").json() == {
        "attributes": [
            {"name": "joined", "type": "date", "label": "Member since"},
            {"name": "n", "type": "text", "label": ""},
        ]
    }


def test_an_attribute_is_given_another_type_with_its_values_or_refused(script: TestClient) -> None:
    for address, age in (("ada@x.org", "36"), ("bob@x.org", "old")):
        script.post("/api/v1/subscribers", json={"email": address, "attributes": {"age": age}})

    refused = script.put("/api/v1/attributes/age", json={"type": "number"})
    assert refused.status_code == 409
    assert "1 value of age cannot be read as number" in refused.json()["detail"]
    done = script.put("/api/v1/attributes/age", json={"type": "number", "label": "Years", "unfit": "remove"})
    assert done.json() == {"name": "age", "type": "number", "label": "Years", "converted": 1, "removed": 1}
    assert script.get("/api/v1/subscribers/ada@x.org").json()["attributes"] == {"age": 36}
    assert script.put("/api/v1/attributes/town", json={}).json()["type"] == "text"
    assert script.put("/api/v1/attributes/tags", json={}).status_code == 422
