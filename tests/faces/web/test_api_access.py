"""/api/v1: who may do what, how often, and what is never done twice."""

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from mailer import accounts
from mailer.app import App
from mailer.base import answers
from mailer.base.answers import KeptAnswer
from mailer.base.errors import NotAllowed
from mailer.web.security import Limit
from tests.faces.web.builders import a_person, a_token

# One call for each scope: what it needs, and what it gives to a token that has it.
Sent = tuple[str, str, dict[str, object] | None]
CALLS: list[tuple[str, Sent]] = [
    ("subscribers:read", ("GET", "/subscribers", None)),
    ("subscribers:write", ("POST", "/subscribers", {"email": "new@maths.test"})),
    ("subscribers:erase", ("DELETE", "/subscribers/ada@maths.test", None)),
    ("subscriptions:read", ("GET", "/subscribers/ada@maths.test/subscriptions", None)),
    ("subscriptions:write", ("PUT", "/subscribers/ada@maths.test/subscriptions/outreach", {})),
    ("audiences:read", ("GET", "/audiences", None)),
    ("audiences:write", ("POST", "/audiences", {"slug": "press", "name": "Press"})),
    ("segments:read", ("POST", "/segments/count", {"filter": "status = subscribed"})),
    ("segments:write", ("POST", "/segments", {"slug": "press", "filter": "tag = press"})),
    ("suppressions:read", ("GET", "/suppressions", None)),
    ("suppressions:write", ("POST", "/suppressions", {"subject": "@spam.test"})),
    ("imports:read", ("GET", "/imports", None)),
    ("imports:write", ("DELETE", "/imports/none", None)),
    ("campaigns:read", ("GET", "/campaigns", None)),
    ("campaigns:write", ("POST", "/campaigns", {"issue": "none", "audiences": ["academic"]})),
    ("campaigns:send", ("POST", "/campaigns/none/resume", None)),
]


def test_every_scope_has_a_call_that_needs_it() -> None:
    assert sorted(scope for scope, _ in CALLS) == sorted(accounts.SCOPES)


@pytest.mark.parametrize(("scope", "call"), CALLS, ids=[scope for scope, _ in CALLS])
def test_a_token_is_good_for_its_scopes_only(app: App, client: TestClient, scope: str, call: Sent) -> None:
    method, path, body = call
    a_person(app)
    others = [other for other in accounts.SCOPES if other != scope]
    refused = client.request(
        method, f"/api/v1{path}", json=body, headers={"authorization": f"Bearer {a_token(app, *others)}"}
    )
    assert refused.status_code == 403
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["scope"] == scope
    assert scope in refused.json()["detail"]
    assert f'scope="{scope}"' in refused.headers["www-authenticate"]

    taken = client.request(
        method, f"/api/v1{path}", json=body, headers={"authorization": f"Bearer {a_token(app, scope)}"}
    )
    assert taken.status_code in ((404, 409) if "none" in f"{path}{body}" else (200, 201, 204)), taken.text


def test_a_token_ends_by_itself_when_it_is_revoked_and_with_its_person(app: App, client: TestClient) -> None:
    def works(secret: str) -> bool:
        answer = client.get("/api/v1/audiences", headers={"authorization": f"Bearer {secret}"})
        assert answer.status_code in (200, 401)
        return answer.status_code == 200

    with app.database.begin() as session:
        account = accounts.add_user(session, "robot@maths.test", now=app.clock() - timedelta(days=3))
        lapsed = accounts.add_token(
            session,
            account.id,
            name="short",
            expires_at=app.clock() - timedelta(days=1),
            now=app.clock() - timedelta(days=2),
        )
    revoked, living = a_token(app), a_token(app, expires_at=app.clock() + timedelta(days=1))
    assert (works(lapsed), works(revoked), works(living)) == (False, True, True)

    with app.database.begin() as session:
        token = accounts.list_tokens(session)[1]
        assert token.used_at is not None
        assert revoked not in (token.digest, token.name)
        accounts.revoke_token(session, token.id, now=app.clock())
    assert (works(revoked), works(living)) == (False, True)
    with app.database.begin() as session:
        accounts.disable_user(session, "robot@maths.test", now=app.clock())
    assert not works(living)


