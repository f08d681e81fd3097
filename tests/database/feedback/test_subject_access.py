"""What a person may ask for is all that is kept of them."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from mailer.base.database import Database
from mailer.base.tokens import Keys
from mailer.every_table import EVERY_TABLE
from mailer.feedback import record
from mailer.feedback.subject_access import everything_about
from subscribers import add_person, find_person, moving, suppress
from tests.support.rows import write_campaign

NOW = datetime(2027, 1, 5, 9, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
KEYS = Keys(["a key of the tests, long enough"])


def test_everything_is_told_of_the_person_and_nothing_of_others(database: Database) -> None:
    with database.begin() as session:
        ada, bob = (
            add_person(session, f"{name}@x.org", source="test", keys=KEYS, now=NOW, actor="user 1")
            for name in ("ada", "bob")
        )
        write_campaign(session, title="Winter")
        for number, who in ((1, ada), (2, bob)):
            session.execute(
                text(
                    "INSERT INTO deliveries (campaign_id, number, subscriber_id, mask, state, reason, updated_at)"
                    " VALUES (1, :number, :who, 1, 'failed', '550 full', '2027-01-02 00:00:00.000000')"
                ),
                {"number": number, "who": who},
            )
            moving.ask_to_move(session, who, f"new{number}@x.org", keys=KEYS, now=NOW)
            record(session, "opened", source_key=f"o{number}", now=NOW, subscriber_id=who, detail="a telephone")
        suppress(session, "@x.org", reason="manual", source="page", now=NOW)

        told = everything_about(session, find_person(session, "ada@x.org", now=LATER))

    assert (told["email"], told["status"]) == ("ada@x.org", "suppressed")
    assert told["letters"] == [
        {"campaign": "Winter", "state": "failed", "reason": "550 full", "at": "2027-01-02T00:00:00+00:00"}
    ]
    assert told["events"] == [{"at": NOW.isoformat(), "kind": "opened", "campaign": "", "detail": "a telephone"}]
    assert told["suppression"]["subject"] == "@x.org"
    assert told["new_address"] == {"address": "new1@x.org", "asked_at": NOW.isoformat()}
    assert [line["deed"] for line in told["log"]] == ["person_added", "move_asked"]
    assert "user 1" not in str(told)
    assert "bob" not in str(told)


def test_no_table_that_points_at_people_is_forgotten() -> None:
    pointing = {
        table.name
        for table in EVERY_TABLE.sorted_tables
        if any(key.target_fullname == "subscribers.id" for key in table.foreign_keys)
    }

    told = {"address_changes", "consents", "deliveries", "feedback_events", "subscriptions"}
    # What is mailed to them in a moment, and what a script was answered of them within the last day.
    in_passing = {"notices", "kept_answers"}
    assert pointing == told | in_passing
