"""/people, /audiences and the import of a file."""

import gc
from collections.abc import Sequence

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from mailer.app import App
from mailer.base.hints import Hint
from mailer.worker import tasks
from subscribers import people
from subscribers.models import Import
from tests.faces.web.builders import a_person, states, text_of


@pytest.fixture(autouse=True)
def _worker(app: App) -> None:
    """One who brings the people of a file in at once."""

    def work(hints: Sequence[Hint]) -> None:
        for job, subject_id in hints:
            if job in ("sign_up", "import_people"):
                tasks.JOBS[job](app, subject_id)

    app.database.queue = work


def the_person(app: App, email: str) -> people.Person:
    with app.database.read() as session:
        return people.find_person(session, email, now=app.clock())


def test_people_are_found_by_address_name_audience_and_status(app: App, manager: TestClient) -> None:
    a_person(app, "ada@maths.test", "academic", name="Ada Lovelace")
    a_person(app, "bob@firm.test", "industry", name="Bob")

    for query, found in (
        ("search=lovelace", {"ada@maths.test"}),
        ("search=firm", {"bob@firm.test"}),
        ("audience=industry", {"bob@firm.test"}),
        ("status=subscribed", {"ada@maths.test", "bob@firm.test"}),
        ("status=paused", set()),
        ("search=%25", set()),
    ):
        page = manager.get(f"/people?{query}").text
        assert {email for email in ("ada@maths.test", "bob@firm.test") if email in page} == found, query


def test_a_person_is_added_unsubscribed_suppressed_and_erased(app: App, manager: TestClient) -> None:
    form = {
        "email": "ada@maths.test",
        "name": "Ada",
        "audience": "academic",
        "status": "subscribed",
        "consent": "by phone",
    }
    address = manager.post("/people", data=form).headers["location"].partition("?")[0]
    assert "by phone" in manager.get(address).text

    manager.post(f"{address}/unsubscribe")
    assert the_person(app, "ada@maths.test").status == "unsubscribed"
    manager.post(f"{address}/suppress")
    assert the_person(app, "ada@maths.test").status == "suppressed"
    manager.post(f"{address}/lift")
    assert the_person(app, "ada@maths.test").status == "unsubscribed"

    assert manager.post(f"{address}/erase", data={"email": "bob@maths.test"}).status_code == 409
    assert manager.post(f"{address}/erase", data={"email": "ADA@maths.test"}).status_code == 303
    assert manager.get(address).status_code == 404


def test_nobody_is_subscribed_by_hand_without_consent(manager: TestClient) -> None:
    answer = manager.post("/people", data={"email": "ada@maths.test", "status": "subscribed", "audience": "academic"})

    assert answer.status_code == 422
    assert "consent on record" in text_of(answer.text)
    assert 'value="ada@maths.test"' in answer.text


def _look(manager: TestClient, rows: bytes, form: dict[str, str] | None = None) -> tuple[str, str]:
    """The address of an import, and its page once a worker has looked at the file."""
    sent = manager.post("/people/import", data=form or {}, files={"file": ("people.csv", rows, "text/csv")})
    assert sent.status_code == 303, sent.text
    address = sent.headers["location"]
    return address, manager.get(address).text


def test_a_file_is_looked_at_before_it_changes_anything(app: App, manager: TestClient) -> None:
    left = a_person(app, "left@maths.test", "academic")
    manager.post(f"/people/{the_person(app, 'left@maths.test').public_id}/unsubscribe")
    rows = "E-Mail,Full name\nnew@maths.test,New\nleft@maths.test,Left\nnonsense,Nobody\n"
    form = {"audience": "academic", "status": "subscribed", "consent": "signed at the workshop"}

    address, looked = _look(manager, rows.encode(), form)

    assert "Nothing was changed" in text_of(looked)
    assert "4" in text_of(looked)
    with app.database.read() as session:
        assert people.count_people(session, now=app.clock()) == 1

    assert manager.post(address, data={"what": "import", "column": ["E-Mail"], "field": [""]}).status_code == 303

    assert "Imported" in manager.get(address).text
    assert the_person(app, "new@maths.test").status == "subscribed"
    assert states(app, left)["academic"] == "unsubscribed"
    assert "nonsense" in manager.get(f"{address}/rejected.csv").text
    assert manager.post(address, data={"what": "import"}).status_code == 409
    assert "1 brought in" in text_of(manager.get("/people/import").text)


