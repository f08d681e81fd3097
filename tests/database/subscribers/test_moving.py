"""A change of address."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from mailer.base.database import Database
from mailer.base.errors import NotAllowed, NotFound
from mailer.base.tables import SubscriberId
from mailer.base.tokens import Keys
from subscribers import audiences, moving, people, suppression
from subscribers.consents import list_consents

NOW = datetime(2027, 1, 5, 9, tzinfo=UTC)
KEYS = Keys(["a key of the tests, long enough"])


def _add(session: Session, address: str) -> SubscriberId:
    return people.add_person(
        session, address, audience_slugs=["academic"], status="subscribed", consent="w", source="t", keys=KEYS, now=NOW
    )


def test_mail_goes_to_the_new_address_once_it_was_confirmed_there(database: Database) -> None:
    with database.begin() as session:
        ids = (audiences.add_audience(session, "academic", "Academic"),)
        ada = _add(session, "ada@old.org")
        asked = moving.ask_to_move(session, ada, "Ada@New.org", keys=KEYS, now=NOW)
        assert asked is not None
        assert moving.address_to_confirm(session, asked.subscriber_id, asked.change_id, now=NOW) == "Ada@New.org"
        assert [row.address for row in session.execute(audiences.recipients(ids, now=NOW))] == ["ada@old.org"]
        moved = moving.move(session, asked.subscriber_id, asked.change_id, keys=KEYS, now=NOW, source="page")
        assert (moved.old, moved.new) == ("ada@old.org", "Ada@New.org")
        assert [row.address for row in session.execute(audiences.recipients(ids, now=NOW))] == ["Ada@New.org"]
        assert people.find_person(session, "ada@new.org", now=NOW).id == ada
        assert list_consents(session, ada)[-1].deed == "moved"
        with pytest.raises(NotFound, match="used already"):
            moving.move(session, asked.subscriber_id, asked.change_id, keys=KEYS, now=NOW, source="page")


def test_only_the_newest_link_counts_and_none_for_ever(database: Database) -> None:
    with database.begin() as session:
        audiences.add_audience(session, "academic", "Academic")
        ada = _add(session, "ada@old.org")
        first = moving.ask_to_move(session, ada, "a@one.org", keys=KEYS, now=NOW)
        second = moving.ask_to_move(session, ada, "a@two.org", keys=KEYS, now=NOW)
        assert first is not None
        assert second is not None
        assert first.change_id != second.change_id
        with pytest.raises(NotFound):
            moving.move(session, first.subscriber_id, first.change_id, keys=KEYS, now=NOW, source="page")
        with pytest.raises(NotFound):
            moving.move(session, SubscriberId(ada + 1), second.change_id, keys=KEYS, now=NOW, source="page")
        with pytest.raises(NotFound):
            moving.move(
                session, second.subscriber_id, second.change_id, keys=KEYS, now=NOW + timedelta(days=31), source="page"
            )


def test_an_address_that_is_somebody_elses_or_suppressed_is_not_told(database: Database) -> None:
    with database.begin() as session:
        audiences.add_audience(session, "academic", "Academic")
        ada, _ = _add(session, "ada@x.org"), _add(session, "bob@x.org")
        suppression.suppress(session, "cy@x.org", reason="bounce", source="t", now=NOW)
        for address in ("BOB@x.org", "cy@x.org", "ada@x.org"):
            assert moving.ask_to_move(session, ada, address, keys=KEYS, now=NOW) is None
        asked = moving.ask_to_move(session, ada, "dee@x.org", keys=KEYS, now=NOW)
        assert asked is not None
        _add(session, "dee@x.org")
        with pytest.raises(NotAllowed, match="already"):
            moving.move(session, asked.subscriber_id, asked.change_id, keys=KEYS, now=NOW, source="page")
        assert people.find_person(session, "ada@x.org", now=NOW).id == ada
