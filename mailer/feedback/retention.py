"""How long events remember whose they were."""

from datetime import datetime

from sqlalchemy import or_, update

from mailer.base.database import Database
from mailer.feedback.models import Event


def forget_persons(database: Database, *, before: datetime) -> None:
    """Take the persons, and what a mail server said of them, out of events from before `before`; the counts stay."""
    old = (Event.at < before, or_(Event.subscriber_id.is_not(None), Event.detail != ""))
    with database.begin() as session:
        session.execute(update(Event).where(*old).values(subscriber_id=None, number=None, detail=""))
