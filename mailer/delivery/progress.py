"""What the ledger shows: how far a campaign is, and what became of whom."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from mailer.base.errors import WrongInput
from mailer.base.tables import CampaignId, SubscriberId
from mailer.delivery.models import Delivery


@dataclass(frozen=True, slots=True)
class Counts:
    """The recipients of a campaign by what became of them; disjoint, so they add up to `total`.

    `deferred` were tried and are to be tried again; `uncertain` may have got it, and nobody knows. Beside them,
    `might_have_got_it_twice` were sent to again after such a moment, with the same Message-ID.
    """

    pending: int = 0
    sending: int = 0
    accepted: int = 0
    deferred: int = 0
    failed: int = 0
    skipped: int = 0
    uncertain: int = 0
    might_have_got_it_twice: int = 0

    @property
    def total(self) -> int:
        """All recipients that have been enlisted."""
        return sum(self.as_dict().values())

    @property
    def done(self) -> int:
        """Those for whom nothing more will happen."""
        return self.accepted + self.failed + self.skipped

    def as_dict(self) -> dict[str, int]:
        """The disjoint counts by name."""
        counts = asdict(self)
        del counts["might_have_got_it_twice"]
        return counts


@dataclass(frozen=True, slots=True)
class RecipientRow:
    """One recipient as shown; `state` is a name of `Counts`, `reason` the relay's own words where it gave some."""

    number: int
    subscriber_id: SubscriberId | None
    state: str
    reason: str
    attempts: int
    due_at: datetime | None
    updated_at: datetime | None
    might_have_got_it_twice: bool


STATES: dict[str, ColumnElement[bool]] = {
    "pending": and_(Delivery.state == "pending", Delivery.attempts == 0),
    "sending": Delivery.state == "sending",
    "accepted": Delivery.state == "sent",
    "deferred": and_(Delivery.state == "pending", Delivery.attempts > 0),
    "failed": Delivery.state == "failed",
    "skipped": Delivery.state == "skipped",
    "uncertain": Delivery.state == "uncertain",
}


def progress(session: Session, campaign_id: CampaignId, *, up_to: int | None = None) -> Counts:
    """How far a campaign is; of its first recipients only, with `up_to` the number of the last of them."""
    was_tried = Delivery.attempts > 0
    query = (
        select(Delivery.state, was_tried, Delivery.was_uncertain, func.count())
        .where(Delivery.campaign_id == campaign_id)
        .group_by(Delivery.state, was_tried, Delivery.was_uncertain)
    )
    if up_to is not None:
        query = query.where(Delivery.number <= up_to)
    counts: dict[str, int] = {}
    for state, tried, was_uncertain, count in session.execute(query):
        name = _shown(state, is_tried=bool(tried))
        counts[name] = counts.get(name, 0) + count
        if _may_be_second(state, was_uncertain=was_uncertain):
            counts["might_have_got_it_twice"] = counts.get("might_have_got_it_twice", 0) + count
    return Counts(**counts)


def recipients_page(
    session: Session, campaign_id: CampaignId, *, state: str | None = None, after: int = 0, limit: int = 100
) -> tuple[RecipientRow, ...]:
    """Recipients in the order of their numbers, after the number `after`.

    Args:
        state: only those in this state, a name of `Counts`; `twice` are those who might have got it twice.

    Raises:
        WrongInput: there is no such state.
    """
    query = select(Delivery).where(Delivery.campaign_id == campaign_id, Delivery.number > after)
    if state == "twice":
        query = query.where(Delivery.was_uncertain, or_(Delivery.state == "sent", Delivery.state == "sending"))
    elif state is not None and state not in STATES:
        raise WrongInput(f"there is no state {state!r}", do=f"use one of {', '.join(STATES)}, twice")
    elif state is not None:
        query = query.where(STATES[state])
    return tuple(
        RecipientRow(
            row.number,
            row.subscriber_id,
            _shown(row.state, is_tried=row.attempts > 0),
            row.reason,
            row.attempts,
            row.due_at,
            row.updated_at,
            _may_be_second(row.state, was_uncertain=row.was_uncertain),
        )
        for row in session.scalars(query.order_by(Delivery.number).limit(limit))
    )


def _shown(state: str, *, is_tried: bool) -> str:
    if state == "pending":
        return "deferred" if is_tried else "pending"
    return "accepted" if state == "sent" else state


def _may_be_second(state: str, *, was_uncertain: bool) -> bool:
    return was_uncertain and state in ("sent", "sending")


def last_mailed(subscriber_id: InstrumentedAttribute[SubscriberId]) -> ScalarSelect[datetime | None]:
    """When a relay last took a message for the person of a row, in SQL; NULL where none ever did."""
    mine = (Delivery.subscriber_id == subscriber_id, Delivery.state == "sent")
    return select(func.max(Delivery.updated_at)).where(*mine).scalar_subquery()