def test_who_calls_too_often_is_told_when_to_go_on(app: App, client: TestClient) -> None:
    client.app.state.limits.calls_by_token = Limit(2, 3600)  # type: ignore[attr-defined]
    client.app.state.limits.refusals_by_network = Limit(1, 3600)  # type: ignore[attr-defined]
    headers, other = ({"authorization": f"Bearer {a_token(app)}"} for _ in range(2))

    answers_ = [client.get("/api/v1/audiences", headers=headers) for _ in range(3)]

    assert [answer.status_code for answer in answers_] == [200, 200, 429]
    assert int(answers_[-1].headers["retry-after"]) > 0
    assert answers_[-1].headers["content-type"] == "application/problem+json"
    assert client.get("/api/v1/audiences", headers=other).status_code == 200
    assert [client.get("/api/v1/audiences").status_code for _ in range(2)] == [401, 429]


def test_a_token_of_the_settings_page_does_what_was_ticked(app: App, manager: TestClient) -> None:
    page = manager.post("/settings/tokens", data={"name": "export", "scope": ["subscribers:read"], "days": "7"})
    found = re.search(r"mlr_[\w-]+", page.text)
    assert found is not None
    assert found[0] not in manager.get("/settings").text
    headers = {"authorization": f"Bearer {found[0]}"}

    assert manager.get("/api/v1/subscribers", headers=headers).status_code == 200
    assert manager.get("/api/v1/audiences", headers=headers).status_code == 403
    with app.database.read() as session:
        (token,) = accounts.list_tokens(session)
    assert token.expires_at is not None
    assert token.expires_at - token.created_at == timedelta(days=7)
    assert manager.post("/settings/tokens", data={"name": "nothing"}).status_code == 422
    manager.post(f"/settings/tokens/{token.id}/revoke")
    assert manager.get("/api/v1/subscribers", headers=headers).status_code == 401


PERSON = {"email": "ada@maths.test", "name": "Ada"}


def test_a_key_that_is_made_of_an_address_does_not_keep_it(app: App, script: TestClient) -> None:
    order = {"email": "ada@maths.test", "audiences": ["academic"], "wording": "yes"}
    for _ in range(2):
        answer = script.post("/api/v1/subscriptions", json=order, headers={"idempotency-key": "sync-ada@maths.test"})
        assert answer.status_code == 202, answer.text
    assert answer.headers["idempotency-replayed"] == "true"
    with app.database.read() as session:
        (kept,) = session.scalars(select(KeptAnswer))
    assert "ada" not in f"{kept.key} {kept.body}"


def test_a_call_with_the_same_key_is_done_once_and_answered_again(app: App, script: TestClient) -> None:
    first = script.post("/api/v1/subscribers", json=PERSON, headers={"idempotency-key": "k1"})
    again = script.post("/api/v1/subscribers", json=PERSON, headers={"idempotency-key": "k1"})

    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert script.post("/api/v1/subscribers", json=PERSON, headers={"idempotency-key": "k2"}).status_code == 409
    # Another token's keys are its own.
    other = {"authorization": f"Bearer {a_token(app)}", "idempotency-key": "k1"}
    assert script.post("/api/v1/subscribers", json=PERSON, headers=other).status_code == 409


