"""No form and no address of ours holds a NUL, which PostgreSQL would keep in no text."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from mailer.app import App

FORM = {"content-type": "application/x-www-form-urlencoded"}
NAME = b"email=new%40maths.test&audience=academic&name=N%00"


@pytest.fixture
def web_database_url(postgresql_url: str) -> str:
    return postgresql_url


@pytest.mark.parametrize(
    "body", [NAME, NAME.replace(b"%00", b"\0"), b"%00=x&" + NAME[:-3]], ids=["escaped", "raw", "name"]
)
def test_a_form_with_a_nul_is_refused(client: TestClient, body: bytes) -> None:
    answer = client.post("/subscribe", content=body, headers=FORM)
    assert answer.status_code == 400
    assert "That holds a NUL" in answer.text


def test_so_is_a_form_in_parts(client: TestClient) -> None:
    told = {"email": (None, "new@maths.test"), "audience": (None, "academic"), "name": (None, "N\0")}
    answer = client.post("/subscribe", files=told)
    assert answer.status_code == 400
    assert "That holds a NUL" in answer.text


@pytest.mark.parametrize(("name", "status"), [("people\0.csv", 400), ("people.csv", 303)])
def test_a_file_may_hold_one_but_not_its_name(manager: TestClient, name: str, status: int) -> None:
    """As the parts of a body are written: a browser escapes no NUL in a name."""
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = head.encode() + b"email,name\r\nada@maths.test,A\0da\r\n\r\n--x--\r\n"
    answer = manager.post("/people/import", content=body, headers={"content-type": "multipart/form-data; boundary=x"})
    assert answer.status_code == status


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
