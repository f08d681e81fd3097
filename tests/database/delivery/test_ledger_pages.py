"""How PostgreSQL keeps the ledger: each row changes twice, and that must not write a new one into every index."""

from datetime import timedelta

from sqlalchemy import text

from mailer.base.database import Database
from mailer.delivery import SmtpRelay, ledger
from mailer.delivery.outcomes import Accepted
from subscribers.audiences import audience_ids
from tests.support.sending import Office

PEOPLE, GROUP = 300, 100


def _send_batch(office: Office) -> None:
    """Mark and record everybody, group by group."""
    (batch,) = office.prepare(office.release(), batch=PEOPLE)
    with office.database.begin() as session:
        lease = ledger.claim(session, batch, now=office.now, holder="x")
        assert lease is not None
        wanted = ledger.wanted_of(audience_ids(session, ["academic"]))
    for after in range(0, PEOPLE, GROUP):
        with office.database.begin() as session:
            group = ledger.take_group(session, lease, wanted, after=after, size=GROUP, now=office.now)
        results = [ledger.Result(one.number, one.attempts, Accepted()) for one in group.recipients]
        with office.database.begin() as session:
            ledger.record(
                session, lease, results, uncertain_rule="resend", deadline=timedelta(hours=48), now=office.now
            )


def test_a_delivery_that_is_marked_and_recorded_stays_on_its_page(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    office = Office(database, SmtpRelay([]))
    office.people(PEOPLE)
    _send_batch(office)
    with database.begin() as session:
        session.execute(text("SELECT pg_stat_force_next_flush()"))
    with database.read() as session:
        changes, in_place = session.execute(
            text("SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'deliveries'")
        ).one()
    database.close()
    assert changes == 2 * PEOPLE
    assert in_place > 0.8 * changes
