"""/login, and what guards the manager's pages."""

import re

import pytest
import structlog
from fastapi.testclient import TestClient

from mailer import accounts
from mailer.app import App
from mailer.web import create_app
from tests.faces.web.builders import text_of

PAGES = ("/", "/issues", "/campaigns", "/people", "/audiences", "/mailbox", "/settings", "/audit", "/people/import")


def a_link(app: App) -> str:
    with app.database.begin() as session:
        account = accounts.add_user(session, "helena@maths.test", name="Helena", now=app.clock())
        return "/login/" + accounts.login_link(session, account.id, now=app.clock())


@pytest.mark.parametrize("page", PAGES)
def test_nobody_sees_the_managers_pages_without_signing_in(client: TestClient, page: str) -> None:
    answer = client.get(page)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login"


@pytest.mark.parametrize("page", PAGES)
def test_the_manager_sees_every_page(manager: TestClient, page: str) -> None:
    answer = manager.get(page)
    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_a_scanner_that_opens_the_link_does_not_use_it_up(app: App, client: TestClient) -> None:
    address = a_link(app)
    for _ in range(3):
        assert "Sign in" in client.get(address).text
    assert "mailer" not in client.cookies

    answer = client.post(address)
    assert answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert client.get("/").status_code == 200


def test_a_link_works_once(app: App, client: TestClient) -> None:
    address = a_link(app)
    client.post(address)
    client.cookies.clear()

    assert client.post(address).status_code == 403
    assert client.get(address).status_code == 404
    assert client.get("/").status_code == 303


def test_asking_for_a_link_says_the_same_to_strangers(
    app: App, client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    a_link(app)
    known = client.post("/login", data={"email": "helena@maths.test"}).text
    printed = capsys.readouterr().err
    stranger = client.post("/login", data={"email": "stranger@maths.test"}).text

    assert known.replace("helena", "x") == stranger.replace("stranger", "x")
    assert f"{app.base_url}/login/" in printed
    assert capsys.readouterr().err == ""


def test_a_form_sent_from_another_site_is_refused(manager: TestClient) -> None:
    forged = ({"origin": "https://evil.test"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"})
    for headers in (*forged, {"sec-fetch-site": "same-site"}):
        answer = manager.post("/audiences", data={"slug": "evil", "name": "Evil"}, headers=headers)
        assert answer.status_code == 403
    assert "Evil" not in manager.get("/audiences").text


def test_a_form_sent_from_our_own_page_is_taken(manager: TestClient) -> None:
    for number, headers in enumerate(({"origin": "http://testserver"}, {"sec-fetch-site": "same-origin"})):
        form = {"slug": f"good-{number}", "name": "Good"}
        assert manager.post("/audiences", data=form, headers=headers).status_code == 303


def test_signing_out_ends_the_session_everywhere(app: App, manager: TestClient) -> None:
    secret = manager.cookies["mailer"]

    assert manager.post("/logout").status_code == 303

    with app.database.read() as session:
        assert accounts.session_user(session, secret, now=app.clock()) is None


def test_who_is_locked_out_is_out_at_once(app: App, manager: TestClient) -> None:
    with app.database.begin() as session:
        accounts.disable_user(session, "helena@maths.test", now=app.clock())

    assert manager.get("/").status_code == 303


def test_nobody_locks_themselves_out(manager: TestClient) -> None:
    answer = manager.post("/settings/people/disable", data={"email": "helena@maths.test"})

    assert answer.status_code == 409
    assert "lock themselves out" in text_of(answer.text)


def test_settings_show_no_secret(manager: TestClient) -> None:
    page = manager.get("/settings").text
    assert "a key for the tests of the web" not in page
    assert "news@maths.test" in page


def test_a_page_that_does_not_exist_says_so(manager: TestClient) -> None:
    answer = manager.get("/nothing")
    assert answer.status_code == 404
    assert "no such page" in text_of(answer.text)


@pytest.mark.parametrize("address", ["/people?after={}", "/settings/tokens/{}/revoke", "/campaigns/1?after={}"])
def test_a_number_that_no_row_can_have_is_refused(manager: TestClient, address: str) -> None:
    method = "POST" if address.endswith("revoke") else "GET"
    assert manager.request(method, address.format(2**63)).status_code in (404, 422)


def test_what_fails_is_told_in_the_log_by_its_route(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.database, "read", lambda: 1 / 0)
    with (
        TestClient(create_app(app), raise_server_exceptions=False) as client,
        structlog.testing.capture_logs() as logs,
    ):
        assert client.get("/preferences/a-secret").status_code == 500
    assert [entry["path_pattern"] for entry in logs] == ["/preferences/{token}"]


def test_a_body_that_is_too_large_is_not_read(manager: TestClient) -> None:
    answer = manager.post("/issues", headers={"content-length": str(10**9)}, content=b"x")
    assert answer.status_code == 413


def test_nor_to_its_end_is_one_that_does_not_say_how_long_it_is(manager: TestClient) -> None:
    pieces = (bytes(1 << 20) for _ in range(65))
    answer = manager.post("/issues", headers={"content-type": "multipart/form-data; boundary=x"}, content=pieces)
    assert answer.status_code == 413


def test_settings_are_shown_as_they_are_written(manager: TestClient) -> None:
    shown = re.sub(r"<[^>]+>", " ", manager.get("/settings").text)
    for value in ("127.0.0.1/32, ::1/128", "6 h", "30 min", "2 d", "true"):
        assert f" {value} " in shown
    assert "datetime" not in shown
    assert "IPv4" not in shown
