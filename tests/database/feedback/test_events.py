"""What comes back is recorded once and acted upon."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from mailer.base.database import Database
from mailer.base.tables import CampaignId, SubscriberId
from mailer.base.tokens import Keys, Purpose
from mailer.campaigns.models import Campaign, IssueRevision
from mailer.delivery.models import Delivery
from mailer.feedback import apply_message, record_opt_out, report
from subscribers import add_audience, add_person, erase, is_suppressed, person_by_id

NOW = datetime(2027, 1, 5, 9, tzinfo=UTC)
KEYS = Keys(["a key of the tests, long enough"])
OTHER_KEYS = Keys(["another key, of somebody else"])
CAMPAIGN = CampaignId(1)


def _sent_to_ada(session: Session) -> SubscriberId:
    """A campaign whose delivery number 1 went to Ada."""
    for slug in ("academic", "industry"):
        add_audience(session, slug, slug.title(), now=NOW, actor="tests")
    ada = add_person(
        session,
        "ada@corp.test",
        name="Ada",
        audience_slugs=["academic", "industry"],
        status="subscribed",
        consent="yes",
        source="tests",
        keys=KEYS,
        now=NOW,
        actor="tests",
    )
    revision = IssueRevision(slug="news", title="News", main="issue.md", digest="d", created_at=NOW)
    session.add(revision)
    session.flush()
    campaign = Campaign(
        id=CAMPAIGN,
        slug="news",
        title="News",
        revision_id=revision.id,
        audiences=["academic"],
        state="sent",
        created_at=NOW,
    )
    session.add(campaign)
    session.flush()
    session.add(Delivery(campaign_id=CAMPAIGN, number=1, subscriber_id=ada, mask=1, state="sent"))
    session.flush()
    return ada


def _verp(keys: Keys = KEYS) -> str:
    return f"bounces+{keys.sign(Purpose.BOUNCE, CAMPAIGN, 1)}@lists.test"


def _bounce(reply: str, *, to: str, address: str = "ada@corp.test") -> bytes:
    return f"From: MAILER-DAEMON@mx.test\nTo: {to}\nSubject: failure notice\n\n<{address}>:\nRemote host said: {reply}\n".encode()


def _complaint(kind: str = "abuse") -> bytes:
    message_id = f"<{KEYS.sign(Purpose.MESSAGE_ID, CAMPAIGN, 1)}@lists.test>"
    return (
        'From: fbl@p.test\nTo: abuse@lists.test\nContent-Type: multipart/report; boundary="B"\n\n--B\n'
        f"Content-Type: message/feedback-report\n\nFeedback-Type: {kind}\nUser-Agent: x\n\n--B\n"
        f"Content-Type: message/rfc822\n\nTo: redacted@p.test\nMessage-ID: {message_id}\n\nHello\n--B--\n"
    ).encode()


def test_a_hard_bounce_ends_the_mail_to_that_person_and_is_counted_once(database: Database) -> None:
    bounce = _bounce("550 5.1.1 no such user", to=_verp())
    with database.begin() as session:
        _sent_to_ada(session)
        assert apply_message(session, bounce, keys=KEYS, now=NOW)[1] == "recorded"
    with database.begin() as session:
        assert apply_message(session, bounce, keys=KEYS, now=NOW)[1] == "known"
        assert is_suppressed(session, "ada@corp.test")
        assert report(session, CAMPAIGN).as_dict() == {
            "bounced": 1,
            "deferred": 0,
            "complained": 0,
            "unsubscribed": 0,
            "clicked": 0,
            "opened": 0,
        }


def test_soft_bounces_are_counted_by_person_and_end_nothing(database: Database) -> None:
    with database.begin() as session:
        ada = _sent_to_ada(session)
        for reply in ("552 5.2.2 mailbox full", "451 4.7.1 try again later"):
            assert apply_message(session, _bounce(reply, to=_verp()), keys=KEYS, now=NOW)[1] == "recorded"
        assert not is_suppressed(session, "ada@corp.test")
        assert report(session, CAMPAIGN).deferred == 1
        erase(session, ada, keys=KEYS, now=NOW, actor="test")
        assert report(session, CAMPAIGN).deferred == 1


def test_who_forwards_their_mail_is_known_by_the_address_that_the_bounce_came_to(database: Database) -> None:
    bounce = _bounce("550 5.1.1 no such user", to=_verp(), address="ada@home.test")
    with database.begin() as session:
        _sent_to_ada(session)
        apply_message(session, bounce, keys=KEYS, now=NOW)
        assert is_suppressed(session, "ada@corp.test")
        assert not is_suppressed(session, "ada@home.test")


@pytest.mark.parametrize("to", ["bounces@lists.test", "bounces+forged@lists.test", "other key"])
def test_a_bounce_that_proves_no_delivery_of_ours_changes_nothing(database: Database, to: str) -> None:
    bounce = _bounce("550 5.1.1 no such user", to=_verp(OTHER_KEYS) if to == "other key" else to)
    with database.begin() as session:
        _sent_to_ada(session)
        assert apply_message(session, bounce, keys=KEYS, now=NOW)[1] == "not ours"
        assert not is_suppressed(session, "ada@corp.test")
        assert report(session, CAMPAIGN).bounced == 0


def test_a_complaint_suppresses_and_unsubscribes_though_its_address_is_hidden(database: Database) -> None:
    with database.begin() as session:
        ada = _sent_to_ada(session)
        assert apply_message(session, _complaint(), keys=KEYS, now=NOW)[1] == "recorded"
        assert is_suppressed(session, "ada@corp.test")
        person = person_by_id(session, ada, now=NOW)
        assert person is not None
        assert {membership.state for membership in person.audiences} == {"unsubscribed"}
        assert report(session, CAMPAIGN).complained == 1


@pytest.mark.parametrize("kind", ["auth-failure", "not-spam"])
def test_a_report_that_objects_to_nothing_is_no_complaint(database: Database, kind: str) -> None:
    with database.begin() as session:
        _sent_to_ada(session)
        assert apply_message(session, _complaint(kind), keys=KEYS, now=NOW)[1] == "nothing"
        assert not is_suppressed(session, "ada@corp.test")


def test_a_letter_that_asks_to_leave_leaves_the_audiences_of_its_campaign(database: Database) -> None:
    wish = f"From: ada@corp.test\nTo: {_verp()}\nSubject: unsubscribe\n\n".encode()
    with database.begin() as session:
        ada = _sent_to_ada(session)
        assert apply_message(session, wish, keys=KEYS, now=NOW)[1] == "recorded"
        assert apply_message(session, wish, keys=KEYS, now=NOW)[1] == "known"
        person = person_by_id(session, ada, now=NOW)
        assert person is not None
        states = {membership.slug: membership.state for membership in person.audiences}
        assert states == {"academic": "unsubscribed", "industry": "subscribed"}
        assert report(session, CAMPAIGN).unsubscribed == 1


def test_the_address_in_the_header_leaves_without_the_ledger_and_from_any_mailbox(database: Database) -> None:
    with database.begin() as session:
        ada = _sent_to_ada(session)
        token = KEYS.sign(Purpose.UNSUBSCRIBE, ada, CAMPAIGN)
        wish = f"From: someone@else.test\nTo: bounces@news.test\nSubject: unsubscribe {token}\n\n".encode()
        assert apply_message(session, wish, keys=KEYS, now=NOW)[1] == "recorded"
        assert apply_message(session, wish, keys=KEYS, now=NOW)[1] == "known"
        person = person_by_id(session, ada, now=NOW)
        assert person is not None
        states = {membership.slug: membership.state for membership in person.audiences}
        assert states == {"academic": "unsubscribed", "industry": "subscribed"}


def test_a_wish_to_leave_with_a_token_of_nobodys_changes_nothing(database: Database) -> None:
    with database.begin() as session:
        ada = _sent_to_ada(session)
        other = KEYS.sign(Purpose.PREFERENCES, ada, CAMPAIGN)
        test_copy = KEYS.sign(Purpose.UNSUBSCRIBE, 0, 0)
        erased = KEYS.sign(Purpose.UNSUBSCRIBE, 4711, CAMPAIGN)
        for token, effect in ((other, "not ours"), ("x" * 30, "not ours"), (test_copy, "nothing"), (erased, "nothing")):
            wish = f"From: ada@corp.test\nTo: bounces@news.test\nSubject: unsubscribe {token}\n\n".encode()
            assert apply_message(session, wish, keys=KEYS, now=NOW)[1] == effect
        person = person_by_id(session, ada, now=NOW)
        assert person is not None
        assert {membership.state for membership in person.audiences} == {"subscribed"}


def test_an_automatic_reply_changes_nothing(database: Database) -> None:
    reply = f"From: ada@corp.test\nTo: {_verp()}\nSubject: Out of office\nAuto-Submitted: auto-replied\n\nback soon\n".encode()
    with database.begin() as session:
        _sent_to_ada(session)
        assert apply_message(session, reply, keys=KEYS, now=NOW)[1] == "nothing"


def test_an_opt_out_pressed_twice_counts_once(database: Database) -> None:
    with database.begin() as session:
        ada = _sent_to_ada(session)
        record_opt_out(session, CAMPAIGN, ada, now=NOW)
        record_opt_out(session, CAMPAIGN, ada, now=NOW)
        assert report(session, CAMPAIGN).unsubscribed == 1
