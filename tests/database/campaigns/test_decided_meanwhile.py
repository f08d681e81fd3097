"""A manager decides in the moment in which the sweep or a worker does: his decision stands, and nobody else is harmed by it."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event

import pytest

from mailer import campaigns
from mailer.base.database import Database
from mailer.base.tables import CampaignId
from tests.support.erasing import wait_for_lock
from tests.support.relay import RelayServer
from tests.support.sending import GRACE, Office, relay_to


@pytest.fixture
def office(postgresql_url: str, relay_server: RelayServer) -> Iterator[Office]:
    """On PostgreSQL only: SQLite has one writer at a time."""
    database, relay = Database(postgresql_url), relay_to(relay_server, connections=1)
    yield Office(database, relay)
    relay.close()
    database.close()


def cancel(office: Office, campaign_id: CampaignId, then: Callable[[], object]) -> None:
    """Cancel, and let it take effect only once somebody waits for it."""
    with office.database.begin() as session:
        campaigns.cancel(session, campaign_id, now=office.now, actor="test")
        then()
        wait_for_lock(office.database)


def test_one_that_missed_its_time_and_is_cancelled_keeps_no_other_from_leaving(office: Office) -> None:
    office.people(1)
    missed = office.release()
    office.later(minutes=1)
    office.now += GRACE
    due = office.release()

    with ThreadPoolExecutor(1) as pool:
        swept: list[Future[None]] = []
        cancel(office, missed, then=lambda: swept.append(pool.submit(office.sweep)))
        swept[0].result()

    assert office.state(missed).state == "cancelled"
    assert office.state(due).state == "preparing"


def test_answers_are_written_down_where_the_relay_would_stop_what_is_cancelled(
    office: Office, relay_server: RelayServer
) -> None:
    office.people(1)
    campaign_id = office.release()
    (batch,) = office.prepare(campaign_id)
    relay_server.fault("mail", "550 5.1.8 no such sender")

    with ThreadPoolExecutor(1) as pool:
        is_begun = Event()
        # Before MAIL is refused: who is sent to is marked by then, and nothing is locked.
        relay_server.before_answer(
            stage="ehlo",
            do=lambda: (pool.submit(cancel, office, campaign_id, is_begun.set), is_begun.wait(30)),
        )
        office.send(batch)

    assert office.state(campaign_id).state == "cancelled"
    counts = office.counts(campaign_id)
    assert (counts.sending, counts.uncertain, counts.failed) == (0, 0, 0)