def test_what_a_person_says_a_column_is_stays_said(app: App, manager: TestClient) -> None:
    address, looked = _look(manager, b"Who,Mail\nAda,ada@maths.test\n")
    assert '<option value="name" selected>' not in looked
    columns = {"column": ["Who", "Mail"], "field": ["name", ""]}

    manager.post(address, data={"what": "look", **columns})
    assert '<option value="name" selected>' in manager.get(address).text
    manager.post(address, data={"what": "import", **columns})

    assert the_person(app, "ada@maths.test").name == "Ada"


def test_a_column_that_seems_to_tell_who_has_left_is_named_and_a_report_from_before_that_is_still_shown(
    app: App, manager: TestClient
) -> None:
    address, looked = _look(manager, b"email,Campaigns\nada@maths.test,Unsubscribed\n")
    assert "Campaigns : this says of some people that they have left" in text_of(looked)

    with app.database.begin() as session:
        row = session.scalars(select(Import)).one()
        row.report = {name: value for name, value in row.report.items() if name != "doubtful"}

    assert manager.get(address).status_code == 200


def test_how_far_a_file_was_read_is_shown_without_a_script(app: App, manager: TestClient) -> None:
    app.database.queue = None  # the worker is away
    address, waiting = _look(manager, b"email\nada@maths.test\n")
    assert "Waiting for a worker" in waiting
    assert manager.get(address).headers["refresh"] == "1"
    with app.database.begin() as session:
        running = {"state": "running", "rows_read": 20_000, "share": 0.4}
        session.execute(update(Import).values(**running))

    page = manager.get(address).text
    assert "Looking at the file: 20,000 rows so far" in page
    assert 'value="40"' in page
    assert "<script" not in page
    assert "40 %" in manager.get("/people/import").text


def test_an_import_that_failed_says_why_and_can_be_begun_again(app: App, manager: TestClient) -> None:
    app.database.queue = None
    address, _ = _look(manager, b"email,who\nada@maths.test,Ada\n")
    with app.database.begin() as session:
        session.execute(update(Import).values(state="failed", error="it was cut off", mapping={"who": "name"}))

    failed = manager.get(address)
    assert "it was cut off" in failed.text
    assert "refresh" not in failed.headers
    assert 'name="field" value="name"' in failed.text
    assert manager.post(address, data={"what": "look"}).status_code == 303
    assert "Waiting" in manager.get(address).text


def test_of_a_file_whose_columns_tell_nothing_it_is_asked_which_holds_the_addresses(
    app: App, manager: TestClient
) -> None:
    address, page = _look(manager, b"who,chief\nada@maths.test,eve@maths.test\n")
    assert "Which column holds the addresses?" in page
    assert "--map" not in page
    assert '<select id="field-2"' in page

    answer = manager.post(address, data={"column": ["who", "chief"], "field": ["email", "ignore"], "what": "look"})
    assert answer.status_code == 303
    assert "Import 1 person" in manager.get(address).text
    manager.post(address, data={"column": ["who", "chief"], "field": ["email", "ignore"], "what": "import"})
    assert the_person(app, "ada@maths.test").email == "ada@maths.test"


