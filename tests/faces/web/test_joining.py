"""/subscribe and /confirm: who is asked, what everybody is told, and what a scanner cannot trip."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from mailer.app import App
from mailer.base.tokens import Purpose
from mailer.web.public import stamps
from mailer.web.public.persons import read_link
from subscribers import people, suppression
from tests.faces.web.builders import a_person, link, states, text_of

FORM = {"email": "new@maths.test", "name": "New", "audience": ["academic"]}


def found(app: App, email: str) -> people.Person | None:
    with app.database.read() as session:
        listed = people.list_people(session, search=email, now=app.clock()).people
    return listed[0] if listed else None


def test_the_answer_is_the_same_for_known_unknown_and_suppressed(app: App, client: TestClient) -> None:
    a_person(app, "known@maths.test")
    with app.database.begin() as session:
        suppression.suppress(session, "never@maths.test", reason="manual", source="tests", now=app.clock())

    answers = {
        client.post("/subscribe", data={**FORM, "email": email}).text.replace(email, "ADDRESS")
        for email in ("known@maths.test", "stranger@maths.test", "never@maths.test")
    }

    assert len(answers) == 1
    assert "ADDRESS" in answers.pop()
    assert found(app, "never@maths.test") is None


def test_nobody_is_subscribed_before_the_button_is_pressed(app: App, client: TestClient) -> None:
    client.post("/subscribe", data=FORM)
    person = found(app, "new@maths.test")
    assert person is not None
    assert person.status == "unconfirmed"
    address = link(app, Purpose.CONFIRM, person.id)

    page = client.get(address).text
    assert "Yes, subscribe me" in page
    assert states(app, person.id) == {"academic": "unconfirmed"}

    assert client.post(address).status_code == 303
    assert states(app, person.id) == {"academic": "subscribed"}
    assert client.get(address).text.count("You are subscribed") == 2, "the title of the page says it too"
    assert client.post(address).status_code == 303


def test_signing_up_again_unconfirms_nobody(app: App, client: TestClient) -> None:
    ada = a_person(app)

    client.post("/subscribe", data={**FORM, "email": "ada@maths.test"})

    assert states(app, ada)["academic"] == "subscribed"


def test_what_fills_the_hidden_field_hears_the_same_and_changes_nothing(app: App, client: TestClient) -> None:
    human = client.post("/subscribe", data={**FORM, "email": "eve@maths.test"}).text
    robot = client.post("/subscribe", data={**FORM, "email": "hal@maths.test", "website": "http://spam.test"}).text

    assert robot.replace("hal@", "eve@") == human
    assert found(app, "hal@maths.test") is None


@pytest.mark.parametrize("age", [timedelta(0), timedelta(days=2)])
def test_a_form_filled_at_once_or_long_ago_is_asked_for_again(app: App, client: TestClient, age: timedelta) -> None:
    stamp = stamps.stamp(app.keys, now=app.clock() - age)

    answer = client.post("/subscribe", data={**FORM, "stamp": stamp})

    assert answer.status_code == 422
    assert "press the button once more" in answer.text
    assert 'value="new@maths.test"' in answer.text
    assert found(app, "new@maths.test") is None


@pytest.mark.parametrize("fraction", [0, 500_000, 999_000])
def test_nobody_types_in_less_than_a_second_wherever_in_a_second_the_form_was_shown(app: App, fraction: int) -> None:
    shown = app.clock().replace(microsecond=fraction)
    written = stamps.stamp(app.keys, now=shown)

    assert not stamps.is_fresh(app.keys, written, now=shown + timedelta(milliseconds=990))
    assert stamps.is_fresh(app.keys, written, now=shown + timedelta(milliseconds=1_001))


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"email": "nonsense", "audience": ["academic"]}, "no address"),
        ({"email": "", "audience": ["academic"]}, "no address"),
        ({"email": "new@maths.test"}, "tick at least one"),
        ({"email": "new@maths.test", "audience": ["board"]}, "tick at least one"),
        ({"email": "new@maths.test", "audience": ["no-such"]}, "tick at least one"),
    ],
)
def test_a_form_that_cannot_be_used_comes_back_with_what_is_wrong(
    client: TestClient, form: dict[str, object], said: str
) -> None:
    answer = client.post("/subscribe", data=form)

    assert answer.status_code == 422
    assert said in text_of(answer.text)


def test_one_network_cannot_sign_up_the_whole_world(client: TestClient) -> None:
    codes = [
        client.post("/subscribe", data={**FORM, "email": f"n{number}@maths.test"}).status_code for number in range(40)
    ]

    assert codes[:30] == [200] * 30
    assert set(codes[30:]) == {429}


def test_a_form_on_somebody_elses_page_may_post_here(app: App, client: TestClient) -> None:
    headers = {"origin": "https://university.example", "sec-fetch-site": "cross-site"}

    assert client.post("/subscribe", data=FORM, headers=headers).status_code == 200
    assert found(app, "new@maths.test") is not None


def test_public_pages_set_no_cookie_and_run_no_script(app: App, client: TestClient) -> None:
    ada = a_person(app)
    for address in (
        "/subscribe",
        "/archive",
        "/feed.xml",
        link(app, Purpose.UNSUBSCRIBE, ada, 0),
        link(app, Purpose.PREFERENCES, ada, 0),
        link(app, Purpose.CONFIRM, ada),
    ):
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert "set-cookie" not in answer.headers
        assert "<script" not in answer.text
        assert " style=" not in answer.text
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_confirmation_is_queued_once_for_an_impatient_person(app: App, client: TestClient) -> None:
    from mailer.delivery.models import Notice

    for _ in range(3):
        client.post("/subscribe", data=FORM)

    with app.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Notice)) == 1


def test_a_link_tells_whom_it_is_about(app: App) -> None:
    assert read_link(app, Purpose.CONFIRM, app.keys.sign(Purpose.CONFIRM, 7)) == (7, 0)
    assert read_link(app, Purpose.UNSUBSCRIBE, app.keys.sign(Purpose.UNSUBSCRIBE, 7, 9)) == (7, 9)