@pytest.mark.parametrize(
    ("path", "body"), [("a.csv", b"bob@maths.test\n"), ("b.csv", b"ada@maths.test\n"), ("", b"ada@maths.test\n")]
)
def test_a_key_belongs_to_one_request(script: TestClient, path: str, body: bytes) -> None:
    sent = {"idempotency-key": "k1", "content-type": "text/csv"}
    first = script.post("/api/v1/imports?name=a.csv", content=b"ada@maths.test\n", headers=sent)
    assert first.status_code == 201

    answer = script.post(f"/api/v1/imports{path and '?name='}{path}", content=body, headers=sent)

    assert answer.status_code == 422
    assert "Idempotency-Key" in answer.json()["detail"]


def test_a_call_that_failed_gives_its_key_back(script: TestClient) -> None:
    wrong = {"email": "nonsense"}
    assert script.post("/api/v1/subscribers", json=wrong, headers={"idempotency-key": "k1"}).status_code == 422
    assert script.post("/api/v1/subscribers", json=PERSON, headers={"idempotency-key": "k1"}).status_code == 201


def test_a_call_whose_first_is_under_way_is_told_to_wait_and_takes_over_from_a_dead_one(
    app: App, script: TestClient
) -> None:
    import hashlib
    import json

    with app.database.read() as session:
        token_id = accounts.list_tokens(session)[0].id
    body = json.dumps(PERSON).encode()
    fingerprint = hashlib.sha256(b"POST /api/v1/subscribers?\n" + body).hexdigest()
    held = answers.reserve(app.database, token_id, "k1", fingerprint=fingerprint, now=app.clock())
    assert isinstance(held, answers.Reserved)
    headers = {"idempotency-key": "k1", "content-type": "application/json"}

    waits = script.post("/api/v1/subscribers", content=body, headers=headers)
    assert waits.status_code == 409
    assert "under way" in waits.json()["detail"]

    with app.database.begin() as session:
        session.execute(update(KeptAnswer).values(begun_at=app.clock() - answers.LEASE - timedelta(seconds=1)))
    assert script.post("/api/v1/subscribers", content=body, headers=headers).status_code == 201
    # The first was only slow: its deed is rolled back with its answer.
    with pytest.raises(NotAllowed), app.database.begin() as session:
        answers.keep(session, held, answers.Answer(201, "{}"))


def test_of_calls_with_one_key_at_once_one_is_done(script: TestClient) -> None:
    barrier = threading.Barrier(6)

    def call(_: int) -> int:
        barrier.wait()
        headers = {"idempotency-key": "race"}
        return script.post("/api/v1/audiences", json={"slug": "press", "name": "Press"}, headers=headers).status_code

    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(pool.map(call, range(6)))

    assert statuses[0] == 201
    assert set(statuses) <= {201, 409}
    assert len(script.get("/api/v1/audiences").json()["audiences"]) == 5


def test_kept_answers_go_after_a_day_and_with_the_person_they_are_about(app: App, script: TestClient) -> None:
    for name in ("ada", "bob"):
        body = {"email": f"{name}@maths.test"}
        assert script.post("/api/v1/subscribers", json=body, headers={"idempotency-key": name}).status_code == 201
    assert script.delete("/api/v1/subscribers/ada@maths.test").status_code == 204
    with app.database.read() as session:
        assert [row.key for row in session.query(KeptAnswer)] == ["bob"]

    segment = {"slug": "two", "filter": "email in (BOB@maths.test, cy@maths.test)"}
    assert script.post("/api/v1/segments", json=segment, headers={"idempotency-key": "two"}).status_code == 201
    assert script.delete("/api/v1/subscribers/bob@maths.test").status_code == 204
    with app.database.read() as session:
        (kept,) = session.query(KeptAnswer)
    assert json.loads(kept.body)["filter"] == "email in (erased, cy@maths.test)"

    answers.drop_old(app.database, now=app.clock() + answers.KEPT - timedelta(minutes=1))
    with app.database.read() as session:
        assert session.query(KeptAnswer).count() == 1
    answers.drop_old(app.database, now=app.clock() + answers.KEPT + timedelta(minutes=1))
    with app.database.read() as session:
        assert session.query(KeptAnswer).count() == 0