def test_a_column_can_be_taken_for_who_has_left_or_for_a_declared_attribute(app: App, manager: TestClient) -> None:
    manager.post("/attributes", data={"name": "field", "kind": "text", "label": ""})
    address, page = _look(manager, b"email,Weg,Fach\nada@maths.test,ja,algebra\n")
    assert '<option value="unsubscribed">unsubscribed: yes, or since when</option>' in page
    assert '<option value="attributes.field">field</option>' in page

    form = {"column": ["email", "Weg", "Fach"], "field": ["", "unsubscribed", "attributes.field"]}
    manager.post(address, data=form | {"what": "look"})
    assert '<option value="attributes.field" selected>field</option>' in manager.get(address).text
    manager.post(address, data=form | {"what": "import"})
    ada = the_person(app, "ada@maths.test")
    assert (ada.status, ada.attributes) == ("unsubscribed", {"field": "algebra"})


def test_no_name_of_an_upload_leads_anywhere(manager: TestClient) -> None:
    for key in ("%2e%2e", "..%2f..", "x" * 30, "a%2f..%2f..%2fb", "mailer.toml"):
        assert manager.post(f"/people/import/{key}", data={"what": "import"}).status_code in (404, 405)
        assert manager.get(f"/people/import/{key}/rejected.csv").status_code == 404


def test_an_audience_is_added_edited_and_archived(manager: TestClient) -> None:
    form = {"slug": "schools", "name": "Schools", "is_public": "true"}
    assert manager.post("/audiences", data=form).status_code == 303
    assert manager.post("/audiences", data=form).status_code == 409
    assert manager.post("/audiences", data={"slug": "Not A Slug", "name": "x"}).status_code == 422

    manager.post("/audiences/schools", data={"name": "Schools and colleges", "is_public": "true"})
    assert "Schools and colleges" in manager.get("/subscribe").text
    manager.post("/audiences/schools/archive")
    assert "Schools and colleges" not in manager.get("/subscribe").text
    assert manager.get("/audiences/none").status_code == 404


def test_the_audit_log_tells_what_was_done(manager: TestClient) -> None:
    manager.post("/audiences", data={"slug": "schools", "name": "Schools"})

    page = text_of(manager.get("/audit").text)

    assert "audience added" in page
    assert "Helena" in page


def test_people_are_exported_and_brought_back_unchanged(app: App, manager: TestClient) -> None:
    a_person(app, "ada@maths.test", "academic", name="=Ada")
    a_person(app, "bob@firm.test", "industry")

    exported = manager.get("/people/export.csv?audience=academic")

    assert exported.headers["content-disposition"] == 'attachment; filename="people.csv"'
    assert "ada@maths.test" in exported.text
    assert "bob@firm.test" not in exported.text
    assert ",=Ada" not in exported.text
    _, looked = _look(manager, exported.content)
    assert "Nobody would be new or changed." in text_of(looked)
    assert len(manager.get("/people/export.jsonl").text.splitlines()) == 2
    assert manager.get("/people/export.xml").status_code in (404, 422)


def test_an_export_that_fails_leaves_no_file_open(manager: TestClient) -> None:
    assert manager.get("/people/export.csv?audience=nobody").status_code == 404
    gc.collect()  # a file that was left open is warned of now, and warnings are errors here


