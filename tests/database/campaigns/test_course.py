"""The course of a campaign: released by hash, leaving at its time, paused, resumed, recalled, cancelled."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from mailer import campaigns
from mailer.base import audit
from mailer.base.database import Database
from mailer.base.errors import NotAllowed, NotFound, WrongInput
from mailer.base.tables import CampaignId
from mailer.campaigns.combinations import checked_masks
from mailer.campaigns.models import ReleasedLetter
from mailer.content import StoredFiles, read_files
from mailer.rendering import Frame, Sender
from subscribers import add_audience
from tests.support.relay import RelayServer
from tests.support.sending import BEGIN, GRACE, Office, relaying

LATER = BEGIN + timedelta(hours=3)
FRAME = Frame(Sender("News", "news@news.test", "1 Street, Town"), "https://news.test")


@pytest.fixture
def office(database: Database, relay_server: RelayServer) -> Iterator[Office]:
    with relaying(relay_server) as relay:
        yield Office(database, relay)


def test_a_campaign_leaves_at_its_time_and_not_before(office: Office, relay_server: RelayServer) -> None:
    office.people(3)
    campaign_id = office.release(send_at=LATER)

    office.work()
    assert office.state(campaign_id).state == "scheduled"
    office.now = LATER - timedelta(seconds=1)
    office.work()
    assert relay_server.recipients == []
    office.now = LATER
    office.work()

    assert office.state(campaign_id).state == "sent"
    assert len(relay_server.recipients) == 3


PAST_EVENT = """---
title: Dates
subject: Dates
past_events: drop
---
::: event Early
when: 2027-01-04 10:00 UTC
:::

