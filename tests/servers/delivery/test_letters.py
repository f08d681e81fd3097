"""A letter that cannot be read any more: nobody loses anything by it, and a manager is told."""

from collections import Counter

import pytest
from sqlalchemy import ColumnElement, select, update

from mailer.campaigns.models import IssueFile, ReleasedLetter
from tests.support.relay import RelayServer
from tests.support.sending import Office

Stored = type[ReleasedLetter] | type[IssueFile]
UNREADABLE: dict[str, tuple[Stored, ColumnElement[bool], bytes]] = {
    "what industry gets": (ReleasedLetter, ReleasedLetter.mask == 2, b"not packed"),
    "the front matter": (IssueFile, IssueFile.name == "issue.md", b"---\ntitle: [\n---\n\nHello.\n"),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_a_campaign_whose_letter_cannot_be_read_waits_and_goes_on_when_it_can(
    office: Office, relay_server: RelayServer, what: str
) -> None:
    addresses = [*office.people(3), "ada@x.test"]
    office.add("ada@x.test", "industry")
    campaign = office.release("academic", "industry")
    (batch,) = office.prepare(campaign)
    table, these, spoilt = UNREADABLE[what]
    with office.database.begin() as session:
        before = session.scalars(select(table.content).where(these)).one()
        session.execute(update(table).where(these).values(content=spoilt))

    office.send(batch)

    row = office.state(campaign)
    assert (row.state, row.reason) == ("paused", "letter")
    assert row.detail
    assert office.counts(campaign).failed == 0
    with office.database.begin() as session:
        session.execute(update(table).where(these).values(content=before))
    office.decide("resume", campaign)
    office.work()
    assert office.state(campaign).state == "sent"
    assert Counter(relay_server.recipients) == Counter(addresses)


def test_a_letter_that_is_spoilt_before_its_time_is_not_what_was_approved(office: Office) -> None:
    office.people(1)
    campaign = office.release()
    with office.database.begin() as session:
        session.execute(update(ReleasedLetter).values(content=b"not packed"))

    office.work()

    assert (office.state(campaign).state, office.state(campaign).reason) == ("paused", "changed")
