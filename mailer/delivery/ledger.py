"""Every SQL statement that moves a batch or a row of the ledger.

A batch is claimed by one compare-and-set; whatever its holder writes later first proves, in the same transaction, that the
batch is still his by the fencing number that the claim gave him.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    Select,
    Table,
    Text,
    Update,
    bindparam,
    case,
    cast,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from mailer.base.tables import AudienceId, BatchId, SubscriberId
from mailer.delivery import leases
from mailer.delivery.leases import Lease
from mailer.delivery.models import Batch, Delivery
from mailer.delivery.outcomes import Accepted, Deferred, NotTried, Outcome, Refused, Unknown, reason_of
from mailer.delivery.pacing.pace import Hold, Pace
from mailer.delivery.policy import UNKNOWN_ATTEMPTS, retry_at
from subscribers.audiences import recipients
from subscribers.people import person_by_id

_rows: Table = Delivery.metadata.tables["deliveries"]
_batches: Table = Batch.metadata.tables["batches"]
_TO_SEND = ("pending", "uncertain")


# --- statements of the hot path: made once, because SQLAlchemy takes longer to make one than the database to do it ---------

_IS_DUE = (
    _rows.c.state.in_(_TO_SEND),
    or_(_rows.c.due_at.is_(None), _rows.c.due_at <= bindparam("now", type_=_rows.c.due_at.type)),
)
_THESE = (_rows.c.campaign_id == bindparam("campaign"), _rows.c.number.between(bindparam("from"), bindparam("to")))
"""Ranges of numbers, not lists of them: one statement for a whole group, the same for every group."""
_MOMENT = bindparam("moment", type_=_rows.c.updated_at.type)
_SENDING = (
    update(_rows)
    .where(*_THESE, *_IS_DUE)
    .values(state="sending", attempts=_rows.c.attempts + 1, updated_at=bindparam("now", type_=_rows.c.updated_at.type))
)
_SENT = (
    update(_rows)
    .where(*_THESE, _rows.c.state == "sending")
    .values(state="sent", reason="", due_at=None, updated_at=_MOMENT)
)
_BEFORE = case((_rows.c.was_uncertain, "uncertain"), else_="pending")
_AGAIN = update(_rows).where(*_THESE, _rows.c.state == "sending").values(state=_BEFORE, due_at=None, updated_at=_MOMENT)
_KEPT = _AGAIN.values(attempts=_rows.c.attempts - 1)
_RECORD = (
    update(_rows)
    .where(_rows.c.campaign_id == bindparam("campaign"), _rows.c.number == bindparam("row"), _rows.c.state == "sending")
    .values(
        # "again" is back to where it was taken from: a row that is uncertain stays so until it has an answer.
        state=case((bindparam("after") == "again", _BEFORE), else_=bindparam("after")),
        reason=bindparam("why"),
        attempts=_rows.c.attempts - bindparam("uncounted"),
        due_at=bindparam("due", type_=_rows.c.due_at.type),
        was_uncertain=or_(_rows.c.was_uncertain, bindparam("is_unknown", type_=_rows.c.was_uncertain.type)),
        updated_at=bindparam("moment", type_=_rows.c.updated_at.type),
    )
)
_LOST = (
    update(_rows)
    .where(*_THESE, _rows.c.state == "sending")
    .values(state="uncertain", was_uncertain=True, due_at=None, updated_at=_MOMENT)
)
_LEFT = select(func.count(), func.min(func.coalesce(_rows.c.due_at, _MOMENT))).where(
    *_THESE, _rows.c.state.in_(_TO_SEND)
)
_LET_GO = (
    update(_batches)
    .where(_batches.c.id == bindparam("batch"))
    .values(
        state=bindparam("after"),
        leased_until=None,
        holder="",
        hinted_at=None,
        failures=bindparam("misses"),
        due_at=func.coalesce(_MOMENT, _batches.c.due_at),
    )
)
_ONE = update(_rows).where(_rows.c.campaign_id == bindparam("campaign"), _rows.c.number == bindparam("row"))
_HELD = _ONE.values(reason=bindparam("why"), due_at=bindparam("due", type_=_rows.c.due_at.type), updated_at=_MOMENT)
_GIVEN_UP = _HELD.values(state="failed")


# --- batches ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a lost holder's rows, by their numbers: not handed over; taken by the relay; answered otherwise."""

    kept: Sequence[int]
    taken: Sequence[int]
    answered: Sequence[int]


