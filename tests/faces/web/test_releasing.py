"""From an issue in the editor to a released campaign: what the manager sees, and what the send button refuses."""

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from mailer import campaigns
from mailer.app import App
from mailer.base.tokens import Purpose
from tests.faces.web.builders import a_person, text_of
from tests.faces.web.drafted import TEXT, release_in_a_month, state, the_form, the_row


def test_a_saved_issue_is_shown_again_and_kept_under_its_address(manager: TestClient, issue: str) -> None:
    page = manager.get(issue).text
    assert "Only scholars read this." in page

    again = manager.post(issue, data={"text": TEXT.replace("Autumn letter", "Winter letter")})

    assert again.headers["location"].startswith(issue)
    assert "Winter letter" in manager.get(issue).text


def test_findings_stand_beside_their_lines(manager: TestClient, issue: str) -> None:
    manager.post(issue, data={"text": TEXT + "\nTODO: write more {{ nonsense }}\n"})

    page = manager.get(issue).text

    assert 'class="error"' in page
    assert 'href="#line-' in page
    line = len(TEXT.splitlines()) + 2
    assert f'id="line-{line}" class="error"' in page


def test_text_that_cannot_be_read_is_not_lost(manager: TestClient) -> None:
    broken = "---\ntitle: [unclosed\n---\n\nMy long text\n"

    answer = manager.post("/issues", data={"text": broken})

    assert answer.status_code == 422
    assert "My long text" in answer.text
    assert "issue.md" in answer.text


def test_files_come_with_the_text(manager: TestClient, issue: str) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + b"0" * 40
    text = TEXT + "\n![A dot](dot.png)\n"

    manager.post(issue, data={"text": text}, files={"files": ("C:\\pictures\\dot.png", picture, "image/png")})
    assert "dot.png" in manager.get(issue).text

    manager.post(issue, data={"text": text, "remove": "dot.png"})
    assert "missing-picture" in manager.get(issue).text


def test_addresses_that_a_test_copy_cannot_go_to_are_there_to_be_corrected(manager: TestClient, campaign: str) -> None:
    answer = manager.post(f"{campaign}/test", data={"to": "ada@maths.test, nonsense"})

    assert answer.status_code == 422
    assert "no @" in answer.text
    assert 'value="ada@maths.test, nonsense"' in answer.text


def test_each_audience_sees_its_own_letter(manager: TestClient, issue: str) -> None:
    scholar = manager.get(f"{issue}/letter?audience=academic&view=text").text
    partner = manager.get(f"{issue}/letter?audience=industry&view=text").text

    assert "Only scholars" in scholar
    assert "Only scholars" not in partner
    assert "Dear Ada Lovelace" in partner


def test_a_preview_is_boxed_in_and_its_links_change_nothing(app: App, manager: TestClient, issue: str) -> None:
    answer = manager.get(f"{issue}/letter")

    assert "sandbox" in answer.headers["content-security-policy"]
    links = set(re.findall(r"http://testserver(/(?:unsubscribe|preferences|view)/[\w-]+)", answer.text))
    assert len(links) == 3
    for address in links:
        shown = manager.get(address)
        assert shown.status_code == 200
        assert app.keys.read(Purpose[address.split("/")[1].upper()], address.split("/")[2])[0] == 0


@pytest.mark.parametrize("view", ["phone", "desktop", "dark", "bare", "text"])
def test_every_way_of_looking_at_a_letter_has_its_page(manager: TestClient, issue: str, view: str) -> None:
    page = manager.get(f"{issue}/preview?view={view}&audience=academic")

    assert page.status_code == 200
    assert "Autumn, for Ada Lovelace" in page.text
    assert f'src="{issue}/letter?view={view}&amp;audience=academic"' in page.text


def test_the_release_page_tells_the_count_and_the_time_in_words(manager: TestClient, campaign: str) -> None:
    page = text_of(manager.get(f"{campaign}/release?when=at&day=2099-01-05&clock=09:00&zone=Europe/London").text)

    assert "Monday 5 January 2099, 09:00 GMT (UTC+00:00)" in page
    assert "Release to 2 people" in page


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("Asia/Kathmandu", "09:00 Asia/Kathmandu (UTC+05:45)"),
        ("America/New_York", "09:00 EDT (UTC-04:00)"),
        ("Europe/Berlin", "09:00 CEST (UTC+02:00)"),
    ],
)
def test_the_time_is_told_in_the_zone_that_was_named(manager: TestClient, campaign: str, zone: str, words: str) -> None:
    page = text_of(manager.get(f"{campaign}/release?when=at&day=2099-07-05&clock=09:00&zone={zone}").text)

    assert words in page


