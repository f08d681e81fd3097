"""What was read of a bounce mailbox that keeps no marks itself (POP3): the messages' unique ids, as long as they lie there."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from mailer.base.database import Database
from mailer.base.tables import insert_into
from mailer.feedback.models import ReadMessage

CHUNK = 500


def unread(database: Database, mailbox: str, ids: Sequence[str]) -> Sequence[str]:
    """Those of a mailbox's messages that were not read yet; what is no longer there is forgotten."""
    with database.read() as session:
        known = set(session.scalars(select(ReadMessage.uid).where(ReadMessage.mailbox == mailbox)))
    gone = sorted(known.difference(ids))
    for at in range(0, len(gone), CHUNK):
        with database.begin() as session:
            old = ReadMessage.mailbox == mailbox, ReadMessage.uid.in_(gone[at : at + CHUNK])
            session.execute(delete(ReadMessage).where(*old))
    return [uid for uid in ids if uid not in known]


def remember(session: Session, mailbox: str, uid: str, *, now: datetime) -> None:
    """Write down that a message was read; two who read it at once write it once."""
    session.execute(insert_into(session, ReadMessage).values(mailbox=mailbox, uid=uid, at=now).on_conflict_do_nothing())
