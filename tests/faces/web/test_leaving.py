"""/unsubscribe and /preferences: what a link does, and what only looking at it does not."""

import pytest
from fastapi.testclient import TestClient

from mailer import campaigns
from mailer.app import App
from mailer.base.tables import CampaignId
from mailer.base.tokens import Purpose
from mailer.content import StoredFiles, read_files
from subscribers import erasure, people
from tests.faces.web.builders import a_person, everything, link, states, text_of

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def campaign_id(app: App) -> CampaignId:
    """A campaign to the academic audience."""
    issue = read_files(StoredFiles({"issue.md": b"---\ntitle: A letter\n---\n\nHello.\n"}), "issue.md")
    with app.database.begin() as session:
        revision_id = campaigns.store_revision(session, issue, now=app.clock(), author="tests")
        return campaigns.create(session, revision_id, audiences=["academic"], now=app.clock(), actor="tests")


def test_looking_at_the_page_changes_nothing(app: App, client: TestClient, campaign_id: CampaignId) -> None:
    ada = a_person(app)
    with app.database.read() as session:
        before = everything(session)

    for method in ("GET", "HEAD"):
        for purpose in (Purpose.UNSUBSCRIBE, Purpose.PREFERENCES, Purpose.CONFIRM):
            assert client.request(method, link(app, purpose, ada, campaign_id)).status_code == 200

    with app.database.read() as session:
        assert everything(session) == before


def test_one_click_leaves_the_audiences_of_the_campaign(app: App, client: TestClient, campaign_id: CampaignId) -> None:
    ada = a_person(app)

    answer = client.post(link(app, Purpose.UNSUBSCRIBE, ada, campaign_id), data=ONE_CLICK)

    assert answer.status_code == 200
    assert not answer.history
    assert "set-cookie" not in answer.headers
    assert "<" not in answer.text
    assert states(app, ada) == {"academic": "unsubscribed", "industry": "subscribed"}


def test_one_click_may_come_as_a_multipart_form(app: App, client: TestClient, campaign_id: CampaignId) -> None:
    ada = a_person(app)

    answer = client.post(
        link(app, Purpose.UNSUBSCRIBE, ada, campaign_id), files={"List-Unsubscribe": (None, "One-Click")}
    )

    assert answer.status_code == 200
    assert states(app, ada)["academic"] == "unsubscribed"


def test_one_click_from_another_site_with_its_own_headers_still_leaves(
    app: App, client: TestClient, campaign_id: CampaignId
) -> None:
    ada = a_person(app)
    headers = {"origin": "https://mail.example", "sec-fetch-site": "cross-site"}

    assert client.post(link(app, Purpose.UNSUBSCRIBE, ada, campaign_id), data=ONE_CLICK, headers=headers).is_success
    assert states(app, ada)["academic"] == "unsubscribed"


def test_one_click_twice_is_as_good_as_once(app: App, client: TestClient, campaign_id: CampaignId) -> None:
    ada = a_person(app)
    address = link(app, Purpose.UNSUBSCRIBE, ada, campaign_id)

    assert [client.post(address, data=ONE_CLICK).status_code for _ in range(2)] == [200, 200]
    assert states(app, ada) == {"academic": "unsubscribed", "industry": "subscribed"}


def test_the_page_leaves_everything_and_takes_it_back(app: App, client: TestClient, campaign_id: CampaignId) -> None:
    ada = a_person(app)
    address = link(app, Purpose.UNSUBSCRIBE, ada, campaign_id)

    assert client.post(address, data={"what": "all", "reason": "too long"}).status_code == 303
    assert set(states(app, ada).values()) == {"unsubscribed"}
    assert client.get(address).text.count("You are unsubscribed") == 2, "the title of the page says it too"

    client.post(address, data={"what": "undo"})
    assert states(app, ada) == {"academic": "subscribed", "industry": "subscribed"}


def test_a_post_without_a_word_leaves_these_audiences(app: App, client: TestClient, campaign_id: CampaignId) -> None:
    ada = a_person(app)

    client.post(link(app, Purpose.UNSUBSCRIBE, ada, campaign_id))

    assert states(app, ada)["academic"] == "unsubscribed"


def test_a_pause_of_three_months_ends_on_the_same_day(app: App, client: TestClient, campaign_id: CampaignId) -> None:
    ada = a_person(app)

    client.post(link(app, Purpose.UNSUBSCRIBE, ada, campaign_id), data={"what": "pause", "months": "3"})

    with app.database.read() as session:
        person = people.person_by_id(session, ada, now=app.clock())
    assert person is not None
    assert person.status == "paused"
    assert person.paused_until is not None
    assert 88 <= (person.paused_until - app.clock()).days <= 92


def test_the_link_of_a_campaign_that_is_gone_still_leaves_everything(app: App, client: TestClient) -> None:
    ada = a_person(app)

    assert client.post(link(app, Purpose.UNSUBSCRIBE, ada, 4711), data=ONE_CLICK).status_code == 200
    assert set(states(app, ada).values()) == {"unsubscribed"}


def test_a_test_copy_shows_its_pages_and_changes_nothing(app: App, client: TestClient, campaign_id: CampaignId) -> None:
    a_person(app)
    with app.database.read() as session:
        before = everything(session)

    assert "A test copy" in client.get(link(app, Purpose.VIEW, 0, 0, 0)).text
    for purpose in (Purpose.UNSUBSCRIBE, Purpose.PREFERENCES):
        address = link(app, purpose, 0, campaign_id)
        assert "test copy" in client.get(address).text
        for form in (ONE_CLICK, {"what": "all"}, {"what": "save", "audience": "academic"}):
            assert client.post(address, data=form).status_code in (200, 303)

    with app.database.read() as session:
        assert everything(session) == before