def test_a_time_that_does_not_exist_is_refused_with_what_to_do(manager: TestClient, campaign: str) -> None:
    answer = manager.get(f"{campaign}/release?when=at&day=2099-03-29&clock=01:30&zone=Europe/London")

    assert answer.status_code == 422
    assert "does not exist" in answer.text


def test_a_time_that_is_past_is_refused_and_does_not_mean_at_once(app: App, manager: TestClient, campaign: str) -> None:
    """Such as one of last year, or this morning's for tomorrow's: the page said that it leaves in five minutes."""
    yesterday = (app.clock() - timedelta(days=1)).strftime("when=at&day=%Y-%m-%d&clock=%H:%M&zone=UTC")
    answer = manager.get(f"{campaign}/release?{yesterday}")
    assert (answer.status_code, "is past" in answer.text, "Release to 2 people" in answer.text) == (409, True, False)

    form = the_form(manager.get(f"{campaign}/release?when=at&day=2099-01-05&clock=09:00").text)
    late = {**form, "at": (app.clock() - timedelta(minutes=9)).isoformat(), "number": "2"}
    answer = manager.post(f"{campaign}/release", data=late)

    assert (answer.status_code, "is past" in answer.text, "Release to 2 people" in answer.text) == (409, True, False)
    assert state(app, campaign) == "draft"


def test_as_soon_as_may_be_counts_from_when_the_button_is_pressed(app: App, manager: TestClient, campaign: str) -> None:
    form = the_form(manager.get(f"{campaign}/release?when=now").text)
    assert form["at"] == "now"
    refused = manager.post(f"{campaign}/release", data={**form, "number": "3"})

    answer = manager.post(f"{campaign}/release", data={**the_form(refused.text), "number": "2"})

    assert (answer.status_code, state(app, campaign)) == (303, "scheduled")


@pytest.mark.parametrize("when", ["when=now", "when=at&day=2099-01-05&clock=09:00"])
def test_a_zone_that_is_none_is_refused_with_what_to_do(
    app: App, manager: TestClient, campaign: str, when: str
) -> None:
    answer = manager.get(f"{campaign}/release?{when}&zone=Mars/Olympus")
    assert (answer.status_code, "is no zone" in answer.text) == (422, True)

    form = the_form(manager.get(f"{campaign}/release?{when}").text)
    answer = manager.post(f"{campaign}/release", data={**form, "zone": "Mars/Olympus", "number": "2"})
    assert (answer.status_code, "is no zone" in answer.text) == (422, True)
    assert state(app, campaign) == "draft"


def test_a_wrong_number_releases_nothing(app: App, manager: TestClient, campaign: str) -> None:
    form = the_form(manager.get(f"{campaign}/release?when=now").text)

    for number in ("", "3", "two"):
        answer = manager.post(f"{campaign}/release", data={**form, "number": number})
        assert answer.status_code == 409

    assert state(app, campaign) == "draft"


def test_without_a_test_copy_it_is_released_only_by_saying_so(app: App, manager: TestClient, campaign: str) -> None:
    form = the_form(manager.get(f"{campaign}/release?when=now").text)
    accepted = form.pop("accept")
    assert isinstance(accepted, list)
    accepted.remove("no-test-copy")

    answer = manager.post(f"{campaign}/release", data={**form, "accept": accepted, "number": "2"})
    assert answer.status_code == 409
    assert "no test copy was sent" in text_of(answer.text).lower()

    answer = manager.post(f"{campaign}/release", data={**form, "accept": [*accepted, "no-test-copy"], "number": "2"})
    assert answer.status_code == 303
    assert state(app, campaign) == "scheduled"


def test_a_warning_about_the_compiled_letter_is_shown_and_accepted_by_its_name(app: App, manager: TestClient) -> None:
    """Only the letter tells: the text itself has nothing against it."""
    a_person(app, "ada@maths.test", "academic")
    text = TEXT.replace("title:", "theme: sunrise\ntitle:", 1)
    issue = manager.post("/issues", data={"text": text}).headers["location"].partition("?")[0]
    made = manager.post("/campaigns", data={"issue": issue.rpartition("/")[2], "audience": ["academic"]})
    campaign = made.headers["location"].partition("?")[0]

    form = the_form(manager.get(f"{campaign}/release?when=now").text)
    accepted = form.pop("accept")
    assert isinstance(accepted, list)
    assert "unknown-theme" in accepted
    others = [code for code in accepted if code != "unknown-theme"]

    answer = manager.post(f"{campaign}/release", data={**form, "accept": others, "number": "1"})
    assert answer.status_code == 409
    assert "unknown-theme was not accepted" in text_of(answer.text)
    assert state(app, campaign) == "draft"

    answer = manager.post(f"{campaign}/release", data={**form, "accept": accepted, "number": "1"})
    assert answer.status_code == 303
    assert state(app, campaign) == "scheduled"


