"""No form and no address of ours holds a NUL: PostgreSQL keeps none, and SQLite would."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from mailer.app import App

NAME = b"email=new%40maths.test&audience=academic&name=N%00"


def in_pieces() -> Iterator[bytes]:
    yield NAME[:-2]
    yield NAME[-2:]


@pytest.mark.parametrize("body", [NAME, NAME.replace(b"%00", b"\0"), in_pieces()], ids=["escaped", "raw", "pieces"])
def test_a_form_with_a_nul_is_refused(client: TestClient, body: bytes | Iterator[bytes]) -> None:
    answer = client.post("/subscribe", content=body, headers={"content-type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("path", "status"), [("/archive/x%00", 404), ("/people/x%00", 404), ("/people?search=%00", 200)]
)
def test_an_address_with_a_nul_finds_nothing(app: App, manager: TestClient, path: str, status: int) -> None:
    asked: list[object] = []
    event.listen(app.database.engine, "before_cursor_execute", lambda *call: asked.append(call[3]))

    assert manager.get(path).status_code == status

    assert asked, "the database was not asked"
    assert "\\x00" not in repr(asked)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/campaigns/x%00", 404), ("/segments/x%00/count", 404), ("/subscribers?segment=x%00", 422)],
)
def test_scripts_are_told_likewise(script: TestClient, path: str, status: int) -> None:
    answer = script.get(f"/api/v1{path}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