@pytest.mark.parametrize("page", ["unsubscribe", "preferences", "confirm", "view"])
def test_an_unknown_link_says_kindly_what_to_do(client: TestClient, page: str) -> None:
    for token in ("x", "AAAA", "%00", "é" * 40, "a" * 2000):
        answer = client.get(f"/{page}/{token}")
        assert answer.status_code == 404
        assert "newest letter" in text_of(answer.text)


def test_a_link_for_one_thing_is_not_good_for_another(app: App, client: TestClient) -> None:
    ada = a_person(app)
    token = app.keys.sign(Purpose.PREFERENCES, ada, 0)

    assert client.post(f"/unsubscribe/{token}", data=ONE_CLICK).status_code == 404
    assert states(app, ada)["academic"] == "subscribed"


def test_preferences_set_exactly_what_is_ticked(app: App, client: TestClient) -> None:
    ada = a_person(app)
    form = {"what": "save", "name": "Ada King", "language": "fr", "audience": ["outreach"], "months": "keep"}

    assert client.post(link(app, Purpose.PREFERENCES, ada, 0), data=form).status_code == 303

    assert states(app, ada) == {"academic": "unsubscribed", "industry": "unsubscribed", "outreach": "subscribed"}
    page = client.get(link(app, Purpose.PREFERENCES, ada, 0)).text
    assert 'lang="fr"' in page
    assert "Ada King" in page


@pytest.mark.parametrize("months", ["²", "soon", "-1", "2"])
def test_a_pause_that_is_not_offered_is_refused(app: App, client: TestClient, months: str) -> None:
    ada = a_person(app)
    form = {"what": "save", "name": "Ada", "audience": ["academic"], "months": months}

    assert client.post(link(app, Purpose.PREFERENCES, ada, 0), data=form).status_code == 422
    assert states(app, ada) == {"academic": "subscribed", "industry": "subscribed"}


def test_preferences_offer_no_private_audience_to_strangers(app: App, client: TestClient) -> None:
    ada = a_person(app)
    member = a_person(app, "max@maths.test", "board")
    form = {"what": "save", "name": "Ada", "language": "en", "audience": ["board"], "months": "keep"}

    assert "Board" not in client.get(link(app, Purpose.PREFERENCES, ada, 0)).text
    assert "Board" in client.get(link(app, Purpose.PREFERENCES, member, 0)).text
    assert client.post(link(app, Purpose.PREFERENCES, ada, 0), data=form).status_code == 409
    assert "board" not in states(app, ada)


def test_an_address_is_shown_to_its_owner_only_in_part(app: App, client: TestClient, campaign_id: CampaignId) -> None:
    ada = a_person(app)
    for purpose in (Purpose.UNSUBSCRIBE, Purpose.PREFERENCES):
        page = client.get(link(app, purpose, ada, campaign_id)).text
        assert "ada@maths.test" not in page
        assert "a•••@maths.test" in page


def test_a_name_is_shown_as_it_is_and_runs_nothing(app: App, client: TestClient) -> None:
    ada = a_person(app, name='<script>alert(1)</script>" onfocus="x {{ 7*7 }} {0.__class__}')

    page = client.get(link(app, Purpose.PREFERENCES, ada, 0)).text

    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "49" not in page


@pytest.mark.parametrize("language", ["de", "fr"])
def test_pages_speak_the_browsers_language_where_the_person_has_none(
    app: App, client: TestClient, language: str
) -> None:
    ada = a_person(app)
    page = client.get(link(app, Purpose.UNSUBSCRIBE, ada, 0), headers={"accept-language": f"{language}-CH, en;q=0.5"})

    assert f'<html lang="{language}"' in page.text


def test_everything_on_record_can_be_taken_away_as_a_file(app: App, client: TestClient) -> None:
    ada = a_person(app)
    address = link(app, Purpose.PREFERENCES, ada, 0)

    answer = client.post(f"{address}/data")

    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.json()["email"] == "ada@maths.test"
    assert "asked us at a workshop" in answer.text
    assert client.get(f"{address}/data").status_code in (404, 405)
    assert client.post(link(app, Purpose.PREFERENCES, 0, 0) + "/data").json() == {}


def test_only_who_knows_the_address_is_erased(app: App, client: TestClient) -> None:
    ada = a_person(app)
    address = link(app, Purpose.PREFERENCES, ada, 0)

    for wrong in ("", "bob@maths.test"):
        answer = client.post(f"{address}/erase", data={"address": wrong})
        assert answer.status_code == 409
        assert "Nothing was erased" in answer.text
    assert states(app, ada)["academic"] == "subscribed"

    assert "You are erased" in client.post(f"{address}/erase", data={"address": " ADA@maths.test"}).text
    with app.database.read() as session:
        assert people.person_by_id(session, ada, now=app.clock()) is None
    for page in (address, link(app, Purpose.UNSUBSCRIBE, ada, 0), link(app, Purpose.CONFIRM, ada)):
        answer = client.get(page)
        assert answer.status_code == 404
        assert "Nothing about you is on record any more" in answer.text
        assert ('href="/subscribe"' in answer.text) == page.startswith("/confirm/")


def test_one_click_of_whoever_was_erased_is_as_good_as_done(
    app: App, client: TestClient, campaign_id: CampaignId
) -> None:
    ada = a_person(app)
    with app.database.begin() as session:
        erasure.erase(session, ada, keys=app.keys, now=app.clock(), actor="test")
    address = link(app, Purpose.UNSUBSCRIBE, ada, campaign_id)
    assert client.post(address, data=ONE_CLICK).status_code == 200
    answer = client.post(address, data={"what": "all"})
    assert answer.status_code == 404
    assert "Nothing about you is on record any more" in answer.text