def test_a_person_who_left_while_the_page_was_open_makes_the_number_wrong(
    app: App, manager: TestClient, client: TestClient, campaign: str
) -> None:
    form = the_form(manager.get(f"{campaign}/release?when=now").text)
    carol = a_person(app, "carol@maths.test", "academic")

    assert manager.post(f"{campaign}/release", data={**form, "number": "2"}).status_code == 409
    client.post(f"/unsubscribe/{app.keys.sign(Purpose.UNSUBSCRIBE, carol, 0)}", data={"what": "all"})
    assert manager.post(f"{campaign}/release", data={**form, "number": "2"}).status_code == 303


def test_errors_of_the_check_refuse_a_release(app: App, manager: TestClient, issue: str, campaign: str) -> None:
    manager.post(issue, data={"text": TEXT + "\n{{ nonsense }}\n"})
    form = {"issue": issue.rpartition("/")[2], "audience": ["academic"]}
    broken = manager.post("/campaigns", data=form).headers["location"].partition("?")[0]

    page = manager.get(f"{broken}/release?when=now").text
    assert "nothing can be released" in page
    assert "Release to" not in page

    release = the_form(manager.get(f"{campaign}/release?when=now").text)
    assert manager.post(f"{broken}/release", data={**release, "number": "1"}).status_code in (409, 422)
    assert state(app, broken) == "draft"


def test_a_release_can_be_recalled_paused_resumed_and_cancelled(app: App, manager: TestClient, campaign: str) -> None:
    for _ in range(2):
        assert release_in_a_month(app, manager, campaign).status_code == 303
        assert state(app, campaign) == "scheduled"
        manager.post(f"{campaign}/recall")
        assert state(app, campaign) == "draft"

    release_in_a_month(app, manager, campaign)
    for deed, after, said in (
        ("pause", "paused", "A manager paused it."),
        ("resume", "scheduled", "Cancel for good"),
        ("cancel", "cancelled", "Cancelled"),
    ):
        assert manager.post(f"{campaign}/{deed}").status_code == 303
        assert state(app, campaign) == after
        assert said in manager.get(campaign).text
    assert manager.post(f"{campaign}/resume").status_code == 409
    assert "Autumn letter" in manager.get(campaign).text


def test_what_nobody_prepares_can_be_recalled_from_its_page(app: App, manager: TestClient, campaign: str) -> None:
    release_in_a_month(app, manager, campaign)
    scheduled_at = the_row(app, campaign).scheduled_at
    assert scheduled_at is not None
    with app.database.begin() as session:
        campaigns.due(session, now=scheduled_at, grace=timedelta(hours=6))
    assert "Recall: make it a draft again" in manager.get(campaign).text

    assert manager.post(f"{campaign}/recall").status_code == 303

    assert state(app, campaign) == "draft"


def test_who_decides_too_late_sees_how_it_stands(app: App, manager: TestClient, campaign: str) -> None:
    """Such as in a second tab, or whose page still shows a button of before."""
    release_in_a_month(app, manager, campaign)
    assert manager.post(f"{campaign}/pause").status_code == 303

    again = manager.post(f"{campaign}/pause")

    assert again.status_code == 409
    assert "is paused: it cannot pause" in text_of(again.text)
    assert f'action="{campaign}/resume"' in again.text


def test_only_a_campaign_that_the_relay_stopped_goes_on_despite_refusals(
    app: App, manager: TestClient, campaign: str
) -> None:
    release_in_a_month(app, manager, campaign)
    manager.post(f"{campaign}/pause")
    assert "resume-despite-refusals" not in manager.get(campaign).text, "a manager paused it"
    manager.post(f"{campaign}/resume")
    row = the_row(app, campaign)
    with app.database.begin() as session:
        campaigns.pause(session, row.id, now=app.clock(), actor="delivery", reason="relay", detail="550 5.1.1 unknown")

    assert f'action="/campaigns/{row.id}/resume-despite-refusals"' in manager.get(campaign).text
    assert manager.post(f"{campaign}/resume-despite-refusals").status_code == 303

    row = the_row(app, campaign)
    assert (row.state, row.reason, row.despite_refusals) == ("scheduled", "", True)
    assert "despite refusals" in manager.get(f"/audit?subject=campaign%20{row.id}").text


