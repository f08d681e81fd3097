"""What a person may ask for (GDPR, article 15): all that is kept of them, wherever it is kept."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer import campaigns
from mailer.base import audit
from mailer.base.errors import NotFound
from mailer.base.tables import CampaignId, SubscriberId
from mailer.delivery.history import letters_to
from mailer.feedback.models import Event
from subscribers import Person, list_consents, moving
from subscribers.suppression import suppression_of

EVERY_LINE = 1_000_000


def everything_about(session: Session, person: Person) -> dict[str, Any]:
    """A person with the log of their consent, what was sent to them and came back, and what was done to their record.

    Who did it is left out: that is somebody else.
    """
    titles = _Titles(session)
    suppression = suppression_of(session, person.email)
    asked = moving.asked_for(session, person.id)
    return person.as_dict() | {
        "consents": [
            {"at": _text(line.at), "deed": line.deed, "audience": line.audience, "wording": line.wording, "source": line.source}
            for line in list_consents(session, person.id)
        ],
        "letters": [
            {"campaign": titles.of(letter.campaign_id), "state": letter.state, "reason": letter.reason, "at": _text(letter.at)}
            for letter in letters_to(session, person.id)
        ],
        "events": [
            {"at": _text(event.at), "kind": event.kind, "campaign": titles.of(event.campaign_id), "detail": event.detail}
            for event in _events(session, person.id)
        ],
        "suppression": None if suppression is None else {
            "subject": suppression.subject, "reason": suppression.reason, "source": suppression.source,
            "since": _text(suppression.since),
        },
        "new_address": None if asked is None else {"address": asked.address, "asked_at": _text(asked.asked_at)},
        "log": [
            {"at": _text(entry.at), "deed": entry.deed, "detail": entry.detail}
            for entry in reversed(audit.entries(session, subject=f"subscriber {person.id}", limit=EVERY_LINE))
        ],
    }  # fmt: skip


class _Titles:
    """The titles of campaigns, each looked up once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[CampaignId | None, str] = {None: ""}

    def of(self, campaign_id: CampaignId | None) -> str:
        """Empty where there is none (any more)."""
        if campaign_id not in self._known:
            try:
                self._known[campaign_id] = campaigns.row(self._session, CampaignId(campaign_id or 0)).title
            except NotFound:
                self._known[campaign_id] = ""
        return self._known[campaign_id]


def _events(session: Session, subscriber_id: SubscriberId) -> Iterable[Event]:
    return session.scalars(select(Event).where(Event.subscriber_id == subscriber_id).order_by(Event.id))


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None
