"""The bounce mailbox: what lies new in it is acted upon once."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailer.base.database import Database
from mailer.base.errors import WrongInput
from mailer.base.tables import SubscriberId
from mailer.base.tokens import Keys, Purpose
from mailer.feedback.collecting import collect, maildir_of
from subscribers import audiences, people

NOW = datetime(2027, 1, 5, 9, tzinfo=UTC)
KEYS = Keys(["a key of the tests, long enough"])


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    for name in ("new", "cur", "tmp"):
        (tmp_path / "bounces" / name).mkdir(parents=True)
    return maildir_of("maildir:bounces", home=tmp_path)


def ada(database: Database) -> SubscriberId:
    with database.begin() as session:
        audiences.add_audience(session, "academic", "Academic")
        return people.add_person(
            session, "ada@x.org", audience_slugs=["academic"], status="subscribed", consent="w", source="t", now=NOW
        )


def state(database: Database, person: SubscriberId) -> str:
    with database.read() as session:
        found = people.person_by_id(session, person, now=NOW)
    assert found is not None
    return found.status


def test_a_mail_to_the_address_in_the_header_leaves(database: Database, maildir: Path) -> None:
    person = ada(database)
    token = KEYS.sign(Purpose.UNSUBSCRIBE, person, 0)
    wish = f"From: ada@x.org\nTo: bounces@news.test\nSubject: unsubscribe {token}\n\n"
    (maildir / "new" / "1.a.host").write_text(wish, encoding="utf-8")
    (maildir / "new" / "2.b.host").write_text("From: x@x.org\nSubject: hello\n\nhow are you\n", encoding="utf-8")

    assert collect(database, maildir, keys=KEYS, clock=lambda: NOW) == {"unsubscribe": 1, "none": 1}
    assert state(database, person) == "unsubscribed"
    assert list((maildir / "new").iterdir()) == []
    assert {path.name for path in (maildir / "cur").iterdir()} == {"1.a.host:2,S", "2.b.host:2,S"}
    assert collect(database, maildir, keys=KEYS, clock=lambda: NOW) == {}


@pytest.mark.parametrize("url", ["", "imap://user:secret@host", "maildir:nowhere"])
def test_what_is_no_maildir_is_told_without_its_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(WrongInput) as caught:
        maildir_of(url, home=tmp_path)
    assert caught.value.place == "MAILER_BOUNCE_URL"
    assert "secret" not in str(caught.value)