@pytest.fixture
def narrowed(app: App, manager: TestClient, issue: str) -> str:
    """A draft for the mathematicians of two audiences, but no Bob; gives its address."""
    a_person(app, "ada@maths.test", "academic", "industry")
    a_person(app, "bob@maths.test", "industry", name="Bob")
    for slug, name, text in (("maths", "Mathematicians", "email ends with maths.test"), ("bobs", "", 'name = "Bob"')):
        assert manager.post("/segments", data={"slug": slug, "name": name, "filter": text}).status_code == 303
    page = manager.get("/campaigns/new").text
    assert 'name="segment" value="maths"' in page
    assert 'name="exclude" value="bobs"' in page
    form = {"issue": issue.rpartition("/")[2], "audience": ["academic", "industry"]}
    both = manager.post("/campaigns", data={**form, "segment": ["maths"], "exclude": ["maths"]})
    assert both.status_code == 422
    assert "both asked for and excluded" in both.text
    made = manager.post("/campaigns", data={**form, "segment": ["maths"], "exclude": ["bobs"]})
    assert made.status_code == 303
    return made.headers["location"].partition("?")[0]


def test_the_release_page_tells_by_which_segments_a_campaign_is_narrowed(manager: TestClient, narrowed: str) -> None:
    for page in (narrowed, f"{narrowed}/release?when=now"):
        words = text_of(manager.get(page).text)
        assert "Mathematicians: email ends with maths.test" in words
        assert "bobs: name = &#34;Bob&#34;" in words
    words = text_of(manager.get(f"{narrowed}/release?when=now").text)
    assert "Release to 1 person" in words
    assert "Others of these audiences get nothing: 1 excluded by a segment." in words

    release = the_form(manager.get(f"{narrowed}/release?when=now").text)
    assert manager.post(f"{narrowed}/release", data={**release, "number": "2"}).status_code == 409
    assert manager.post(f"{narrowed}/release", data={**release, "number": "1"}).status_code == 303


def test_a_segment_of_a_release_is_kept_and_its_edit_asks_anew(app: App, manager: TestClient, narrowed: str) -> None:
    release = the_form(manager.get(f"{narrowed}/release?when=now").text)
    assert manager.post(f"{narrowed}/release", data={**release, "number": "1"}).status_code == 303
    assert f'href="{narrowed}"' in manager.get("/segments").text
    refused = manager.post("/segments/bobs/delete")
    assert refused.status_code == 409
    assert "uses the segment bobs" in refused.text

    edited = manager.post("/segments/bobs/edit", data={"name": "Bobs", "filter": "name is empty"})
    assert edited.headers["location"] == "/segments?said=asked-anew"
    page = manager.get(narrowed).text
    assert "A segment is not what was approved." in page
    assert "bobs is no longer what was approved" in page
    assert "name = &#34;Bob&#34;" in page  # it still says what was approved
    assert manager.post(f"{narrowed}/recall").status_code == 303
    assert state(app, narrowed) == "draft"
    assert "name is empty" in manager.get(f"{narrowed}/release").text

    assert manager.post(f"{narrowed}/cancel").status_code == 303
    assert manager.post("/segments/bobs/delete").status_code == 303
    assert "Mathematicians: email ends with maths.test" in text_of(manager.get(narrowed).text)


def test_a_draft_whose_segment_cannot_be_read_any_more_says_which_and_where(
    app: App, manager: TestClient, narrowed: str
) -> None:
    manager.post("/attributes", data={"name": "town", "kind": "text"})
    manager.post("/segments/bobs/edit", data={"name": "", "filter": "name is empty or attributes.town = Bath"})
    assert manager.get(f"{narrowed}/release").status_code == 200
    assert manager.post("/attributes/retire", data={"name": "town"}).status_code == 303

    refused = manager.get(f"{narrowed}/release")

    assert refused.status_code == 422
    assert "Segment bobs, filter:18" in refused.text
    assert "is no attribute that is declared" in refused.text
    assert manager.get(narrowed).status_code == 200
    assert state(app, narrowed) == "draft"


def test_a_reader_sees_the_very_letter_that_was_released(app: App, manager: TestClient, campaign: str) -> None:
    form = the_form(manager.get(f"{campaign}/release?when=now").text)
    manager.post(f"{campaign}/release", data={**form, "number": "2"})
    with app.database.read() as session:
        row = campaigns.campaign(session, campaign.rpartition("/")[2])
    bob = a_person(app, "ben@maths.test", "industry", name="Ben <b>")

    page = manager.get(f"/view/{app.keys.sign(Purpose.VIEW, bob, row.id, 2)}")

    assert page.status_code == 200
    assert "Dear Ben &lt;b&gt;" in page.text
    assert "Only scholars" not in page.text
    assert manager.get(f"/view/{app.keys.sign(Purpose.VIEW, bob, row.id, 77)}").status_code == 404
    assert manager.get(f"/view/{app.keys.sign(Purpose.VIEW, 4711, row.id, 2)}").status_code == 404
