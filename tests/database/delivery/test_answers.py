"""What follows from the answers of one batch, written down group by group."""

import pytest

from mailer import campaigns
from mailer.base.database import Database
from mailer.base.tables import CampaignId
from mailer.delivery import SmtpRelay, ledger
from mailer.delivery.answers import Answers
from mailer.delivery.outcomes import Accepted, NotTried, Outcome, Refused
from subscribers.audiences import audience_ids
from tests.support.sending import Office

NO_SENDER = Refused(550, "5.1.8", "no such sender", "campaign", "mail")
NO_MAILBOX = Refused(550, "5.1.1", "no such mailbox", "recipient", "rcpt")


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database, SmtpRelay([]))


def _answer(office: Office, answers: list[dict[int, Outcome]], *, is_over: bool = False) -> CampaignId:
    """One batch of three, answered in parts that are each written down; the campaign."""
    campaign, _ = _answered(office, answers, is_over=is_over)
    return campaign


def _answered(
    office: Office, answers: list[dict[int, Outcome]], *, is_over: bool = False
) -> tuple[CampaignId, Answers]:
    office.people(3)
    campaign = office.release()
    (batch,) = office.prepare(campaign)
    with office.database.begin() as session:
        lease = ledger.claim(session, batch, now=office.now, holder="x")
        assert lease is not None
        wanted = ledger.wanted_of(audience_ids(session, ["academic"]))
        group = ledger.take_group(session, lease, wanted, after=0, size=10, now=office.now)
        row = campaigns.row(session, campaign)
        work = Answers(lease, row, deadline=office.composer.deadline, pace=None, on_refusal=None)
        work.under_way.update((one.number, one) for one in group.recipients)
    for part in answers:
        for number, outcome in part.items():
            work.add(number, outcome)
        with office.database.begin() as session:
            work.write(session, now=office.now, is_last=is_over)
    return campaign, work


def test_that_the_relay_is_away_is_not_forgotten_once_it_is_written_down(office: Office) -> None:
    _, work = _answered(office, [{1: NotTried("relay x: no answer")}])
    assert work.put_back_the_rest() == NotTried("relay x: no answer")


def test_the_first_refusal_of_the_sender_stops_the_campaign_and_fails_nobody(office: Office) -> None:
    campaign = _answer(office, [{1: NO_SENDER}])

    row = office.state(campaign)
    assert (row.state, row.reason, "no such sender" in row.detail) == ("paused", "relay", True)
    counts = office.counts(campaign)
    assert (counts.failed, counts.pending, counts.sending) == (0, 1, 2)


def test_whoever_was_refused_before_the_sender_was_is_not_failed_either(office: Office) -> None:
    campaign = _answer(office, [{1: NO_MAILBOX}, {2: NO_SENDER}])

    counts = office.counts(campaign)
    assert office.state(campaign).state == "paused"
    assert (counts.failed, counts.pending, counts.sending) == (0, 2, 1)


def test_a_refusal_is_written_down_once_somebody_else_was_accepted(office: Office) -> None:
    campaign = _answer(office, [{1: NO_MAILBOX}])
    assert office.counts(campaign).sending == 3


def test_what_was_kept_back_is_written_down_with_the_first_acceptance(office: Office) -> None:
    campaign = _answer(office, [{1: NO_MAILBOX}, {2: Accepted()}])
    counts = office.counts(campaign)
    assert (counts.failed, counts.accepted, counts.sending) == (1, 1, 1)


def test_what_was_kept_back_is_written_down_at_the_end(office: Office) -> None:
    campaign = _answer(office, [{1: NO_MAILBOX}], is_over=True)
    assert office.counts(campaign).failed == 1
