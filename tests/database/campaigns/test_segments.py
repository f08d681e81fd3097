"""A campaign that segments narrow: whom it reaches, what of it is approved, and what an edit or a deletion does to it."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from mailer import campaigns
from mailer.base import audit
from mailer.base.database import Database
from mailer.base.errors import NotAllowed, NotFound, WrongInput
from mailer.base.tables import CampaignId
from mailer.campaigns.models import Campaign
from mailer.content import StoredFiles, read_files
from subscribers import add_person, attributes, erase, segments
from tests.support.relay import RelayServer
from tests.support.sending import BEGIN, Office, relaying

LATER = BEGIN + timedelta(hours=3)


@pytest.fixture
def office(database: Database, relay_server: RelayServer) -> Iterator[Office]:
    with relaying(relay_server) as relay:
        opened = Office(database, relay)
        for address, *slugs in (
            ("ada@bath.test", "academic"),
            ("bea@bath.test", "academic", "industry"),
            ("cy@firm.test", "academic", "industry"),
            ("dee@firm.test", "industry"),
            ("left@bath.test", "academic"),
        ):
            opened.add(address, *slugs)
        opened.leave("left@bath.test")
        opened.segment("bath", "email ends with @bath.test")
        opened.segment("partners", "audience = industry")
        yield opened


def draft(office: Office, *audiences: str, wanted: tuple[str, ...] = (), excluded: tuple[str, ...] = ()) -> CampaignId:
    """A campaign that is not released."""
    issue = read_files(StoredFiles({"issue.md": b"# Winter\n\nHello.\n"}), "issue.md")
    with office.database.begin() as session:
        revision_id = campaigns.store_revision(session, issue, now=office.now, author="test")
        return campaigns.create(
            session, revision_id, audiences=audiences, wanted=wanted, excluded=excluded, now=office.now, actor="test"
        )


def got_it(relay: RelayServer) -> str:
    """Who got something, by the names before the @."""
    return " ".join(sorted(address.partition("@")[0] for address in relay.recipients))


@pytest.mark.parametrize(
    ("audiences", "wanted", "excluded", "expected"),
    [
        (["academic"], [], [], "ada bea cy"),
        (["academic"], ["bath"], [], "ada bea"),
        (["academic"], ["bath", "partners"], [], "ada bea cy"),
        (["academic"], [], ["partners"], "ada"),
        (["academic"], ["bath"], ["partners"], "ada"),
        (["academic", "industry"], ["partners"], ["bath"], "cy dee"),
        (["academic"], ["nobody"], [], ""),
        (["academic"], ["everybody"], [], "ada bea cy"),  # nobody outside of the audiences, whatever a segment says
    ],
)
def test_it_goes_to_whom_the_segments_leave_over_of_its_audiences(
    office: Office,
    relay_server: RelayServer,
    *,
    audiences: list[str],
    wanted: list[str],
    excluded: list[str],
    expected: str,
) -> None:
    office.segment("nobody", "email = no@one.test")
    office.segment("everybody", "email is not empty")
    campaign_id = office.release(*audiences, wanted=wanted, excluded=excluded, send_at=LATER)
    assert office.plan(campaign_id).count == len(expected.split())

    office.now = LATER
    office.work()

    assert got_it(relay_server) == expected
    assert office.state(campaign_id).state == "sent"


def test_the_plan_counts_everybody_who_is_left_out_once_with_the_reason(office: Office) -> None:
    narrowed = draft(office, "academic", "industry", wanted=("bath",), excluded=("partners",))
    whole = draft(office, "academic", "industry")

    plan = office.plan(narrowed)

    assert plan.exclusions == {"unsubscribed": 1, "outside": 2, "excluded": 1}
    assert plan.count + sum(plan.exclusions.values()) == 5
    assert (plan.count, plan.by_audience, plan.by_mask) == (1, {"academic": 1, "industry": 0}, {1: 1})
    assert office.plan(whole).exclusions == {"unsubscribed": 1}
    only_excluding = office.plan(draft(office, "academic", excluded=("partners",)))
    assert only_excluding.exclusions == {"unsubscribed": 1, "excluded": 2}


def test_a_draft_asks_its_segments_as_they_are(office: Office) -> None:
    campaign_id = draft(office, "academic", wanted=("bath",))
    assert office.plan(campaign_id).count == 2
    office.segment("bath", "email = ada@bath.test")
    assert office.plan(campaign_id).count == 1
    assert office.state(campaign_id).state == "draft"


def test_a_changed_segment_asks_anew_and_resuming_goes_by_what_was_approved(
    office: Office, relay_server: RelayServer
) -> None:
    campaign_id = office.release(wanted=["bath"], send_at=LATER)
    approved = office.state(campaign_id).release_hash

    office.segment("bath", "email is not empty")

    row = office.state(campaign_id)
    assert (row.state, row.reason) == ("paused", "segment")
    assert "bath" in row.detail
    office.now = LATER
    office.work()
    assert relay_server.recipients == []
    with office.database.read() as session:
        assert audit.entries(session, subject=f"campaign {campaign_id}")[0].deed == "campaign_paused"
    office.decide("resume", campaign_id)
    office.work()
    assert got_it(relay_server) == "ada bea"
    assert office.state(campaign_id).release_hash == approved


def test_a_changed_segment_can_be_recalled_and_released_as_it_is_now(office: Office, relay_server: RelayServer) -> None:
    campaign_id = office.release(wanted=["bath"], send_at=LATER)
    approved = office.state(campaign_id).release_hash
    office.segment("bath", "email = cy@firm.test")

    office.decide("recall", campaign_id)
    row = office.state(campaign_id)
    assert (row.state, row.reason, row.detail, row.resumes_to) == ("draft", "", "", "")
    with office.database.begin() as session:
        office.schedule(session, campaign_id)
    assert office.state(campaign_id).release_hash != approved
    office.work()

    assert got_it(relay_server) == "cy"


def test_one_that_the_manager_holds_tells_the_change_too(office: Office) -> None:
    campaign_id = office.release(excluded=["bath"], send_at=LATER)
    office.decide("pause", campaign_id)
    office.segment("bath", "email is empty")
    assert office.state(campaign_id).reason == "segment"


def test_a_release_is_not_asked_anew_by_another_name_or_the_same_filter_or_another_segment(office: Office) -> None:
    campaign_id = office.release(wanted=["bath"], send_at=LATER)
    with office.database.begin() as session:
        for slug, name, text in (
            ("bath", "B", "email ends with @bath.test"),
            ("bath", "Bath", None),
            ("partners", None, "name is empty"),
        ):
            asked = campaigns.edit_segment(session, slug, name=name, filter_text=text, now=office.now, actor="test")
            assert asked == ()
    assert office.state(campaign_id).state == "scheduled"


def test_what_is_at_work_goes_on_as_it_was_approved(office: Office, relay_server: RelayServer) -> None:
    campaign_id = office.release(wanted=["bath"])
    office.sweep()
    assert office.state(campaign_id).state == "preparing"
    office.segment("bath", "email is not empty")
    office.work()
    assert got_it(relay_server) == "ada bea"
    assert office.state(campaign_id).state == "sent"


def test_a_segment_in_use_is_not_deleted_and_the_campaign_is_named(office: Office) -> None:
    campaign_id = office.release(excluded=["bath"], send_at=LATER)
    slug = office.state(campaign_id).slug
    with pytest.raises(NotAllowed, match=f"campaign {slug} .*scheduled"), office.database.begin() as session:
        campaigns.delete_segment(session, "bath", now=office.now, actor="test")
    with office.database.read() as session:
        assert segments.find_segment(session, "bath").slug == "bath"
        assert {slug: [row.id for row in rows] for slug, rows in campaigns.uses_of_segments(session).items()} == {
            "bath": [campaign_id]
        }

    office.decide("cancel", campaign_id)
    with office.database.begin() as session:
        campaigns.delete_segment(session, "bath", now=office.now, actor="test")
        with pytest.raises(NotFound):
            segments.find_segment(session, "bath")


def test_a_draft_that_was_cancelled_still_tells_by_which_filters(office: Office) -> None:
    campaign_id = draft(office, "academic", wanted=("bath",))
    office.decide("cancel", campaign_id)
    with office.database.begin() as session:
        campaigns.delete_segment(session, "bath", now=office.now, actor="test")
    row = office.state(campaign_id)
    with office.database.read() as session:
        assert campaigns.filters_of(session, row) == {"bath": "email ends with @bath.test"}
    assert office.plan(campaign_id).count == 2


def with_a_member(office: Office) -> None:
    with office.database.begin() as session:
        add_person(
            session, "eve@one.test", audience_slugs=["academic"], attributes={"member": "1"}, status="subscribed",
            consent="c", source="test", now=office.now,
        )  # fmt: skip
    office.segment("members", "attributes.member = yes")


def test_a_filter_that_cannot_be_read_any_more_stops_the_release_and_says_why(
    office: Office, relay_server: RelayServer
) -> None:
    with_a_member(office)
    campaign_id = office.release(wanted=["members"], send_at=LATER)
    with office.database.begin() as session:
        attributes.retire(session, "member", now=office.now, actor="test")
    with pytest.raises(WrongInput) as caught:
        office.plan(campaign_id)
    assert caught.value.place == "segment members, filter:1"
    office.now = LATER
    office.work()

    row = office.state(campaign_id)
    assert (row.state, row.reason) == ("paused", "segment")
    assert "segment members, filter:1: 'attributes.member' is no attribute that is declared" in row.detail
    assert relay_server.recipients == []

    with office.database.begin() as session:
        attributes.declare(session, "member", now=office.now, actor="test")
    office.decide("resume", campaign_id)
    office.work()
    assert office.state(campaign_id).state == "sent"
    assert relay_server.recipients == []


def test_an_attribute_of_another_type_is_another_audience(office: Office, relay_server: RelayServer) -> None:
    """As text her `1` is no `yes`; as yes-no it is one, and she would get what nobody approved for her."""
    with_a_member(office)
    campaign_id = office.release(wanted=["members"], send_at=LATER)
    with office.database.begin() as session:
        attributes.declare(session, "member", "yes-no", now=office.now, actor="test")
    office.now = LATER
    office.work()

    row = office.state(campaign_id)
    assert (row.state, row.reason) == ("paused", "changed")
    assert relay_server.recipients == []


@pytest.mark.parametrize(
    "values", [{"filters": {"bath": "email is not empty"}}, {"segments": []}, {"segments": [], "excluded": ["bath"]}]
)
def test_what_is_kept_of_segments_is_part_of_the_hash(
    office: Office, relay_server: RelayServer, values: dict[str, object]
) -> None:
    campaign_id = office.release(wanted=["bath"], send_at=LATER)
    with office.database.begin() as session:
        session.execute(update(Campaign).where(Campaign.id == campaign_id).values(**values))
    office.now = LATER
    office.work()
    row = office.state(campaign_id)
    assert (row.state, row.reason) == ("paused", "changed")
    assert relay_server.recipients == []


def test_the_same_segments_have_the_same_hash_and_others_another(office: Office) -> None:
    office.segment("twin", "email ends with @bath.test")
    hashes = [
        office.state(office.release(send_at=LATER, **given)).release_hash  # type: ignore[arg-type]
        for given in ({"wanted": ["bath"]}, {"wanted": ["bath"]}, {"excluded": ["bath"]}, {"wanted": ["twin"]}, {})
    ]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 4


def test_segments_of_what_people_did_and_agreed_to_work_when_the_list_is_frozen(
    office: Office, relay_server: RelayServer
) -> None:
    office.segment("lately", "mailed > 1 day ago")
    office.segment("agreed", "consented >= 2027-01-04 and clicked is empty")
    office.release(wanted=["bath", "lately"])
    office.work()
    assert got_it(relay_server) == "ada bea"
    relay_server.messages.clear()
    office.later(minutes=5)
    office.release("academic", "industry", wanted=["agreed"], excluded=["lately"])
    office.work()
    assert got_it(relay_server) == "cy dee"


def test_days_ago_count_from_the_campaigns_begin_for_its_whole_list(office: Office, relay_server: RelayServer) -> None:
    office.segment("new", "created > 1 day ago")
    campaign_id = office.release(wanted=["new"])
    office.sweep()
    office.decide("pause", campaign_id)
    office.hints.clear()
    office.later(days=3)
    office.decide("resume", campaign_id)
    office.work()
    assert got_it(relay_server) == "ada bea cy"


def test_who_is_named_must_be_there_and_on_one_side(office: Office) -> None:
    with pytest.raises(NotAllowed, match=r"no segment 'bat'; did you mean bath\? use one of bath, partners"):
        draft(office, "academic", wanted=("bat",))
    with pytest.raises(WrongInput, match="bath is both asked for and excluded"):
        draft(office, "academic", wanted=("bath",), excluded=("bath",))
    with pytest.raises(WrongInput, match="21 segments were named"):
        draft(office, "academic", wanted=tuple(f"s{number}" for number in range(21)))
    with office.database.read() as session:
        assert campaigns.list_campaigns(session) == ()


def test_who_is_erased_is_taken_out_of_a_release_too_which_is_then_another_one(office: Office) -> None:
    office.segment("two", "email in (ada@bath.test, bea@bath.test)")
    campaign_id = office.release(wanted=["two"], send_at=LATER)
    with office.database.begin() as session:
        erase(session, office.person("ada@bath.test"), keys=office.keys, now=office.now, actor="test")
    assert office.state(campaign_id).filters == {"two": "email in (erased, bea@bath.test)"}
    office.now = LATER
    office.work()
    row = office.state(campaign_id)
    assert (row.state, row.reason) == ("paused", "changed")


def test_an_edit_waits_for_a_release_that_is_being_made_and_then_holds_it(office: Office) -> None:
    campaign_id = draft(office, "academic", wanted=("bath",))
    edit = threading.Thread(target=office.segment, args=("bath", "email is not empty"))
    with office.database.begin() as session:
        office.schedule(session, campaign_id, send_at=LATER)
        edit.start()
        edit.join(0.3)
        assert edit.is_alive()
    edit.join(30)

    row = office.state(campaign_id)
    assert (row.state, row.reason, row.filters) == ("paused", "segment", {"bath": "email ends with @bath.test"})