def nothing_known(_lease: Lease) -> Known | None:
    """Where no journal is kept."""
    return None


def claim(
    session: Session,
    wanted: BatchId | None,
    *,
    now: datetime,
    holder: str,
    known: Callable[[Lease], Known | None] = nothing_known,
) -> Lease | None:
    """Take this batch where it is free, or without a wish the one that has been due longest.

    What its former holder had under way when he was lost becomes uncertain, but for what is known of it.
    """
    if wanted is None:
        lease = leases.take_next(session, now=now, holder=holder)
    else:
        lease = leases.take(session, wanted, now=now, holder=holder)
    if lease is not None:
        settle(session, lease, known=known, now=now)
    return lease


def settle(session: Session, lease: Lease, *, known: Callable[[Lease], Known | None], now: datetime) -> None:
    """What the former holder of a batch that was just taken had under way becomes uncertain, but for what is known of it."""
    settled = known(lease)
    if settled is not None:
        for statement, numbers in ((_SENT, settled.taken), (_KEPT, settled.kept), (_AGAIN, settled.answered)):
            _mark(session, statement, lease, numbers, now=now)
    session.execute(_LOST, _span(lease) | {"moment": now})


def let_go(session: Session, lease: Lease, *, due_at: datetime | None, failures: int, now: datetime) -> bool:
    """Give the batch back; True where no row of it is left to try.

    Args:
        due_at: not before then; None is when the first of its rows is due.
    """
    count, first_due = session.execute(_LEFT, _span(lease) | {"moment": now}).one()
    given = {"batch": lease.batch_id, "after": "waiting" if count else "done", "misses": failures}
    session.execute(_LET_GO, given | {"moment": (due_at or _as_moment(first_due, now)) if count else None})
    return not count


def _as_moment(value: datetime, now: datetime) -> datetime:
    """SQLite's min() forgets the zone that the column would have given back."""
    return value if value.tzinfo is not None else value.replace(tzinfo=now.tzinfo)


# --- rows ---------------------------------------------------------------------------------------------------------------


class Recipient(NamedTuple):
    """One to whom a message is to go now; `mask` is the audiences that he was enlisted for and still is in.

    `attempts` counts this one too.
    """

    number: int
    subscriber_id: SubscriberId
    mask: int
    attempts: int
    address: str
    name: str
    language: str
    attributes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Group:
    """The next recipients of a batch; `last` is the number up to which the batch has been looked through."""

    recipients: tuple[Recipient, ...]
    last: int
    skipped: int


@lru_cache(maxsize=64)
def wanted_of(audience_ids: tuple[AudienceId, ...]) -> Select[Any]:
    """The next rows of a batch, each with its person where he may receive now; kept, since making it costs more than asking it."""
    people = recipients(audience_ids, now=bindparam("now", type_=_rows.c.due_at.type)).subquery("people")
    return (
        select(
            _rows.c.number,
            _rows.c.subscriber_id,
            _rows.c.mask,
            _rows.c.attempts,
            people.c.address,
            people.c.name,
            people.c.language,
            cast(people.c.attributes, Text),  # most people have none: then there is nothing to be parsed
            people.c.mask.label("live"),
        )
        .select_from(_rows.outerjoin(people, people.c.subscriber_id == _rows.c.subscriber_id))
        .where(
            _rows.c.campaign_id == bindparam("campaign"),
            _rows.c.number > bindparam("after"),
            _rows.c.number <= bindparam("end"),
            *_IS_DUE,
        )
        .order_by(_rows.c.number)
        .limit(bindparam("size"))
    )


def take_group(
    session: Session,
    lease: Lease,
    wanted: Select[Any],
    *,
    after: int,
    size: int,
    now: datetime,
    pace: Pace | None = None,
) -> Group:
    """Mark the next rows as being sent, and skip those who may no longer receive: this is the last moment to look.

    Whom `pace` holds back stays as he is, to be looked at later.
    """
    span = {"campaign": lease.campaign_id, "after": after, "end": lease.last, "now": now, "size": size}
    rows = session.connection().execute(wanted, span).all()  # the session would take each row for one of its objects
    if not rows:
        return Group((), lease.last, 0)
    taken, skipped = [], []
    for number, subscriber_id, mask, attempts, address, name, language, attributes, live in rows:
        if live is None or not live & mask:
            skipped.append((number, subscriber_id))
        else:
            known = json.loads(attributes) or {} if attributes != "{}" else {}
            taken.append(Recipient(number, subscriber_id, live & mask, attempts + 1, address, name, language, known))
    _skip(session, lease, skipped, now=now)
    held = pace.hold(session, taken, now=now) if pace is not None and taken else {}
    if held:  # what is due later, or given up, is no longer among those that are marked
        taken = [one for one in taken if one.number not in held]
        _hold(session, lease, held, now)
    last = rows[-1].number
    if taken:
        session.execute(_SENDING, {"campaign": lease.campaign_id, "from": rows[0].number, "to": last, "now": now})
    return Group(tuple(taken), last if len(rows) == size else lease.last, len(skipped))


