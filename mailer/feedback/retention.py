"""How long events remember whose they were."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import String, case, cast, or_, update

from mailer.base.database import Database
from mailer.base.tables import CampaignId
from mailer.feedback.events import OPT_OUT
from mailer.feedback.models import Event


def forget_persons(database: Database, finished: Sequence[CampaignId], *, before: datetime) -> None:
    """Take the persons, and what a mail server said of them, out of events from before `before`; the counts stay.

    Args:
        finished: the campaigns whose ledger was forgotten. An event keeps the number of its delivery, by which its person
            counts once; where the ledger still tells whose that was, there is nothing to be gained.
    """
    # Their key repeats whose they are.
    is_opt_out = Event.source_key.startswith(OPT_OUT)
    key = case((is_opt_out, "forgotten:" + cast(Event.id, String)), else_=Event.source_key)
    old = (
        Event.at < before,
        or_(Event.campaign_id.is_(None), Event.campaign_id.in_(finished)),
        or_(Event.subscriber_id.is_not(None), Event.detail != "", is_opt_out),
    )
    with database.begin() as session:
        session.execute(update(Event).where(*old).values(subscriber_id=None, detail="", source_key=key))
