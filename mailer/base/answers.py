"""Answers that are kept for a day, so that a call which is made again is answered again and does nothing twice.

After draft-ietf-httpapi-idempotency-key-header-07. A key is first reserved, in a transaction of its own, so that a second
call is told at once that the first is under way; then the deed and its answer are committed together. A reservation is a
lease with a fence, as that of a batch: when its holder died, the next call takes it over, and a holder that was only slow
finds its fence gone and rolls back.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import ColumnElement, ForeignKey, String, Text, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from mailer.base.database import Database
from mailer.base.errors import NotAllowed, WrongInput
from mailer.base.tables import MAY_NAME_PEOPLE, Base, SubscriberId, UtcDateTime

KEPT = timedelta(hours=24)
LEASE = timedelta(seconds=60)


class KeptAnswer(Base):
    """What was answered to a call with a key; `status` 0 while it is under way.

    `subscriber_id` is whom the answer is about: with that person goes what was said of them.
    """

    __tablename__ = "kept_answers"

    token_id: Mapped[int] = mapped_column(ForeignKey("api_tokens.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    fence: Mapped[int] = mapped_column(default=1)
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    status: Mapped[int] = mapped_column(default=0)
    body: Mapped[str] = mapped_column(Text, default="", info=MAY_NAME_PEOPLE)
    subscriber_id: Mapped[SubscriberId | None] = mapped_column(
        ForeignKey("subscribers.id", ondelete="CASCADE"), default=None, index=True
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call is answered: a status and a body (JSON; empty for none), and whom it is about."""

    status: int
    body: str
    about: SubscriberId | None = None


@dataclass(frozen=True, slots=True)
class Reserved:
    """A key that is this call's to answer."""

    token_id: int
    key: str
    fence: int


def reserve(database: Database, token_id: int, key: str, *, fingerprint: str, now: datetime) -> Reserved | Answer:
    """Take a key for a call, or give the answer that it has already.

    Args:
        fingerprint: of the whole request; a key belongs to one.

    Raises:
        WrongInput: the key was used for another request.
        NotAllowed: the first call with this key is still under way.
    """
    if "@" in key:  # made of an address, which is nobody's to keep: an erasure does not find it here
        key = sha256(key.encode()).hexdigest()
    try:
        with database.begin() as session:
            session.execute(delete(KeptAnswer).where(KeptAnswer.token_id == token_id, KeptAnswer.begun_at < now - KEPT))
            session.add(KeptAnswer(token_id=token_id, key=key, fingerprint=fingerprint, begun_at=now))
    except IntegrityError:
        return _met(database, token_id, key, fingerprint, now)
    return Reserved(token_id, key, 1)


def _met(database: Database, token_id: int, key: str, fingerprint: str, now: datetime) -> Reserved | Answer:
    """What to do about a key that is there."""
    with database.begin() as session:
        row = session.get(KeptAnswer, (token_id, key), with_for_update=True)
        if row is None:  # the first call failed meanwhile and gave the key back
            raise NotAllowed("the first call with this Idempotency-Key has just failed", do="send it again")
        if row.fingerprint != fingerprint:
            raise WrongInput("another request was sent with this Idempotency-Key", do="make a new key for each request")
        if row.status:
            return Answer(row.status, row.body)
        if row.begun_at > now - LEASE:
            raise NotAllowed(
                "the first call with this Idempotency-Key is under way", do="wait a moment and send it again"
            )
        row.fence, row.begun_at = row.fence + 1, now
        return Reserved(token_id, key, row.fence)


def keep(session: Session, reserved: Reserved, answer: Answer) -> None:
    """Keep an answer, in the transaction of the deed.

    Raises:
        NotAllowed: this call took so long that another one has taken its key over; the deed is rolled back with it.
    """
    kept = (
        update(KeptAnswer)
        .where(*_held(reserved))
        .values(status=answer.status, body=answer.body, subscriber_id=answer.about)
        .returning(KeptAnswer.fence)
    )
    if session.execute(kept).scalar_one_or_none() is None:
        raise NotAllowed("another call with this Idempotency-Key has taken over", do="send it again")


def give_back(database: Database, reserved: Reserved) -> None:
    """Free the key of a call that failed: nothing was done, so there is nothing to be repeated."""
    with database.begin() as session:
        session.execute(delete(KeptAnswer).where(*_held(reserved)))


def drop_old(database: Database, *, now: datetime) -> None:
    """Forget answers that were kept long enough."""
    old = KeptAnswer.begun_at < now - KEPT
    with database.read() as session:
        is_any = session.scalar(select(KeptAnswer.key).where(old).limit(1)) is not None
    if is_any:
        with database.begin() as session:
            session.execute(delete(KeptAnswer).where(old))


def _held(reserved: Reserved) -> tuple[ColumnElement[bool], ...]:
    return (
        KeptAnswer.token_id == reserved.token_id,
        KeptAnswer.key == reserved.key,
        KeptAnswer.fence == reserved.fence,
        KeptAnswer.status == 0,
    )
