"""A message that came back, acted upon: classified, traced to its delivery, recorded once."""

from datetime import datetime
from hashlib import sha256
from typing import Literal

from sqlalchemy.orm import Session

from mailer import campaigns, delivery
from mailer.base.errors import NotFound
from mailer.base.tables import CampaignId, SubscriberId
from mailer.base.tokens import Keys
from mailer.feedback.bounces import classify
from mailer.feedback.events import record, record_opt_out
from mailer.feedback.origins import Origin, leaver_of, origin_of
from mailer.feedback.verdicts import Action, Verdict
from subscribers import person_by_id, unsubscribe

Effect = Literal["recorded", "known", "not ours", "nothing"]

NO_COMPLAINTS = ("not-spam", "auth-failure", "dmarc", "dkim")
"""Reports that come in a complaint's form and are none: nobody objects to the mail (RFC 5965 §7.3, RFC 6591)."""


def apply_message(session: Session, message: bytes, *, keys: Keys, now: datetime) -> tuple[Verdict, Effect]:
    """Do what a message that came back asks for; doing it again with the same message changes nothing.

    A hard bounce and a complaint end the mail to the person, a soft bounce is counted, a wish to leave is followed for the
    audiences of that campaign. A message that proves no delivery of ours is told as `not ours` and changes nothing.
    """
    verdict = classify(message)
    if verdict.kind in ("none", "autoreply") or verdict.report in NO_COMPLAINTS:
        return verdict, "nothing"
    leaver = leaver_of(message, keys=keys) if verdict.kind == "unsubscribe" else None
    if leaver is not None:
        return verdict, _leave(session, *leaver, now=now)
    origin = origin_of(message, verdict, keys=keys)
    if origin is None:
        return verdict, "not ours"
    subscriber_id = _subscriber_of(session, origin)
    if verdict.kind == "unsubscribe":
        return verdict, _leave(session, subscriber_id, origin.campaign_id, now=now)
    action = _action(session, verdict, subscriber_id, now=now)
    kind = (
        "complained"
        if verdict.kind == "complaint"
        else {"hard": "bounced", "soft": "deferred", "none": "deferred"}[action]
    )
    is_new = record(
        session,
        kind,
        source_key=f"message:{sha256(message).hexdigest()}",
        now=now,
        campaign_id=_known(session, origin.campaign_id),
        subscriber_id=subscriber_id,
        number=origin.number,
        detail=_detail(verdict),
    )
    return verdict, "recorded" if is_new else "known"


def _subscriber_of(session: Session, origin: Origin) -> SubscriberId | None:
    """Who got that delivery; None once they were erased."""
    rows = delivery.recipients_page(session, origin.campaign_id, after=origin.number - 1, limit=1)
    return rows[0].subscriber_id if rows and rows[0].number == origin.number else None


def _known(session: Session, campaign_id: CampaignId) -> CampaignId | None:
    """The campaign, unless it was deleted since."""
    try:
        return campaigns.row(session, campaign_id).id
    except NotFound:
        return None


def _leave(session: Session, subscriber_id: SubscriberId | None, named: CampaignId, *, now: datetime) -> Effect:
    """Leave the audiences of the campaign, or everything where it is gone; nobody leaves by a test copy, or once erased."""
    if subscriber_id is None or person_by_id(session, subscriber_id, now=now) is None:
        return "nothing"
    campaign_id = _known(session, named)
    slugs = campaigns.row(session, campaign_id).audiences if campaign_id is not None else None
    left = unsubscribe(session, subscriber_id, audience_slugs=slugs, now=now, source="mailto")
    if left and campaign_id is not None:
        record_opt_out(session, campaign_id, subscriber_id, now=now)
    return "recorded" if left else "known"


def _action(session: Session, verdict: Verdict, subscriber_id: SubscriberId | None, *, now: datetime) -> Action:
    """What a bounce means for the person: their own address's fate; of the addresses behind it, only all together count."""
    person = person_by_id(session, subscriber_id, now=now) if subscriber_id is not None else None
    for recipient in verdict.recipients:
        if person is not None and person.email.lower() in (recipient.address.lower(), recipient.original.lower()):
            return recipient.action
    actions = {recipient.action for recipient in verdict.recipients}
    return "hard" if actions == {"hard"} else "soft"


def _detail(verdict: Verdict) -> str:
    """Why, without any address: an erased person must leave no trace here."""
    words = [verdict.report] if verdict.report else []
    words += [word for recipient in verdict.recipients[:1] for word in (recipient.status, recipient.reason) if word]
    return " ".join(dict.fromkeys(words))
