"""The work on one batch: claim, then group after group, each taken and recorded in one transaction while the relay sends.

After a `kill -9` what had left without an answer is uncertain, by the journal: one message for each connection, three with
CHUNKING. Where the journal cannot be read (another machine takes over), it is all that was marked as being sent: at most two
groups for each batch in work, each of about half a second.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from time import monotonic
from typing import Any, NamedTuple

import structlog
from sqlalchemy import Select
from sqlalchemy.orm import Session

from mailer import campaigns
from mailer.base.database import Database
from mailer.base.errors import NotFound, Spoilt, WrongInput
from mailer.base.tables import BatchId
from mailer.campaigns import CampaignRow
from mailer.delivery import calls, leases, ledger
from mailer.delivery.answers import ACTOR, Answers, OnRefusal
from mailer.delivery.journal import Journal, Page
from mailer.delivery.leases import Lease
from mailer.delivery.ledger import Recipient, wanted_of
from mailer.delivery.message.compose import Composer
from mailer.delivery.message.mould import Mould
from mailer.delivery.message.personal import Occasion
from mailer.delivery.outcomes import Outcome, Outgoing, Refused
from mailer.delivery.pacing.pace import Pace
from mailer.delivery.policy import relay_retry_at
from mailer.delivery.throughput import tally
from subscribers.audiences import audience_ids, audience_names

log = structlog.get_logger()

TALLY_SECONDS = 1.0
RENEW_SECONDS = leases.LEASE.total_seconds() / 4
STALE_SECONDS = 0.7
"""Who was taken longer ago than this is looked up again before his message is made: he may have left meanwhile."""


@dataclass(slots=True)
class _Held:
    """A batch that was claimed: its lease, what is to be known of its campaign, and what came of it so far."""

    lease: Lease
    campaign: CampaignRow
    occasion: Occasion
    people: Select[Any]
    answers: Answers
    page: Page | None
    letters: dict[int, Mould] = field(default_factory=dict)
    """Those that were needed so far, by their audiences."""


class _Taken(NamedTuple):
    """A group that was taken: up to which number, and when by the monotonic clock."""

    last: int
    at: float


class BatchWork:
    """One batch from claim to release. `messages` feeds a relay; what it answers comes back through `answered`.

    Args:
        wanted: the batch, or None for the one that has been due longest.
        journal: where it is noted what left; None keeps no journal.
        pace: holds back what a recipient domain would not bear.
        on_refusal: is told of each recipient who was refused for good, in the transaction that writes it down.
    """

    def __init__(
        self,
        database: Database,
        wanted: BatchId | None,
        *,
        composer: Composer,
        clock: Callable[[], datetime],
        holder: str,
        stopping: Callable[[], bool],
        journal: Journal | None = None,
        pace: Pace | None = None,
        on_refusal: OnRefusal | None = None,
    ) -> None:
        self.is_lost = False
        self.must_rest = False
        self._database = database
        self._wanted = wanted
        self._composer = composer
        self._clock = clock
        self._holder = holder
        self._stopping = stopping
        self._journal = journal
        self._pace = pace
        self._on_refusal = on_refusal
        self._held: _Held | None = None
        self._after = 0
        self._is_stopped = False
        self._began = self._renewed = self._told_at = monotonic()
        self._told: Counter[str] = Counter()
        """What of the tally stands in the campaign's minutes already."""

    @property
    def found_nothing(self) -> bool:
        """Whether there was nothing to claim."""
        return self._held is None

    # --- for the relay -----------------------------------------------------------------------------------------------

    def messages(self) -> Iterator[Outgoing]:
        """The messages of the batch, group by group; taking the next group records what is finished."""
        held = self._claim()
        if held is None:
            return
        while not self.is_lost and not self._is_stopped:
            yield from self._made(held)
            if self._after >= held.lease.last:
                return

    def _made(self, held: _Held) -> Iterator[Outgoing]:
        """The messages of a group, and of the next ones behind it while the relay is quick.

        Until the news of someone is stale, or the batch is no longer to be sent: whoever is left then is put back.
        """
        now, groups = self._clock(), deque[_Taken]()
        messages = filter(None, map(partial(self._composed, held, now), self._recipients(held, groups)))
        last, taken_at, began, handed_out = self._after, 0.0, 0.0, 0
        for place, message in enumerate(self._composer.signed_ahead(messages, now)):
            if message.number > last:  # the first of a group
                self._learn_size(handed_out, began)
                while message.number > last:
                    last, taken_at = groups.popleft()
                began, handed_out = monotonic(), 0
            if self.is_lost or self._is_stopped:
                return
            # The first has waited for his message alone: one that is slow to make them would begin again with him for ever.
            if place and monotonic() - taken_at > STALE_SECONDS:
                self._after = message.number - 1  # he and whoever was taken behind him are the next to be taken
                held.answers.put_back_after(self._after)
                break
            yield message
            handed_out += 1
        self._learn_size(handed_out, began)

    def _learn_size(self, count: int, began: float) -> None:
        if count:
            self._composer.group.took(count, seconds=monotonic() - began)

    def _recipients(self, held: _Held, groups: deque[_Taken]) -> Iterator[Recipient]:
        """Who is to get the next messages, group by group; `groups` is told up to whom, and when each was taken."""
        while not self._is_stopped:
            with self._database.begin() as session:
                group = self._turn(session, held)
            self._learn()
            if monotonic() - self._told_at > TALLY_SECONDS:
                self._tell(held)
            if not self._has_letters(held, group):
                return
            groups.append(_Taken(self._after, monotonic()))
            yield from group
            # From a slow relay's next group those would wait who are signed ahead.
            if self._after >= held.lease.last or not self._composer.group.is_for_quick_relay:
                return

    def _has_letters(self, held: _Held, group: Sequence[Recipient]) -> bool:
        """Whether all the letters for a group can be had; else it is put back, and the campaign waits for a manager."""
        try:
            for mask in {recipient.mask for recipient in group} - held.letters.keys():
                held.letters[mask] = self._composer.letter(self._database, held.campaign, mask)
        except (NotFound, Spoilt, WrongInput) as error:  # of all who get this letter: nobody has lost anything by it
            self._hold(held, group, why=str(error))
            return False
        return True

    def _hold(self, held: _Held, group: Sequence[Recipient], *, why: str) -> None:
        """Put a group back whose letter cannot be had, and have the campaign wait for a manager."""
        held.answers.put_back(group)
        self._is_stopped = True
        campaign_id = held.campaign.id
        with self._database.begin() as session:
            if campaigns.hold(session, campaign_id, now=self._clock(), actor=ACTOR, reason="letter", detail=why):
                log.error("campaign_stopped", campaign_id=campaign_id, why=why)

    def answered(self, answer: tuple[int, Outcome] | None) -> None:
        """Take in an answer, or the news that there is none yet."""
        held = self._held
        if held is None:
            return
        if answer is not None:
            held.answers.add(*answer)
        if monotonic() - self._renewed > RENEW_SECONDS and not self.is_lost:
            with self._database.begin() as session:
                self._keep(session, held)
            self._tell(held)

    def end(self) -> None:
        """Nothing more is sent, whatever has happened; what the journal knows is the next one's."""
        if self._held is None:
            return
        if self._pace is not None:
            self._pace.unwatch(self._held.answers.under_way)
        if self._held.page is not None:
            self._held.page.end()

    def close(self) -> None:
        """Record what is left, give the batch back, and say in one line what came of it."""
        held = self._held
        if held is None:
            return
        if not self.is_lost:
            with self._database.begin() as session:
                self._let_go(session, held)
        if held.page is not None:
            held.page.remove()
        self._learn()
        self._tell(held)
        log.info(
            "batch_lost" if self.is_lost else "batch_sent",
            batch_id=held.lease.batch_id,
            campaign_id=held.lease.campaign_id,
            seconds=round(monotonic() - self._began, 3),
            **held.answers.tally,
        )

    # --- steps ---------------------------------------------------------------------------------------------------------

    def _claim(self) -> _Held | None:
        now = self._clock()
        known = ledger.nothing_known if self._journal is None else self._journal.known
        with self._database.begin() as session:
            lease = ledger.claim(session, self._wanted, now=now, holder=self._holder, known=known)
            if lease is None:
                return None
            campaign = campaigns.row(session, lease.campaign_id)
            if campaign.uncertain_rule == "leave":
                ledger.leave_uncertain(session, lease, now=now)
            key_id = campaign.key_id
            if key_id is None:
                key_id = campaigns.keep_key(session, campaign.id, self._composer.keys.newest)
            names = audience_names(session)
            people = wanted_of(audience_ids(session, campaign.audiences, archived=True))
        if self._journal is not None:
            self._journal.forget(lease.batch_id, lease.fence - 1)
        page = self._page(lease)
        answers = Answers(
            lease, campaign, deadline=self._composer.deadline, pace=self._pace, on_refusal=self._on_refusal
        )
        if self._pace is not None:
            self._pace.watch(answers.under_way)
        own_names = tuple(names[slug] for slug in campaign.audiences)
        occasion = self._composer.occasion(campaign.id, audience_names=own_names, key_id=key_id)
        self._held = _Held(lease, campaign, occasion, people, answers, page)
        self._after = lease.first - 1
        return self._held

    def _page(self, lease: Lease) -> Page | None:
        """The journal's page, or none where its disk is full: then more is uncertain after a kill, and nobody waits."""
        try:
            return self._journal.open(lease) if self._journal is not None else None
        except OSError as error:
            log.warning("journal_not_written", batch_id=lease.batch_id, why=error.strerror)
            return None

    def _tell(self, held: _Held) -> None:
        """Write down what came since the last time, for the campaign's rate: in a transaction that holds nothing else."""
        came, self._told, self._told_at = held.answers.tally - self._told, held.answers.tally.copy(), monotonic()
        if came:
            with self._database.begin() as session:
                tally(session, held.campaign.id, came, now=self._clock())

    def _learn(self) -> None:
        if self._pace is not None:
            self._pace.flush(clock=self._clock)

    def _turn(self, session: Session, held: _Held) -> tuple[Recipient, ...]:
        """Record, look whether to go on, and take the next group."""
        if not self._keep(session, held) or self._stopping() or not campaigns.is_live(session, held.campaign.id):
            self._is_stopped = True
        if self._is_stopped:
            return ()
        group = ledger.take_group(
            session,
            held.lease,
            held.people,
            after=self._after,
            size=self._composer.group.now,
            now=self._clock(),
            pace=self._pace,
        )
        self._after = group.last
        held.answers.under_way.update((recipient.number, recipient) for recipient in group.recipients)
        if group.skipped:
            held.answers.tally["skipped"] += group.skipped
        return group.recipients

    def _keep(self, session: Session, held: _Held, *, is_last: bool = False) -> bool:
        """Renew the lease and write down what is answered; False where the batch is no longer ours."""
        now = self._clock()
        if not leases.renew(session, held.lease, now=now):
            self.is_lost = True
            return False
        self._renewed = monotonic()
        held.answers.write(session, now=now, is_last=is_last)
        self._is_stopped = self._is_stopped or held.answers.has_stopped_campaign
        return True

    def _let_go(self, session: Session, held: _Held) -> None:
        now, lease = self._clock(), held.lease
        away = held.answers.put_back_the_rest()
        if not self._keep(session, held, is_last=True):
            return
        held.answers.finish(session, now=now)
        failures = lease.failures + 1 if away else 0
        due_at = relay_retry_at(failures, until=away.until, now=now) if away else None
        self.must_rest = away is not None or self._is_stopped
        if ledger.let_go(session, lease, due_at=due_at, failures=failures, now=now) and calls.is_finished(
            session, lease.campaign_id
        ):
            campaigns.mark_sent(session, lease.campaign_id, now=now)

    def _composed(self, held: _Held, now: datetime, recipient: Recipient) -> Outgoing | None:
        """His message; none where there can be none, which is answered then. `now` is at most a few groups ago."""
        try:
            message = self._composer.unsigned(held.letters[recipient.mask], recipient, held.occasion, now)
        except WrongInput as error:
            held.answers.add(recipient.number, Refused(0, "", str(error)))
            return None
        if held.page is not None:
            message.trace = held.page.mark
        return message