def test_a_segment_is_counted_saved_and_used(app: App, manager: TestClient) -> None:
    a_person(app, "ada@maths.test", "academic")
    a_person(app, "bob@firm.test", "industry")

    assert "1 person now" in text_of(manager.get("/segments?filter=email ends with maths.test").text)
    wrong = manager.get("/segments?filter=colour ~ 3")
    assert wrong.status_code == 422
    assert "colour" in wrong.text
    form = {"slug": "maths", "name": "Mathematicians", "filter": "email ends with maths.test"}
    assert manager.post("/segments", data=form).status_code == 303
    assert manager.post("/segments", data=form).status_code == 409

    page = manager.get("/people?segment=maths").text
    assert "ada@maths.test" in page
    assert "bob@firm.test" not in page
    assert "bob" not in manager.get("/people/export.csv?segment=maths").text

    assert "email ends with maths.test" in manager.get("/segments/maths/edit").text
    wrong = manager.post("/segments/maths/edit", data={"name": "Firms", "filter": "email ends with"})
    assert wrong.status_code == 422
    assert "filter:" in wrong.text
    assert 'action="/segments/maths/edit"' in wrong.text
    form = {"name": "Firms", "filter": "email ends with firm.test"}
    assert manager.post("/segments/maths/edit", data=form).status_code == 303
    assert "bob@firm.test" in manager.get("/people?segment=maths").text
    assert "Firms" in manager.get("/segments").text
    assert manager.post("/segments/maths/delete").status_code == 303
    assert manager.get("/people?segment=maths").status_code == 404
    assert manager.get("/segments/maths/edit").status_code == 404


def test_the_form_for_other_pages_is_shown_as_text(app: App, manager: TestClient) -> None:
    page = manager.get("/audiences").text

    assert "&lt;form method=&#34;post&#34; action=&#34;http://testserver/subscribe&#34;" in page
    manager.post("/subscribe", data={"audience": "academic", "email": "guest@maths.test"})
    assert the_person(app, "guest@maths.test").status == "unconfirmed"


def test_a_person_shows_why_they_are_not_mailed_and_what_they_agreed_to(app: App, manager: TestClient) -> None:
    from subscribers import joining, people, suppression

    for email, subject, said in (
        ("ada@maths.test", "ada@maths.test", "Mail to it came back for good"),
        ("bob@gone.test", "@gone.test", "Nobody at @gone.test is mailed"),
    ):
        person = a_person(app, email)
        with app.database.begin() as session:
            joining.unsubscribe(session, person, audience_slugs=["academic"], now=app.clock(), source="page")
            suppression.suppress(session, subject, reason="bounce", source="tests", now=app.clock())
            public_id = people.find_person(session, email, now=app.clock()).public_id
        page = text_of(manager.get(f"/people/{public_id}").text)
        assert said in page
        assert "Agreed" in page
        assert "Left" in page
        assert ("Lift the suppression" in page) == (not subject.startswith("@"))


def test_attributes_are_declared_and_retired_and_a_segment_over_a_retired_one_is_still_shown(
    manager: TestClient,
) -> None:
    form = {"name": "town", "type": "text", "label": "Where they live"}
    assert manager.post("/attributes", data=form).status_code == 303
    assert "Where they live" in manager.get("/attributes").text
    wrong = manager.post("/attributes", data={"name": "home town"})
    assert wrong.status_code == 422
    assert "home town" in wrong.text
    segment = {"slug": "bath", "name": "Bath", "filter": "attributes.town = Bath"}
    assert manager.post("/segments", data=segment).status_code == 303

    assert manager.post("/attributes/retire", data={"name": "town"}).status_code == 303
    shown = manager.get("/segments")
    assert shown.status_code == 200
    assert "cannot be asked" in text_of(shown.text)
    assert "filter:1" in text_of(shown.text)


def test_another_type_is_refused_with_the_count_of_what_does_not_fit_or_takes_it_away(
    app: App, manager: TestClient
) -> None:
    with app.database.begin() as session:
        for address, age in (("ada@maths.test", "36"), ("bob@maths.test", "old")):
            people.add_person(session, address, attributes={"age": age}, source="tests", now=app.clock())

    refused = manager.post("/attributes", data={"name": "age", "type": "number"})
    assert refused.status_code == 409
    assert "1 value of age cannot be read as number" in text_of(refused.text)
    assert the_person(app, "ada@maths.test").attributes == {"age": "36"}

    assert manager.post("/attributes", data={"name": "age", "type": "number", "unfit": "remove"}).status_code == 303
    assert the_person(app, "ada@maths.test").attributes == {"age": 36}
    assert the_person(app, "bob@maths.test").attributes == {}
