"""A state moves by compare-and-set: of many who try at once, one wins and the others are told."""

from datetime import UTC, datetime
from threading import Barrier, Thread

import pytest

from mailer.base.database import Database
from mailer.base.tables import CampaignId, move
from mailer.campaigns.models import Campaign, IssueRevision

NOW = datetime(2027, 1, 5, 9, tzinfo=UTC)


@pytest.fixture
def draft(database: Database) -> CampaignId:
    with database.begin() as session:
        revision = IssueRevision(slug="x", title="X", main="issue.md", digest="0" * 64, created_at=NOW)
        session.add(revision)
        session.flush()
        campaign = Campaign(slug="x", title="X", revision_id=revision.id, audiences=[], created_at=NOW)
        session.add(campaign)
        session.flush()
        return campaign.id


def _state(database: Database, campaign_id: CampaignId) -> tuple[str, datetime | None]:
    with database.read() as session:
        campaign = session.get_one(Campaign, campaign_id)
        return campaign.state, campaign.started_at


def test_it_moves_from_where_it_stands_and_takes_its_columns_along(database: Database, draft: CampaignId) -> None:
    with database.begin() as session:
        assert move(session, Campaign, draft, ("scheduled", "draft"), "preparing", started_at=NOW)
    assert _state(database, draft) == ("preparing", NOW)


def test_it_does_not_move_from_where_it_no_longer_stands(database: Database, draft: CampaignId) -> None:
    with database.begin() as session:
        assert not move(session, Campaign, draft, "scheduled", "preparing", started_at=NOW)
        assert not move(session, Campaign, draft + 1, "draft", "preparing")
    assert _state(database, draft) == ("draft", None)


def test_of_many_who_move_it_at_once_one_wins(database: Database, draft: CampaignId) -> None:
    together, won = Barrier(4), list[bool]()

    def schedule() -> None:
        together.wait()
        with database.begin() as session:
            won.append(move(session, Campaign, draft, "draft", "scheduled"))

    threads = [Thread(target=schedule) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False, False, False, True]
