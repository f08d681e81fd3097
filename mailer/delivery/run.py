"""Enlist, send, sweep: each in short transactions, and able to stop or die between any two lines."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from time import monotonic
from typing import Protocol

import structlog
from sqlalchemy.orm import Session

from mailer import campaigns
from mailer.base.database import Database
from mailer.base.errors import WrongInput
from mailer.base.hints import wake
from mailer.base.tables import BatchId, CampaignId
from mailer.delivery import calls, enlisting, leases, ledger
from mailer.delivery.answers import ACTOR, OnRefusal
from mailer.delivery.batch import BatchWork
from mailer.delivery.holders import is_dead
from mailer.delivery.journal import Journal
from mailer.delivery.leases import Lease
from mailer.delivery.message.compose import Composer
from mailer.delivery.outcomes import Outcome, Outgoing
from mailer.delivery.pacing import allowances
from mailer.delivery.pacing.pace import Pace
from subscribers.audiences import audience_ids, last_of_next
from subscribers.filter_fields import Field

log = structlog.get_logger()

FIRST_CHUNK = 500
CHUNK = 20_000
BATCH = 2000
"""Claiming and releasing a batch costs as much as sending eighty messages (record 18); a pause does not wait for its end."""
TURN_SECONDS = 5.0
"""How long a task sends before it lets others have the worker: a batch that a relay takes slowly goes on in another turn."""
STOP_SECONDS = 20.0
"""So long who is told to end waits for a relay that has messages and does not answer; its patience is ten minutes (RFC 5321)."""

Clock = Callable[[], datetime]


class _Turn:
    """The time that one task may send, from its first group on: who waits for a connection to be free has not begun."""

    def __init__(self, stopping: Callable[[], bool]) -> None:
        self._stopping = stopping
        self._until: float | None = None

    def is_over(self) -> bool:
        """Whether to give the batch back: after that time, or where the process is to end."""
        if self._until is None:  # a first group is always sent
            self._until = monotonic() + TURN_SECONDS
            return self._stopping()
        return self._stopping() or monotonic() > self._until


class Ending:
    """How long a process that is to end waits for a relay: for one that is slow, and not for one that says nothing."""

    def __init__(self, stopping: Callable[[], bool]) -> None:
        self._stopping = stopping
        self._told_at: float | None = None

    def is_overdue(self) -> bool:
        """Whether to go as if one were killed; to be asked while no answer comes."""
        if not self._stopping():
            return False
        if self._told_at is None:
            self._told_at = monotonic()
        return monotonic() - self._told_at > STOP_SECONDS


class Relay(Protocol):
    """Takes messages onward; see `smtp.SmtpRelay.send`."""

    def send(self, messages: Iterable[Outgoing]) -> Iterator[tuple[int, Outcome] | None]:
        """The outcome of each message as it comes; None now and then while nothing comes."""
        ...

    def close(self) -> None:
        """Let go of all connections."""
        ...


def prepare(
    database: Database,
    campaign_id: CampaignId,
    *,
    clock: Clock,
    batch: int = BATCH,
    more: Mapping[str, Field] | None = None,
) -> None:
    """Freeze the list: give every recipient of a campaign in preparation his row, and call out the batches.

    In chunks, the first of them small, so that sending begins at once at any size. It may be killed after any of them, and
    two may do it at once: where the last chunk ended stands with the campaign, and one transaction at a time moves it on.

    Args:
        more: fields of filters that other parts lend; a campaign whose segments name one that is not there is paused.
    """
    database.refresh_statistics()
    size = FIRST_CHUNK
    while True:
        with database.begin() as session:
            is_complete = _enlist_chunk(session, campaign_id, size=size, batch=batch, now=clock(), more=more)
        if is_complete:
            return
        size = CHUNK


def _enlist_chunk(
    session: Session,
    campaign_id: CampaignId,
    *,
    size: int,
    batch: int,
    now: datetime,
    more: Mapping[str, Field] | None = None,
) -> bool:
    """One step of freezing; True where there is nothing more to do, or it is not ours to do."""
    campaign = campaigns.row(session, campaign_id)
    if campaign.state != "preparing":
        return True
    try:
        # Of all chunks by the same moment, so that `30 days ago` is one day for the whole list.
        narrowing = campaigns.narrowing(session, campaign, now=campaign.started_at or now, more=more)
    except WrongInput as error:
        campaigns.hold(session, campaign_id, now=now, actor=ACTOR, reason="segment", detail=str(error))
        return True
    if campaign.enlisted_to is None and not campaigns.verify_release(session, campaign_id):
        detail = "what is kept is not what was approved"
        campaigns.hold(session, campaign_id, now=now, actor=ACTOR, reason="changed", detail=detail)
        return True
    after = campaign.enlisted_to or 0
    ids = audience_ids(session, campaign.audiences, archived=True)
    # The mark first: of two who do this at once, the second waits here, finds it moved and leaves it to the first.
    last = last_of_next(session, after=after, count=size)
    if not campaigns.advance_enlisting(session, campaign, after=last or after):
        return True
    if last is not None:
        enlisting.enlist(
            session,
            campaign_id,
            ids,
            after=after,
            last=last,
            batch_size=batch,
            now=now,
            first_wave=campaign.canary,
            narrowing=narrowing,
        )
        for batch_id in calls.call_out(session, now=now):
            wake(session, "send_batch", batch_id)
        return False
    campaigns.finish_enlisting(session, campaign_id, now=now)
    finish_if_done(session, campaign_id, now=now)
    log.info("campaign_enlisted", campaign_id=campaign_id)
    return True


def send_batch(
    database: Database,
    relay: Relay,
    batch_id: BatchId,
    *,
    composer: Composer,
    clock: Clock,
    holder: str,
    stopping: Callable[[], bool] = lambda: False,
    journal: Journal | None = None,
    pace: Pace | None = None,
    on_refusal: OnRefusal | None = None,
) -> None:
    """Send a batch, and then whatever else is due, for a few seconds; what is left then of a batch is given back.

    Where somebody else has the batch, only the rest is done: a task that came twice finds nothing to claim.

    Args:
        holder: who this is, for the manager's eyes.
        stopping: asked between groups; True ends the work in good order.
        journal: where it is noted what left, so that a kill leaves little uncertain.
        pace: holds back what a recipient domain would not bear.
        on_refusal: is told of each recipient who was refused for good.
    """
    turn, ending = _Turn(stopping), Ending(stopping)
    wanted: BatchId | None = batch_id
    while True:
        work = BatchWork(
            database,
            wanted,
            composer=composer,
            clock=clock,
            holder=holder,
            stopping=turn.is_over,
            journal=journal,
            pace=pace,
            on_refusal=on_refusal,
        )
        try:
            with closing(relay.send(work.messages())) as answers:  # type: ignore[type-var]
                for answer in answers:
                    work.answered(answer)
                    if work.is_lost:
                        break
                    if answer is None and ending.is_overdue():
                        return  # the journal tells the next one who may have it
            work.close()
        finally:
            work.end()
        if work.found_nothing and wanted is None:
            return
        if work.must_rest or turn.is_over():
            break
        wanted = None
    if stopping():  # whoever goes on finds what is left with the next sweep
        return
    with database.begin() as session:
        for called in calls.call_out(session, now=clock()):
            wake(session, "send_batch", called)


def finish_if_done(session: Session, campaign_id: CampaignId, *, now: datetime) -> None:
    """Call the campaign sent where everybody is enlisted and no batch has anything left to do."""
    if calls.is_finished(session, campaign_id):
        campaigns.mark_sent(session, campaign_id, now=now)


def sweep(database: Database, *, clock: Clock, grace: timedelta, journal: Journal | None = None) -> None:
    """Find what is due and what was forgotten: the queue is only a hint, and this is what makes it true.

    Campaigns whose time has come, lists half frozen, batches that wait or whose worker was lost or killed, or by the
    journal has given them up, campaigns that are done.
    """
    known = ledger.nothing_known if journal is None else journal.known

    def is_over(holder: str, lease: Lease) -> bool:
        return is_dead(holder) or (journal is not None and journal.has_ended(lease))

    with database.begin() as session:
        now = clock()
        campaigns.due(session, now=now, grace=grace)
        for campaign in campaigns.working(session):
            if campaign.state == "preparing":
                wake(session, "prepare", campaign.id)
            else:
                finish_if_done(session, campaign.id, now=now)
        leases.free(session, is_over, now=now)
        settled = _settle_stranded(session, known, now=now)
        allowances.forget_old(session, now=now)
        for batch_id in calls.call_out(session, now=now):
            wake(session, "send_batch", batch_id)
    if journal is not None:
        for lease in settled:
            journal.forget(lease.batch_id, lease.fence - 1)


def _settle_stranded(
    session: Session, known: Callable[[Lease], ledger.Known | None], *, now: datetime
) -> tuple[Lease, ...]:
    """Write down what is known of those who were under way when a worker was lost, where nobody takes its batch over.

    Else a campaign that was cancelled then would show them as being sent for ever.
    """
    stranded = leases.take_stranded(session, now=now)
    for lease in stranded:
        ledger.settle(session, lease, known=known, now=now)
        if campaigns.row(session, lease.campaign_id).uncertain_rule == "leave":
            ledger.leave_uncertain(session, lease, now=now)
        ledger.let_go(session, lease, due_at=None, failures=lease.failures, now=now)
    return stranded
