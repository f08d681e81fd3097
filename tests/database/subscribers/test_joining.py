"""People's own decisions: sign up, confirm, leave, come back."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from mailer.base.audit import entries
from mailer.base.database import Database
from mailer.base.errors import NotAllowed, NotFound
from mailer.base.tables import SubscriberId
from mailer.base.tokens import Keys
from subscribers import audiences, editing, joining, people, suppression
from subscribers.consents import list_consents

NOW = datetime(2027, 1, 5, 9, tzinfo=UTC)
KEYS = Keys(["a key of the tests, long enough"])


def _sign_up(session: Session, *slugs: str, address: str = "ada@example.org", now: datetime = NOW) -> joining.SignUp:
    return joining.subscribe(
        session, address, name="Ada", audience_slugs=slugs, wording="v1: yes", source="page", keys=KEYS, now=now
    )


def _audiences(session: Session) -> None:
    for slug in ("academic", "industry", "outreach"):
        audiences.add_audience(session, slug, slug.title())
    audiences.add_audience(session, "board", "Board", is_public=False)


def _receives(session: Session, *, now: datetime = NOW) -> dict[str, int]:
    ids = audiences.audience_ids(session, ("academic", "industry", "outreach", "board"))
    return {row.address: row.mask for row in session.execute(audiences.recipients(ids, now=now))}


def _ada(session: Session, *, slugs: tuple[str, ...] = ("academic", "industry")) -> SubscriberId:
    _audiences(session)
    signed_up = _sign_up(session, *slugs)
    assert isinstance(signed_up, joining.ToConfirm)
    joining.confirm(session, signed_up.subscriber_id, now=NOW, source="page")
    return signed_up.subscriber_id


def test_who_signs_up_receives_only_after_confirming(database: Database) -> None:
    with database.begin() as session:
        _audiences(session)
        signed_up = _sign_up(session, "academic", "outreach")
        assert isinstance(signed_up, joining.ToConfirm)
        assert signed_up.audiences == ("academic", "outreach")
        assert _receives(session) == {}
        assert joining.confirm(session, signed_up.subscriber_id, now=NOW, source="page") == ("academic", "outreach")
        assert joining.confirm(session, signed_up.subscriber_id, now=NOW, source="page") == ()
        assert _receives(session) == {"ada@example.org": 0b101}
        log = list_consents(session, signed_up.subscriber_id)
        assert [(line.deed, line.audience, line.wording) for line in log] == [
            ("asked", "academic", "v1: yes"),
            ("asked", "outreach", "v1: yes"),
            ("agreed", "academic", "v1: yes"),
            ("agreed", "outreach", "v1: yes"),
        ]


def test_a_second_sign_up_never_unconfirms(database: Database) -> None:
    with database.begin() as session:
        _ada(session, slugs=("academic",))
        assert _sign_up(session, "academic", address="ADA@Example.ORG") == joining.NothingToSend()
        assert _receives(session) == {"ada@example.org": 1}


def test_a_form_sent_again_at_once_mails_nothing_and_later_mails_again(database: Database) -> None:
    with database.begin() as session:
        _audiences(session)
        assert isinstance(_sign_up(session, "academic"), joining.ToConfirm)
        assert _sign_up(session, "academic") == joining.NothingToSend()
        assert isinstance(_sign_up(session, "academic", now=NOW + timedelta(hours=1)), joining.ToConfirm)


def test_who_has_confirmed_is_asked_at_once_for_what_they_tick_next(database: Database) -> None:
    minute = timedelta(minutes=1)
    with database.begin() as session:
        ada = _ada(session, slugs=("academic",))
        asked = _sign_up(session, "academic", "outreach", now=NOW + minute)
        assert isinstance(asked, joining.ToConfirm)
        assert asked.audiences == ("outreach",)
        assert _sign_up(session, "industry", now=NOW + minute) == joining.NothingToSend()
        assert joining.confirm(session, ada, now=NOW + minute, source="page") == ("industry", "outreach")


def test_whoever_left_comes_back_only_by_confirming(database: Database) -> None:
    with database.begin() as session:
        ada = _ada(session)
        joining.unsubscribe(session, ada, audience_slugs=None, now=NOW, source="one-click")
        later = NOW + timedelta(days=1)
        assert isinstance(_sign_up(session, "industry", now=later), joining.ToConfirm)
        assert _receives(session) == {}
        joining.confirm(session, ada, now=later, source="page")
        assert _receives(session) == {"ada@example.org": 0b10}


def test_a_form_filled_in_for_whoever_left_lets_nobody_else_bring_them_back(database: Database) -> None:
    with database.begin() as session:
        ada = _ada(session)
        joining.unsubscribe(session, ada, audience_slugs=["academic"], now=NOW, source="page")
        _sign_up(session, "academic", now=NOW + timedelta(hours=1))

        with pytest.raises(NotAllowed, match="this person left"):
            editing.enrol(
                session, ada, "academic", consent="they said so", source="api", keys=KEYS, now=NOW, actor="api"
            )
        editing.enrol(session, ada, "outreach", consent="they said so", source="api", keys=KEYS, now=NOW, actor="api")
        assert _receives(session) == {"ada@example.org": 0b110}
        assert joining.confirm(session, ada, now=NOW, source="page") == ("academic",)


def test_an_old_confirm_link_does_not_bring_back_who_left(database: Database) -> None:
    with database.begin() as session:
        ada = _ada(session)
        joining.unsubscribe(session, ada, audience_slugs=None, now=NOW, source="page")
        assert joining.confirm(session, ada, now=NOW, source="page") == ()
        assert _receives(session) == {}


def test_leaving_one_audience_keeps_the_other_and_leaving_the_last_leaves_everything(database: Database) -> None:
    with database.begin() as session:
        ada = _ada(session)
        assert joining.unsubscribe(session, ada, audience_slugs=["academic"], now=NOW, source="page") == ("academic",)
        assert _receives(session) == {"ada@example.org": 0b10}
        joining.unsubscribe(session, ada, audience_slugs=["industry"], now=NOW, source="page")
        assert people.find_person(session, "ada@example.org", now=NOW).status == "unsubscribed"


def test_leaving_twice_writes_one_line_of_consent(database: Database) -> None:
    with database.begin() as session:
        ada = _ada(session, slugs=("academic",))
        for _ in range(2):
            joining.unsubscribe(session, ada, audience_slugs=None, now=NOW, source="one-click")
        log = [(line.deed, line.audience) for line in list_consents(session, ada)]
        assert log == [("asked", "academic"), ("agreed", "academic"), ("withdrew", "academic"), ("withdrew", "")]
        assert [entry.deed for entry in entries(session, subject=f"subscriber {ada}")].count("unsubscribed") == 1


def test_an_undo_restores_what_was_left_last_and_nothing_that_was_never_confirmed(database: Database) -> None:
    with database.begin() as session:
        ada = _ada(session)
        _sign_up(session, "outreach", now=NOW + timedelta(hours=1))
        joining.unsubscribe(session, ada, audience_slugs=None, now=NOW, source="page")
        assert joining.undo_leave(session, ada, now=NOW, source="page") == ("academic", "industry")
        assert _receives(session) == {"ada@example.org": 0b11}
        assert joining.undo_leave(session, ada, now=NOW, source="page") == ()


def test_preferences_are_exactly_what_is_chosen(database: Database) -> None:
    with database.begin() as session:
        ada = _ada(session)
        joining.set_preferences(
            session, ada, name="Ada L", audience_slugs=["outreach"], language="de", now=NOW, source="page"
        )
        person = people.person_by_id(session, ada, now=NOW)
        assert person is not None
        assert (person.name, person.language) == ("Ada L", "de")
        assert _receives(session) == {"ada@example.org": 0b100}
        joining.set_preferences(session, ada, audience_slugs=[], now=NOW, source="page")
        assert people.find_person(session, "ada@example.org", now=NOW).status == "unsubscribed"


def test_a_private_audience_cannot_be_taken(database: Database) -> None:
    with database.begin() as session:
        ada = _ada(session)
        with pytest.raises(NotAllowed, match="by invitation"):
            joining.set_preferences(session, ada, audience_slugs=["board"], now=NOW, source="page")
        with pytest.raises(NotFound, match="board"):
            _sign_up(session, "board")


def test_a_pause_ends_by_itself_or_at_once(database: Database) -> None:
    with database.begin() as session:
        ada = _ada(session, slugs=("academic",))
        until = NOW + timedelta(days=30)
        joining.pause(session, ada, until=until, now=NOW, source="page")
        assert _receives(session) == {}
        person = people.find_person(session, "ada@example.org", now=NOW)
        assert (person.status, person.paused_until, person.audiences[0].state) == ("paused", until, "paused")
        assert _receives(session, now=until) == {"ada@example.org": 1}
        joining.unpause(session, ada, now=NOW, source="page")
        assert _receives(session) == {"ada@example.org": 1}
        with pytest.raises(NotAllowed, match="past"):
            joining.pause(session, ada, until=NOW, now=NOW, source="page")


def test_a_suppressed_address_gets_no_mail_by_signing_up(database: Database) -> None:
    with database.begin() as session:
        _audiences(session)
        suppression.suppress(session, "ADA@example.org", reason="complaint", source="test", now=NOW)
        suppression.suppress(session, "@bad.example", reason="manual", source="test", now=NOW)
        assert _sign_up(session, "academic") == joining.NothingToSend()
        assert _sign_up(session, "academic", address="x@bad.example") == joining.NothingToSend()


def test_a_bounce_stops_a_live_person_and_is_counted_as_the_reason(database: Database) -> None:
    with database.begin() as session:
        _ada(session, slugs=("academic",))
        assert suppression.suppress(session, "ada@example.org", reason="bounce", source="test", now=NOW)
        assert not suppression.suppress(session, "Ada@Example.org", reason="complaint", source="test", now=NOW)
        ids = audiences.audience_ids(session, ("academic",))
        assert _receives(session) == {}
        assert audiences.exclusions(session, ids, now=NOW) == {"suppressed": 1}
        suppression.lift(session, "ada@example.org", now=NOW, actor="user 1")
        assert _receives(session) == {"ada@example.org": 1}


def test_an_archived_audience_is_neither_offered_nor_mailed(database: Database) -> None:
    with database.begin() as session:
        _ada(session, slugs=("academic",))
        audiences.archive_audience(session, "academic", now=NOW, actor="user 1")
        assert "academic" not in audiences.public_slugs(session)
        with pytest.raises(NotAllowed, match="industry"):
            audiences.audience_ids(session, ("academic",))


def test_people_are_found_listed_and_counted(database: Database) -> None:
    with database.begin() as session:
        _audiences(session)
        for number in range(5):
            people.add_person(
                session, f"p{number}@example.org", name=f"Person {number}", audience_slugs=["academic"],
                status="subscribed", consent="on paper", source="test", keys=KEYS, now=NOW, actor="user 1",
            )  # fmt: skip
        first = people.list_people(session, limit=2, now=NOW)
        second = people.list_people(session, limit=3, after=first.next_after, now=NOW)
        assert [p.email for p in first.people + second.people] == [f"p{n}@example.org" for n in range(5)]
        assert second.next_after is None
        assert [p.name for p in people.list_people(session, search="SON 3", now=NOW).people] == ["Person 3"]
        assert people.count_people(session, audience="academic", status="subscribed", now=NOW) == 5
        assert people.count_people(session, search="100%", now=NOW) == 0
        found = first.people[0]
        assert people.find_person(session, found.public_id, now=NOW) == found
        with pytest.raises(NotFound, match="nobody@x"):
            people.find_person(session, "nobody@x", now=NOW)
        with pytest.raises(NotAllowed, match="known already"):
            people.add_person(session, "P1@example.org", source="test", keys=KEYS, now=NOW, actor="user 1")