def _skip(session: Session, lease: Lease, rows: Sequence[tuple[int, SubscriberId | None]], *, now: datetime) -> None:
    for number, subscriber_id in rows:
        person = None if subscriber_id is None else person_by_id(session, subscriber_id, now=now)
        # A person who is subscribed and yet may not receive has left the audiences of this campaign.
        status = "erased" if person is None else person.status
        reason = "unsubscribed" if status == "subscribed" else status
        skip = update(_rows).where(_rows.c.campaign_id == lease.campaign_id, _rows.c.number == number)
        session.execute(skip.values(state="skipped", reason=reason, due_at=None, updated_at=now))


def _hold(session: Session, lease: Lease, held: Mapping[int, Hold], now: datetime) -> None:
    rows = [
        {"campaign": lease.campaign_id, "row": number, "why": hold.reason, "due": hold.until, "moment": now}
        for number, hold in held.items()
    ]
    for statement, due in ((_HELD, True), (_GIVEN_UP, False)):
        these = [row for row in rows if (row["due"] is not None) is due]
        if these:
            session.execute(statement, these)


class Result(NamedTuple):
    """What came of one attempt."""

    number: int
    attempts: int
    outcome: Outcome


def record(
    session: Session,
    lease: Lease,
    results: Iterable[Result],
    *,
    uncertain_rule: str,
    deadline: timedelta,
    now: datetime,
) -> None:
    """Write down what came of attempts; the caller has renewed the lease in this transaction."""
    accepted, others = [], []
    for result in results:
        if isinstance(result.outcome, Accepted):
            accepted.append(result.number)
        else:
            others.append(_written(lease, result, uncertain_rule=uncertain_rule, deadline=deadline, now=now))
    _mark(session, _SENT, lease, accepted, now=now)
    if others:
        session.execute(_RECORD, others)


def _mark(session: Session, statement: Update, lease: Lease, numbers: Iterable[int], *, now: datetime) -> None:
    span = {"campaign": lease.campaign_id, "moment": now}
    runs = [span | {"from": first, "to": last} for first, last in _runs(numbers)]
    if runs:
        session.execute(statement, runs)


def _runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """The numbers as ranges, each from its first to its last."""
    runs: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1] = runs[-1][0], number
        else:
            runs.append((number, number))
    return runs


def _written(
    lease: Lease, result: Result, *, uncertain_rule: str, deadline: timedelta, now: datetime
) -> dict[str, Any]:
    outcome = result.outcome
    after, reason, due, uncounted = "failed", reason_of(outcome), None, 0
    again_at = retry_at(result.attempts, now=now, seed=result.number, deadline=deadline)
    match outcome:
        case NotTried() | Refused(scope="campaign"):
            after, reason, uncounted = "again", "", 1
        case Deferred() if again_at is not None:
            after, due = "again", again_at
        case Deferred():
            reason = f"given up: {reason}"
        case Unknown() if uncertain_rule == "resend" and result.attempts < UNKNOWN_ATTEMPTS and again_at is not None:
            after, due = "uncertain", again_at
        case Unknown():
            reason = "uncertain"
        case _:
            pass
    return {
        "campaign": lease.campaign_id,
        "row": result.number,
        "after": after,
        "why": reason,
        "due": due,
        "uncounted": uncounted,
        "is_unknown": isinstance(outcome, Unknown),
        "moment": now,
    }


def leave_uncertain(session: Session, lease: Lease, *, now: datetime) -> None:
    """Where the campaign's rule is to leave them alone: what may have arrived ends as failed."""
    uncertain = update(_rows).where(*_THESE, _rows.c.state == "uncertain")
    session.execute(uncertain.values(state="failed", reason="uncertain", due_at=None, updated_at=now), _span(lease))


def _span(lease: Lease) -> dict[str, Any]:
    return {"campaign": lease.campaign_id, "from": lease.first, "to": lease.last}
