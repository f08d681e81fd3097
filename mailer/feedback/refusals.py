"""A recipient whom the relay itself refused, while we were speaking to it: the same as a bounce that comes later."""

from datetime import datetime

from sqlalchemy.orm import Session

from mailer.base.tables import CampaignId
from mailer.delivery import Refused, reason_of
from mailer.delivery.ledger import Recipient
from mailer.feedback.events import record
from mailer.feedback.reasons import judge


def note_refusal(
    session: Session, campaign_id: CampaignId, recipient: Recipient, refused: Refused, now: datetime
) -> None:
    """End the mail to an address that does not exist; what may change, or is not the recipient's fault, changes nothing."""
    judgement = judge(reason_of(refused), status=refused.enhanced)
    if judgement.action != "hard":
        return
    record(
        session,
        "bounced",
        source_key=f"refused:{campaign_id}:{recipient.number}",
        now=now,
        campaign_id=campaign_id,
        subscriber_id=recipient.subscriber_id,
        number=recipient.number,
        detail=" ".join(dict.fromkeys(word for word in ("refused", judgement.status, judgement.reason) if word)),
    )
