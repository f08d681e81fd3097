"""The canary: a small first wave, whose bounces and complaints can stop the rest."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer import campaigns, delivery
from mailer.campaigns import CampaignRow
from mailer.feedback.models import Event

ACTOR = "sweep"
FEWEST_BOUNCES = 2
"""One address that does not exist says nothing of the others."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a first wave is judged by.

    `wait` is how long after its last message; `bounces` and `complaints` are the parts of it that are borne.
    """

    wait: timedelta
    bounces: float
    complaints: float


def watch_first_waves(session: Session, limits: Limits, *, now: datetime) -> None:
    """Judge the first waves of the campaigns at work: stop the rest, let it go, or wait."""
    for campaign in campaigns.working(session):
        if campaign.canary and campaign.is_enlisted:
            _watch(session, campaign, limits, now)


def _watch(session: Session, campaign: CampaignRow, limits: Limits, now: datetime) -> None:
    wave = delivery.progress(session, campaign.id, up_to=campaign.canary)
    if wave.total < campaign.canary or delivery.progress(session, campaign.id).total == campaign.canary:
        return  # there is no rest
    bounced = wave.failed + _events(session, campaign, "bounced")
    complained = _events(session, campaign, "complained")
    fault = too_many(bounced, complained, of=wave.total - wave.skipped, limits=limits)
    if fault:
        campaigns.hold(session, campaign.id, now=now, actor=ACTOR, reason="canary", detail=fault)
    elif wave.pending + wave.sending + wave.uncertain:
        return
    elif campaign.canary_until is None:
        until = now + limits.wait
        campaigns.begin_judging(session, campaign.id, until=until)
        detail = f"the first wave of {wave.total:,} is out; the rest leaves at {until:%H:%M} UTC if it goes well"
        campaigns.note_trouble(session, campaign.id, detail=detail)
    elif campaign.canary_until <= now:
        detail = f"{wave.accepted:,} accepted, {bounced} bounced, {complained} complained"
        campaigns.end_canary(session, campaign.id, now=now, detail=detail)


def too_many(bounced: int, complained: int, *, of: int, limits: Limits) -> str:
    """Why the rest should not leave; empty where it may."""
    if bounced >= FEWEST_BOUNCES and bounced > limits.bounces * of:
        return f"{bounced} of {of} in the first wave bounced, more than {limits.bounces:.3g} of them"
    if complained > limits.complaints * of:
        return f"{complained} of {of} in the first wave complained, more than {limits.complaints:.3g} of them"
    return ""


def _events(session: Session, campaign: CampaignRow, kind: str) -> int:
    """How many of the wave it happened to after the relay had taken their message: who was refused, the ledger counts."""
    query = select(func.count(Event.number.distinct())).where(
        Event.campaign_id == campaign.id,
        Event.kind == kind,
        Event.number <= campaign.canary,
        ~Event.source_key.startswith("refused:"),
    )
    return session.scalar(query) or 0