::: event Late
when: 2027-01-06 10:00 UTC
:::
"""


def test_what_is_over_at_the_campaigns_time_is_left_out_and_the_time_makes_another_hash(
    office: Office, relay_server: RelayServer
) -> None:
    office.people(1)
    at_once = office.release(issue=PAST_EVENT)
    later = office.release(issue=PAST_EVENT, send_at=LATER)
    assert office.state(at_once).release_hash != office.state(later).release_hash
    office.work()
    office.now = LATER
    office.work()
    first, second = (message.data for message in relay_server.messages)
    assert (b"Early" in first, b"Late" in first) == (True, True)
    assert (b"Early" in second, b"Late" in second) == (False, True)


def test_a_time_missed_by_more_than_the_grace_waits_for_a_decision(office: Office, relay_server: RelayServer) -> None:
    office.people(2)
    campaign_id = office.release(send_at=LATER)
    office.now = LATER + GRACE + timedelta(minutes=1)
    office.work()
    row = office.state(campaign_id)
    assert (row.state, row.reason) == ("paused", "missed")

    office.decide("resume", campaign_id)
    office.work()

    assert office.state(campaign_id).state == "sent"
    assert len(relay_server.recipients) == 2


def _is_sent_when_released_anew(office: Office, campaign_id: CampaignId) -> bool:
    with office.database.begin() as session:
        office.schedule(session, campaign_id)
    office.work()
    return office.state(campaign_id).state == "sent"


def test_what_missed_its_time_can_be_recalled_and_released_for_another(
    office: Office, relay_server: RelayServer
) -> None:
    office.people(1)
    campaign_id = office.release(send_at=LATER)
    office.now = LATER + GRACE + timedelta(minutes=1)
    office.work()

    office.decide("recall", campaign_id)
    row = office.state(campaign_id)
    assert (row.state, row.reason, row.scheduled_at) == ("draft", "", None)
    assert _is_sent_when_released_anew(office, campaign_id)
    assert len(relay_server.recipients) == 1


def test_what_is_paused_while_it_leaves_is_not_recalled(office: Office) -> None:
    office.people(1)
    campaign_id = office.release()
    office.prepare(campaign_id)
    office.decide("pause", campaign_id)
    with pytest.raises(NotAllowed, match="is paused: it cannot recall"):
        office.decide("recall", campaign_id)
    assert not office.state(campaign_id).can_be_recalled


@pytest.mark.parametrize("times_held", [0, 2], ids=["no worker prepares it", "each time it is held"])
def test_what_stays_in_preparation_can_be_recalled_and_released_anew(
    office: Office, relay_server: RelayServer, times_held: int
) -> None:
    office.people(1)
    campaign_id = office.release()
    office.sweep()
    for _ in range(times_held):
        with office.database.begin() as session:
            session.execute(update(ReleasedLetter).values(content=b"spoilt"))
        office.work()
        assert (office.state(campaign_id).state, office.state(campaign_id).reason) == ("paused", "changed")
        office.decide("resume", campaign_id)
    assert office.state(campaign_id).state == "preparing"
    assert office.state(campaign_id).can_be_recalled

    office.decide("recall", campaign_id)

    row = office.state(campaign_id)
    assert (row.state, row.reason, row.resumes_to, row.scheduled_at, row.started_at) == ("draft", "", "", None, None)
    with office.database.read() as session:
        assert campaigns.list_publications(session) == ()
    office.work()
    assert office.state(campaign_id).state == "draft"
    assert _is_sent_when_released_anew(office, campaign_id)
    assert len(relay_server.recipients) == 1


def test_who_still_prepares_what_was_recalled_enlists_nobody(office: Office) -> None:
    office.people(1)
    campaign_id = office.release()
    office.sweep()
    read_before = office.state(campaign_id)
    office.decide("recall", campaign_id)
    with office.database.begin() as session:
        assert not campaigns.advance_enlisting(session, read_before, after=1)
        office.later(seconds=1)
        office.schedule(session, campaign_id)
    office.sweep()

    with office.database.begin() as session:
        assert office.state(campaign_id).state == "preparing"
        assert not campaigns.advance_enlisting(session, read_before, after=1), "it was read before it was changed"
        assert campaigns.advance_enlisting(session, office.state(campaign_id), after=1)


def test_a_pause_before_its_time_holds_it_and_resuming_lets_it_leave(office: Office) -> None:
    office.people(1)
    campaign_id = office.release(send_at=LATER)
    office.decide("pause", campaign_id)
    office.now = LATER + timedelta(minutes=5)
    office.work()
    assert office.state(campaign_id).state == "paused"

    office.decide("resume", campaign_id)
    office.work()

    assert office.state(campaign_id).state == "sent"


def test_who_is_cancelled_gets_nothing(office: Office, relay_server: RelayServer) -> None:
    office.people(2)
    campaign_id = office.release(send_at=LATER)
    office.decide("cancel", campaign_id)
    office.now = LATER
    office.work()

    assert office.state(campaign_id).state == "cancelled"
    assert relay_server.recipients == []
    with pytest.raises(NotAllowed, match="cancelled"):
        office.decide("resume", campaign_id)


def test_a_recalled_release_is_a_draft_again(office: Office) -> None:
    campaign_id = office.release(send_at=LATER)
    office.decide("recall", campaign_id)
    row = office.state(campaign_id)
    assert (row.state, row.release_hash, row.scheduled_at) == ("draft", "", None)


def test_a_release_whose_letters_changed_is_refused(office: Office, relay_server: RelayServer) -> None:
    office.people(1)
    campaign_id = office.release(send_at=LATER)
    with office.database.begin() as session:
        other = campaigns.released_masks(session, campaign_id)[0]
        content = session.get_one(ReleasedLetter, (campaign_id, 0)).content
        session.execute(update(ReleasedLetter).where(ReleasedLetter.mask == other).values(content=content))
    office.now = LATER
    office.work()

    row = office.state(campaign_id)
    assert (row.state, row.reason) == ("paused", "changed")
    assert relay_server.recipients == []


def test_the_same_issue_and_audiences_have_the_same_hash(office: Office) -> None:
    first, second = office.release(send_at=LATER), office.release(send_at=LATER)
    assert office.state(first).release_hash == office.state(second).release_hash
    assert office.state(first).slug != office.state(second).slug


def test_an_error_in_the_issue_refuses_the_release_and_leaves_the_draft(office: Office) -> None:
    text = "---\ntitle: T\nsubject: S\naudiences: [academic]\n---\n\nA formula $\\frac{1}{$ that is broken.\n"
    issue = read_files(StoredFiles({"issue.md": text.encode()}), "issue.md")
    with office.database.begin() as session:
        revision_id = campaigns.store_revision(session, issue, now=office.now, author="test")
        draft = campaigns.create(session, revision_id, audiences=["academic"], now=office.now, actor="test")
    with pytest.raises(WrongInput, match=r"issue\.md:7:.*formula-error"), office.database.begin() as session:
        campaigns.schedule(
            session,
            draft,
            send_at=office.now,
            zone="UTC",
            now=office.now,
            actor="test",
            frame=FRAME,
            accept_warnings=True,
        )
    assert office.state(draft).state == "draft"
    with office.database.begin() as session:
        campaigns.discard(session, draft, now=office.now, actor="test")
    with pytest.raises(NotFound):
        office.state(draft)


def test_an_unknown_audience_names_the_known_ones(office: Office) -> None:
    with pytest.raises(NotAllowed, match=r"nobody.*academic"):
        office.release("nobody")


def test_a_past_time_is_refused(office: Office) -> None:
    with pytest.raises(NotAllowed, match="is past"):
        office.release(send_at=BEGIN - timedelta(hours=1))


def test_the_plan_tells_who_would_get_it_and_why_others_would_not(office: Office) -> None:
    office.add("ada@x.test", "academic", "industry")
    office.add("bob@x.test", "industry")
    office.add("cleo@x.test", "academic")
    office.leave("cleo@x.test")
    campaign_id = office.release("academic", "industry", send_at=LATER)
    with office.database.read() as session:
        plan = campaigns.plan(session, campaign_id, now=office.now)
    assert (plan.count, plan.by_audience) == (2, {"academic": 1, "industry": 2})
    assert plan.exclusions["unsubscribed"] == 1


def test_the_archive_shows_what_has_begun_to_leave(office: Office) -> None:
    campaign_id = office.release(send_at=LATER)
    with office.database.read() as session:
        assert campaigns.list_publications(session) == ()
    office.now = LATER
    office.work()
    with office.database.read() as session:
        (published,) = campaigns.list_publications(session)
        page = campaigns.publication(session, published.slug).html
    assert published.campaign_id == campaign_id
    assert "this is for everybody" in page


def test_every_decision_stands_in_the_audit_log(office: Office) -> None:
    campaign_id = office.release(send_at=LATER)
    office.decide("pause", campaign_id)
    office.decide("resume", campaign_id)
    office.decide("cancel", campaign_id)
    with office.database.read() as session:
        deeds = [entry.deed for entry in audit.entries(session, subject=f"campaign {campaign_id}")]
    assert deeds == [
        "campaign_cancelled",
        "campaign_resumed",
        "campaign_paused",
        "campaign_scheduled",
        "campaign_created",
    ]


def test_a_letter_names_the_readers_audiences_as_people_know_them(office: Office, relay_server: RelayServer) -> None:
    office.add("ada@x.test", "academic", "industry")
    text = "---\ntitle: T\nsubject: S\n---\n\nYou are in: {{ audiences }}.\n"
    office.release("academic", "industry", issue=text)
    office.work()
    body = relay_server.messages[0].message.get_body(("plain",))
    assert body is not None
    assert "You are in: Academic, Industry." in body.get_content()


THREE_PARTS = "---\ntitle: T\nsubject: S\npreheader: P\n---\n" + "\n".join(
    f"::: audience {slug}\n{'Words of it. ' * length}\n:::\n"
    for slug, length in (("academic", 200), ("industry", 400), ("outreach", 800))
)
"""Each audience's part, and each combination, is of another size."""


