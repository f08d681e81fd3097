"""What came of a campaign."""

from dataclasses import asdict, dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.base.tables import CampaignId
from mailer.feedback.models import Event


@dataclass(frozen=True, slots=True)
class Report:
    """How many people each thing happened to; once a person, however often it is told, and though they were erased since."""

    bounced: int = 0
    deferred: int = 0
    complained: int = 0
    unsubscribed: int = 0
    clicked: int = 0
    opened: int = 0

    def as_dict(self) -> dict[str, int]:
        """The counts by name."""
        return asdict(self)


def report(session: Session, campaign_id: CampaignId) -> Report:
    """What came of a campaign until now."""
    person = func.coalesce(Event.number, -Event.id)  # who left by the letter's link has no number, and is told once
    query = (
        select(Event.kind, func.count(person.distinct())).where(Event.campaign_id == campaign_id).group_by(Event.kind)
    )
    return Report(**{row[0]: row[1] for row in session.execute(query)})
