"""How long people are remembered who never said yes."""

from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from mailer.base import audit
from mailer.base.database import Database
from subscribers.models import Consent, Subscriber

SLICE = 500  # people in a transaction


def drop_sign_ups(database: Database, *, before: datetime, now: datetime) -> int:
    """Forget those who were signed up and never confirmed, the last time before `before`; how many.

    Whoever ever agreed or left is none of them, nor who came by a file and never signed up. They can sign up again.
    """
    dropped = 0
    while True:
        with database.begin() as session:
            count = _drop_some(session, before)
            if count:
                detail = f"{count} never confirmed, asked before {before:%Y-%m-%d}"
                audit.note(
                    session, actor="retention", deed="sign_ups_dropped", subject="people", now=now, detail=detail
                )
        dropped += count
        if count < SLICE:
            return dropped


def _drop_some(session: Session, before: datetime) -> int:
    mine = Consent.subscriber_id == Subscriber.id
    waiting = (
        select(Subscriber.id)
        .where(
            Subscriber.status == "unconfirmed",
            exists().where(mine, Consent.deed == "asked"),
            ~exists().where(mine, Consent.deed.not_in(("asked", "reminded")) | (Consent.at >= before)),
        )
        .order_by(Subscriber.id)
        .limit(SLICE)
        .with_for_update(skip_locked=True)
    )
    ids = session.scalars(waiting).all()
    if ids:
        session.execute(delete(Subscriber).where(Subscriber.id.in_(ids), Subscriber.status == "unconfirmed"))
    return len(ids)