def test_the_letters_checked_are_those_that_somebody_would_get_and_the_one_for_all(office: Office) -> None:
    with office.database.begin() as session:
        add_audience(session, "outreach", "Outreach", now=office.now, actor="test")
    office.add("ada@x.test", "academic", "industry")
    office.add("bob@x.test", "industry")
    issue = read_files(StoredFiles({"issue.md": THREE_PARTS.encode()}), "issue.md")
    slugs = ("academic", "industry", "outreach")
    small = replace(FRAME, budget_bytes=1000)
    with office.database.begin() as session:
        revision_id = campaigns.store_revision(session, issue, now=office.now, author="test")
        draft = campaigns.create(session, revision_id, audiences=slugs, now=office.now, actor="test")
        plan = campaigns.plan(session, draft, now=office.now, frame=small)
    large = {finding.message.rpartition(" (for ")[2] for finding in plan.findings if finding.code == "letter-large"}
    assert large == {"industry)", "academic, industry)", "academic, industry, outreach)"}
    accepted = {finding.code for finding in plan.findings}
    with office.database.begin() as session:  # who accepts what the plan shows is not refused for what it does not
        campaigns.schedule(
            session,
            draft,
            send_at=LATER,
            zone="UTC",
            now=office.now,
            actor="test",
            frame=small,
            accept_warnings=accepted,
        )
    with office.database.read() as session:
        assert len(campaigns.released_masks(session, draft)) == 7


def test_before_anybody_joined_each_audience_is_checked_alone() -> None:
    assert sorted(checked_masks(("a", "b", "c"), {})) == [0b001, 0b010, 0b100, 0b111]
    assert sorted(checked_masks(("a",), {})) == [1]
