"""The work on one batch: claim, then group after group, each taken and recorded in one transaction while the relay sends.

After a `kill -9` what had left without an answer is uncertain, by the journal: one message for each connection, three with
CHUNKING. Where the journal cannot be read (another machine takes over), it is all that was marked as being sent: at most two
groups for each batch in work, each of about half a second.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from time import monotonic

import structlog
from sqlalchemy.orm import Session

from mailer import campaigns
from mailer.base.database import Database
from mailer.base.errors import WrongInput
from mailer.base.tables import BatchId, CampaignId
from mailer.campaigns import CampaignRow
from mailer.delivery import calls, leases, ledger
from mailer.delivery.journal import Journal, Page
from mailer.delivery.leases import Lease
from mailer.delivery.ledger import Recipient, Result, Wanted
from mailer.delivery.message.compose import Composer
from mailer.delivery.outcomes import Accepted, Deferred, NotTried, Outcome, Outgoing, Refused, Unknown, reason_of
from mailer.delivery.pacing.pace import Pace
from mailer.delivery.policy import SUSPICIOUS_REFUSALS, Suspicion, relay_is_away, relay_retry_at, stops_campaign
from mailer.delivery.throughput import tally
from subscribers.audiences import audience_ids, audience_names

log = structlog.get_logger()

ACTOR = "delivery"
TALLY_SECONDS = 1.0
RENEW_SECONDS = leases.LEASE.total_seconds() / 4
STALE_SECONDS = 0.7
"""Who was taken longer ago than this is looked up again before his message is made: he may have left meanwhile."""


OnRefusal = Callable[[Session, CampaignId, Recipient, Refused, datetime], None]
"""Is told that a recipient was refused for good."""


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
        self.found_nothing = True
        self.is_lost = False
        self.must_rest = False
        self._database = database
        self._wanted = wanted
        self._composer = composer
        self._clock = clock
        self._holder = holder
        self._stopping = stopping
        self._journal = journal
        self._page: Page | None = None
        self._pace = pace
        self._on_refusal = on_refusal
        self._lease: Lease | None = None
        self._campaign: CampaignRow | None = None
        self._key_id: int | None = None
        self._people: Wanted | None = None
        self._audience_names: tuple[str, ...] = ()
        self._under_way: dict[int, Recipient] = {}
        """Who is marked as being sent to, by number."""
        self._finished: list[Result] = []
        self._withheld: list[Result] = []
        """Refusals that may yet turn out to be about us: written down once somebody was accepted, or at the end."""
        self._is_ending = False
        self._refused: list[tuple[Recipient, Refused]] = []
        """Refusals of single recipients that nobody has been told of yet."""
        self._suspicion = Suspicion()
        self._after = 0
        self._renewed = monotonic()
        self._began = monotonic()
        self._tally: Counter[str] = Counter()
        self._told: Counter[str] = Counter()
        """What of the tally stands in the campaign's minutes already."""
        self._told_at = monotonic()
        self._is_stopped = False
        self._has_trouble = False

    # --- for the relay -----------------------------------------------------------------------------------------------

    def messages(self) -> Iterator[Outgoing]:
        """The messages of the batch, group by group; taking the next group records what is finished."""
        if not self._claim():
            return
        while not self.is_lost and not self._is_stopped:
            with self._database.begin() as session:
                group = self._turn(session)
            self._learn()
            if monotonic() - self._told_at > TALLY_SECONDS:
                self._tell()
            taken = monotonic()
            made = self._composer.made(self._composed, group)
            for index in range(len(group)):
                if monotonic() - taken > STALE_SECONDS:
                    self._composer.group.took(index, seconds=monotonic() - taken)
                    self._put_back(group[index:])
                    break
                message = next(made)
                if isinstance(message, Result):
                    self._finished.append(message)
                else:
                    yield message
            else:
                if group:
                    self._composer.group.took(len(group), seconds=monotonic() - taken)
                if self._after >= self._lease_held.last:
                    return

    def answered(self, answer: tuple[int, Outcome] | None) -> None:
        """Take in an answer, or the news that there is none yet."""
        if answer is not None:
            number, outcome = answer
            self._finished.append(Result(number, self._under_way[number].attempts, outcome))
        if monotonic() - self._renewed > RENEW_SECONDS and self._lease is not None and not self.is_lost:
            with self._database.begin() as session:
                self._keep(session)
            self._tell()

    def _put_back(self, recipients: Sequence[Recipient]) -> None:
        """Give back who has waited too long; the next turn takes him again if he may still receive."""
        self._after = recipients[0].number - 1
        self._finished += [Result(recipient.number, recipient.attempts, NotTried("")) for recipient in recipients]

    def end(self) -> None:
        """Nothing more is sent, whatever has happened; what the journal knows is the next one's."""
        if self._pace is not None:
            self._pace.unwatch(self._under_way)
        if self._page is not None:
            self._page.end()

    def close(self) -> None:
        """Record what is left, give the batch back, and say in one line what came of it."""
        if self._lease is None:
            return
        if not self.is_lost:
            with self._database.begin() as session:
                self._let_go(session, self._lease)
        if self._page is not None:
            self._page.remove()
        self._learn()
        self._tell()
        log.info(
            "batch_lost" if self.is_lost else "batch_sent",
            batch_id=self._lease.batch_id,
            campaign_id=self._lease.campaign_id,
            seconds=round(monotonic() - self._began, 3),
            **self._tally,
        )

    # --- steps, each inside one transaction --------------------------------------------------------------------------

    @property
    def _campaign_held(self) -> CampaignRow:
        assert self._campaign is not None  # noqa: S101 - only asked for after the claim
        return self._campaign

    @property
    def _lease_held(self) -> Lease:
        assert self._lease is not None  # noqa: S101 - only asked for after the claim
        return self._lease

    def _claim(self) -> bool:
        now = self._clock()
        known = ledger.nothing_known if self._journal is None else self._journal.known
        with self._database.begin() as session:
            lease = ledger.claim(session, self._wanted, now=now, holder=self._holder, known=known)
            if lease is None:
                return False
            self._campaign = campaigns.row(session, lease.campaign_id)
            if self._campaign.uncertain_rule == "leave":
                ledger.leave_uncertain(session, lease, now=now)
            ids = audience_ids(session, self._campaign.audiences, archived=True)
            names = audience_names(session)
            self._audience_names = tuple(names[slug] for slug in self._campaign.audiences)
            self._key_id = self._campaign.key_id
            if self._key_id is None:
                self._key_id = campaigns.keep_key(session, lease.campaign_id, self._composer.keys.newest)
            self._people = Wanted(ids, now=now)
        self._has_trouble = bool(self._campaign.detail)
        if self._journal is not None:
            self._journal.forget(lease.batch_id, lease.fence - 1)
            self._page = self._journal.open(lease)
        self._lease, self._after, self.found_nothing = lease, lease.first - 1, False
        if self._pace is not None:
            self._pace.watch(self._under_way)
        return True

    def _tell(self) -> None:
        """Write down what came since the last time, for the campaign's rate: in a transaction that holds nothing else."""
        came, self._told, self._told_at = self._tally - self._told, self._tally.copy(), monotonic()
        if came:
            with self._database.begin() as session:
                tally(session, self._lease_held.campaign_id, came, now=self._clock())

    def _learn(self) -> None:
        if self._pace is not None:
            self._pace.flush(clock=self._clock)

    def _turn(self, session: Session) -> tuple[Recipient, ...]:
        """Record, look whether to go on, and take the next group."""
        if not self._keep(session) or self._stopping():
            self._is_stopped = True
            return ()
        lease, people = self._lease_held, self._people
        if self._is_stopped or people is None or not campaigns.is_live(session, lease.campaign_id):
            self._is_stopped = True
            return ()
        group = ledger.take_group(
            session, lease, people, after=self._after, size=self._composer.group.now, now=self._clock(), pace=self._pace
        )
        self._after = group.last
        self._under_way.update((recipient.number, recipient) for recipient in group.recipients)
        self._count("skipped", group.skipped)
        return group.recipients

    def _keep(self, session: Session) -> bool:
        """Renew the lease and record what is finished; False where the batch is no longer ours."""
        now = self._clock()
        if not leases.renew(session, self._lease_held, now=now):
            self.is_lost = True
            return False
        self._renewed = monotonic()
        self._record(session, now)
        return True

    def _record(self, session: Session, now: datetime) -> None:
        results, self._finished = self._finished, []
        outcomes = [result.outcome for result in results]
        self._suspicion = self._suspicion.after(outcomes)
        about_us = stops_campaign(outcomes)
        results, self._withheld = self._withheld + results, []
        if about_us is None and self._suspicion.is_about_us:
            about_us = next((it.outcome for it in reversed(results) if isinstance(it.outcome, Refused)), None)
            results = [self._not_his_fault(result) for result in results]
        elif not (self._suspicion.accepted or self._is_ending):
            self._withheld = [result for result in results if isinstance(result.outcome, Refused)]
            results = [result for result in results if not isinstance(result.outcome, Refused)]
        if not results:
            return
        if about_us is not None:
            self._stop_campaign(session, about_us, now)
        ledger.record(
            session,
            self._lease_held,
            results,
            uncertain_rule=self._campaign_held.uncertain_rule,
            deadline=self._composer.deadline,
            now=now,
        )
        self._note_trouble(session, outcomes)
        answers = [(self._under_way.pop(result.number), result.outcome) for result in results]
        if self._pace is not None:
            self._pace.observe(answers)
        self._refused += [(to, outcome) for to, outcome in answers if isinstance(outcome, Refused) and outcome.code]
        if self._suspicion.accepted:
            self._tell_refusals(session, now)
        for _, outcome in answers:
            if outcome != NotTried(""):
                self._count(_TALLY[type(outcome)], 1)

    def _tell_refusals(self, session: Session, now: datetime) -> None:
        """Tell of refusals, once the relay has taken something: before, it may have lost its list (see `Suspicion`)."""
        told, self._refused = self._refused, []
        for recipient, refused in told:
            if self._on_refusal is not None and refused.scope == "recipient":
                self._on_refusal(session, self._lease_held.campaign_id, recipient, refused, now)

    def _let_go(self, session: Session, lease: Lease) -> None:
        now = self._clock()
        # Whatever was marked and never given to the relay goes back as it was.
        self._is_ending = True
        answered = {result.number for result in (*self._finished, *self._withheld)}
        for number, recipient in self._under_way.items():
            if number not in answered:
                self._finished.append(Result(number, recipient.attempts, NotTried("")))
        away = relay_is_away(result.outcome for result in self._finished)
        is_away = away is not None
        if not self._keep(session):
            return
        if len(self._refused) < SUSPICIOUS_REFUSALS and not self._suspicion.is_about_us:
            self._tell_refusals(session, now)
        failures = lease.failures + 1 if is_away else 0
        due_at = relay_retry_at(failures, now=now) if is_away else None
        self.must_rest = is_away or self._is_stopped
        if ledger.let_go(session, lease, due_at=due_at, failures=failures, now=now) and calls.is_finished(
            session, lease.campaign_id
        ):
            campaigns.mark_sent(session, lease.campaign_id, now=now)

    # --- what answers mean -------------------------------------------------------------------------------------------

    def _composed(self, recipient: Recipient) -> Outgoing | Result:
        """His message, or why there can be none; threads make several at once."""
        campaign = self._campaign_held
        try:
            letter = self._composer.letter(self._database, campaign, recipient.mask)
            message = self._composer.message(
                letter,
                recipient,
                campaign_id=campaign.id,
                now=self._clock(),
                audience_names=self._audience_names,
                key_id=self._key_id,
            )
        except WrongInput as error:
            return Result(recipient.number, recipient.attempts, Refused(0, "", str(error)))
        if self._page is not None:
            message.trace = self._page.mark
        return message

    @staticmethod
    def _not_his_fault(result: Result) -> Result:
        if isinstance(result.outcome, Refused):
            return Result(result.number, result.attempts, NotTried(""))
        return result

    def _stop_campaign(self, session: Session, refusal: Refused, now: datetime) -> None:
        self._is_stopped = True
        lease = self._lease_held
        if campaigns.is_live(session, lease.campaign_id):
            campaigns.pause(session, lease.campaign_id, now=now, actor=ACTOR, reason="relay", detail=reason_of(refusal))
            log.error("campaign_stopped", campaign_id=lease.campaign_id, code=refusal.code, stage=refusal.stage)

    def _note_trouble(self, session: Session, outcomes: list[Outcome]) -> None:
        """Show that the relay is away, or that it is back."""
        away = relay_is_away(outcomes)
        if away is not None:
            self._has_trouble = True
            campaigns.note_trouble(session, self._lease_held.campaign_id, detail=away.text)
        elif self._has_trouble and any(isinstance(outcome, Accepted) for outcome in outcomes):
            self._has_trouble = False
            campaigns.note_trouble(session, self._lease_held.campaign_id, detail="")

    def _count(self, what: str, number: int) -> None:
        if number:
            self._tally[what] += number


_TALLY: dict[type[Outcome], str] = {
    Accepted: "accepted",
    Deferred: "deferred",
    Refused: "refused",
    Unknown: "uncertain",
    NotTried: "not_tried",
}
