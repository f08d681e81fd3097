"""What the relay answered in one batch, until it is written down, and what follows from it for the recipients and the campaign."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from mailer import campaigns
from mailer.base.tables import CampaignId
from mailer.campaigns import CampaignRow
from mailer.delivery import ledger
from mailer.delivery.leases import Lease
from mailer.delivery.ledger import Recipient, Result
from mailer.delivery.outcomes import Accepted, Deferred, NotTried, Outcome, Refused, Unknown, reason_of
from mailer.delivery.pacing.pace import Pace
from mailer.delivery.policy import SUSPICIOUS_REFUSALS, Suspicion, relay_is_away, stops_campaign

log = structlog.get_logger()

ACTOR = "delivery"
_PUT_BACK = NotTried("")
OnRefusal = Callable[[Session, CampaignId, Recipient, Refused, datetime], None]
"""Is told that a recipient was refused for good."""


class Answers:
    """The answers of one batch. Who calls `write` or `finish` has renewed the lease in that transaction.

    Args:
        deadline: so long a recipient is tried.
        pace: learns from what was answered.
        on_refusal: see `BatchWork`.
    """

    def __init__(
        self,
        lease: Lease,
        campaign: CampaignRow,
        *,
        deadline: timedelta,
        pace: Pace | None,
        on_refusal: OnRefusal | None,
    ) -> None:
        self.under_way: dict[int, Recipient] = {}
        """Who is marked as being sent to, by number."""
        self.tally: Counter[str] = Counter()
        self.has_stopped_campaign = False
        self._lease = lease
        self._campaign = campaign
        self._deadline = deadline
        self._pace = pace
        self._on_refusal = on_refusal
        self._new: list[Result] = []
        self._withheld: list[Result] = []
        """Refusals that may yet turn out to be about us: written down once somebody was accepted, or at the end."""
        self._refused: list[tuple[Recipient, Refused]] = []
        """Refusals of single recipients that nobody has been told of yet."""
        self._suspicion = Suspicion()
        self._has_trouble = bool(campaign.detail)
        self._away: NotTried | None = None

    def add(self, number: int, outcome: Outcome) -> None:
        """Take in an answer to one who is under way."""
        self._new.append(Result(number, self.under_way[number].attempts, outcome))

    def put_back(self, recipients: Iterable[Recipient]) -> None:
        """Note that these were not given to the relay: they go back as they were."""
        self._new += [Result(recipient.number, recipient.attempts, _PUT_BACK) for recipient in recipients]

    def put_back_after(self, last: int) -> None:
        """Put back whoever has no answer, of those behind number `last`."""
        answered = {result.number for result in (*self._new, *self._withheld)}
        self.put_back([one for number, one in self.under_way.items() if number > last and number not in answered])

    def put_back_the_rest(self) -> NotTried | None:
        """Nothing more is sent: put back whoever has no answer. Gives why the relay is away, if it is."""
        self.put_back_after(0)
        return self._away or relay_is_away(result.outcome for result in self._new)

    def write(self, session: Session, *, now: datetime, is_last: bool = False) -> None:
        """Write down what has come; what may be about us is kept back until somebody was accepted, or it `is_last`."""
        new, self._new = self._new, []
        outcomes = [result.outcome for result in new]
        self._suspicion = self._suspicion.after(outcomes)
        results, self._withheld = self._withheld + new, []
        about_us = stops_campaign(outcomes)
        if about_us is None and self._is_suspicious:
            about_us = next((it.outcome for it in reversed(results) if isinstance(it.outcome, Refused)), None)
        if about_us is not None and not self._suspicion.accepted:
            results = [_not_his_fault(result) for result in results]
        elif not (self._suspicion.accepted or is_last or self._campaign.despite_refusals):
            self._withheld = [result for result in results if isinstance(result.outcome, Refused)]
            results = [result for result in results if not isinstance(result.outcome, Refused)]
        if not results:
            return
        if about_us is not None:
            self._stop_campaign(session, about_us, now)
        rule = self._campaign.uncertain_rule
        ledger.record(session, self._lease, results, uncertain_rule=rule, deadline=self._deadline, now=now)
        self._note_trouble(session, outcomes)
        self._follow(session, [(self.under_way.pop(result.number), result.outcome) for result in results], now)

    @property
    def _is_suspicious(self) -> bool:
        """Whether to stop for the refusals so far, unless a manager has looked at them already."""
        return self._suspicion.is_about_us and not self._campaign.despite_refusals

    def finish(self, session: Session, *, now: datetime) -> None:
        """Tell of what refusals are left, if they are too few to be about us."""
        if len(self._refused) < SUSPICIOUS_REFUSALS and not self._suspicion.is_about_us:
            self._tell_refusals(session, now)

    def _follow(self, session: Session, answers: list[tuple[Recipient, Outcome]], now: datetime) -> None:
        if self._pace is not None:
            self._pace.observe(answers)
        self._refused += [(to, outcome) for to, outcome in answers if isinstance(outcome, Refused) and outcome.code]
        if self._suspicion.accepted:  # before, the relay may have lost its list (see `Suspicion`)
            self._tell_refusals(session, now)
        self.tally.update(_TALLY[type(outcome)] for _, outcome in answers if outcome is not _PUT_BACK)

    def _tell_refusals(self, session: Session, now: datetime) -> None:
        told, self._refused = self._refused, []
        for recipient, refused in told:
            if self._on_refusal is not None and refused.scope == "recipient":
                self._on_refusal(session, self._campaign.id, recipient, refused, now)

    def _stop_campaign(self, session: Session, refusal: Refused, now: datetime) -> None:
        self.has_stopped_campaign = True
        campaign_id = self._campaign.id
        detail = reason_of(refusal)
        if refusal.scope == "recipient":
            detail += f"; so for {self._suspicion.refused} recipients, and none was accepted"
        if campaigns.hold(session, campaign_id, now=now, actor=ACTOR, reason="relay", detail=detail):
            log.error("campaign_stopped", campaign_id=campaign_id, code=refusal.code, stage=refusal.stage)

    def _note_trouble(self, session: Session, outcomes: list[Outcome]) -> None:
        """Show that the relay is away, or that it is back."""
        away = relay_is_away(outcomes)
        if away is not None:
            self._has_trouble, self._away = True, away
            campaigns.note_trouble(session, self._campaign.id, detail=away.text)
        elif self._has_trouble and any(isinstance(outcome, Accepted) for outcome in outcomes):
            self._has_trouble = False
            campaigns.note_trouble(session, self._campaign.id, detail="")


def _not_his_fault(result: Result) -> Result:
    if isinstance(result.outcome, Refused):
        return result._replace(outcome=_PUT_BACK)
    return result


_TALLY: dict[type[Outcome], str] = {
    Accepted: "accepted",
    Deferred: "deferred",
    Refused: "refused",
    Unknown: "uncertain",
    NotTried: "not_tried",
}
