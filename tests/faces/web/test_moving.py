"""A change of address: asked for on the preferences page, confirmed by a press at the new one, told to the old one."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from mailer.app import App
from mailer.base.tables import SubscriberId
from mailer.base.tokens import Purpose
from mailer.delivery.models import Notice
from subscribers import people, suppression
from subscribers.models import AddressChange
from tests.faces.web.builders import a_person, everything, link, states, text_of


def ask(app: App, client: TestClient, person: SubscriberId, address: str) -> Any:
    return client.post(link(app, Purpose.PREFERENCES, person, 0) + "/address", data={"address": address})


def change_of(app: App) -> int:
    with app.database.read() as session:
        return session.scalars(select(AddressChange.id)).one()


def link_of(app: App, person: SubscriberId) -> str:
    return f"/address/{app.keys.sign(Purpose.CHANGE_ADDRESS, person, change_of(app))}"


def address_of(app: App, person: SubscriberId) -> str:
    with app.database.read() as session:
        found = people.person_by_id(session, person, now=app.clock())
    assert found is not None
    return found.email


def notices(app: App) -> list[tuple[str, str]]:
    with app.database.read() as session:
        return [(row.kind, row.address) for row in session.execute(select(Notice.kind, Notice.address))]


def test_letters_move_once_the_button_at_the_new_address_is_pressed(app: App, client: TestClient) -> None:
    ada = a_person(app)
    assert ask(app, client, ada, "ada@new.test").headers["location"].endswith("?done=address")
    assert notices(app) == [("move", "")]
    address = link_of(app, ada)

    page = client.get(address)
    assert "a•••@new.test" in page.text
    assert "a•••@maths.test" in page.text
    assert address_of(app, ada) == "ada@maths.test"

    answer = client.post(address)
    assert answer.status_code == 303
    assert "Your address is changed" in client.get(answer.headers["location"]).text
    assert address_of(app, ada) == "ada@new.test"
    assert ("moved", "ada@maths.test") in notices(app)
    assert states(app, ada)["academic"] == "subscribed"
    again = client.post(address)
    assert "Nothing to change here any more" in again.text
    assert len(notices(app)) == 2


def test_links_of_old_letters_work_after_the_change(app: App, client: TestClient) -> None:
    ada = a_person(app)
    old = link(app, Purpose.UNSUBSCRIBE, ada, 0)
    ask(app, client, ada, "ada@new.test")
    client.post(link_of(app, ada))

    assert client.post(old, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert set(states(app, ada).values()) == {"unsubscribed"}


def test_an_address_that_is_taken_or_suppressed_is_answered_like_any_other(app: App, client: TestClient) -> None:
    ada = a_person(app)
    a_person(app, "bob@maths.test")
    with app.database.begin() as session:
        suppression.suppress(session, "never@maths.test", reason="bounce", source="t", now=app.clock())
    answers = {
        (answer.status_code, answer.headers["location"])
        for answer in (ask(app, client, ada, f"{name}@maths.test") for name in ("free", "bob", "never"))
    }
    assert len(answers) == 1
    assert len(notices(app)) == 1


def test_an_address_that_was_taken_meanwhile_is_said_at_the_new_one(app: App, client: TestClient) -> None:
    ada = a_person(app)
    ask(app, client, ada, "ada@new.test")
    address = link_of(app, ada)
    a_person(app, "ada@new.test")
    answer = client.post(address)
    assert answer.status_code == 409
    assert "gets our letters already" in text_of(answer.text)
    assert address_of(app, ada) == "ada@maths.test"


@pytest.mark.parametrize("wrong", ["", "nonsense", "a@b@c"])
def test_what_is_no_address_comes_back_to_be_mended(app: App, client: TestClient, wrong: str) -> None:
    answer = ask(app, client, a_person(app), wrong)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert notices(app) == []


def test_nobody_fills_a_strangers_mailbox_with_links(app: App, client: TestClient) -> None:
    people_asking = [a_person(app, f"p{number}@maths.test") for number in range(7)]
    codes = [ask(app, client, person, "victim@maths.test").status_code for person in people_asking]
    assert codes == [303] * 5 + [422] * 2
    assert len(notices(app)) == 5


def test_opening_the_link_changes_nothing(app: App, client: TestClient) -> None:
    ada = a_person(app)
    ask(app, client, ada, "ada@new.test")
    address = link_of(app, ada)
    with app.database.read() as session:
        before = everything(session)
    for method in ("GET", "HEAD", "OPTIONS"):
        client.request(method, address)
    with app.database.read() as session:
        assert everything(session) == before


def test_the_form_of_a_test_copy_changes_nothing(app: App, client: TestClient) -> None:
    assert ask(app, client, SubscriberId(0), "x@maths.test").status_code == 303
    assert notices(app) == []
