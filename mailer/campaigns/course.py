"""The course of a released campaign: due, frozen, sent; moved by the sweep and by the delivery, never by a person."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailer.base import audit
from mailer.base.hints import wake
from mailer.base.tables import CampaignId, move
from mailer.campaigns.decisions import hold
from mailer.campaigns.models import Campaign
from mailer.campaigns.rows import CampaignRow
from mailer.campaigns.states import AT_WORK, MOVES

ACTOR = "sweep"


def due(session: Session, *, now: datetime, grace: timedelta) -> None:
    """Begin what is due; what missed its time by more than `grace` waits for a decision instead of going out at night."""
    query = select(Campaign.id, Campaign.scheduled_at).where(
        Campaign.state == "scheduled", Campaign.scheduled_at <= now
    )
    for campaign_id, scheduled_at in session.execute(query).all():
        if scheduled_at is not None and scheduled_at < now - grace:
            detail = f"its time was {scheduled_at.isoformat()}, and nothing was running then"
            hold(session, campaign_id, now=now, actor=ACTOR, reason="missed", detail=detail)
        elif move(session, Campaign, campaign_id, MOVES["prepare"], "preparing", started_at=now):
            _note(session, campaign_id, "campaign_started", now)
            wake(session, "prepare", campaign_id)


def advance_enlisting(session: Session, campaign: CampaignRow, *, after: int) -> bool:
    """Move the mark up to which the list is frozen, by compare-and-set; False where it is not as it was read any more.

    Another has moved it, or it was recalled; if it is being prepared again, then for another time, and maybe for others.
    """
    before = campaign.enlisted_to
    statement = (
        update(Campaign)
        .where(
            Campaign.id == campaign.id,
            Campaign.state == "preparing",
            Campaign.started_at == campaign.started_at,
            Campaign.enlisted_to.is_(None) if before is None else Campaign.enlisted_to == before,
        )
        .values(enlisted_to=after)
        .returning(Campaign.id)
    )
    return session.execute(statement).scalar_one_or_none() is not None


def finish_enlisting(session: Session, campaign_id: CampaignId, *, now: datetime) -> bool:
    """The list is frozen whole: preparing → sending; False where it was paused or cancelled meanwhile."""
    done = move(session, Campaign, campaign_id, MOVES["send"], "sending", is_enlisted=True)
    if done:
        _note(session, campaign_id, "campaign_enlisted", now)
        wake(session, "sweep", 0)
    return done


def note_trouble(session: Session, campaign_id: CampaignId, *, detail: str) -> None:
    """Show what holds a campaign up while it is at work, such as a relay that does not answer; empty when it is over."""
    there = (Campaign.id == campaign_id, Campaign.state.in_(AT_WORK), Campaign.detail != detail)
    session.execute(update(Campaign).where(*there).values(detail=detail))


def keep_key(session: Session, campaign_id: CampaignId, key_id: int) -> int:
    """Make this the key of the campaign's Message-IDs where it has none yet; gives the one that it has."""
    session.execute(update(Campaign).where(Campaign.id == campaign_id, Campaign.key_id.is_(None)).values(key_id=key_id))
    return session.execute(select(Campaign.key_id).where(Campaign.id == campaign_id)).scalar_one() or 0


def begin_judging(session: Session, campaign_id: CampaignId, *, until: datetime) -> None:
    """The first wave is out: it is judged at `until`."""
    there = (Campaign.id == campaign_id, Campaign.state.in_(AT_WORK), Campaign.canary_until.is_(None))
    session.execute(update(Campaign).where(*there).values(canary_until=until))


def end_canary(session: Session, campaign_id: CampaignId, *, now: datetime, detail: str) -> None:
    """The first wave went well: the rest may leave."""
    there = (Campaign.id == campaign_id, Campaign.state.in_(AT_WORK), Campaign.canary > 0)
    ended = update(Campaign).where(*there).values(canary=0, canary_until=None, detail="").returning(Campaign.id)
    if session.execute(ended).scalar_one_or_none() is not None:
        subject = f"campaign {campaign_id}"
        audit.note(session, actor=ACTOR, deed="first_wave_passed", subject=subject, now=now, detail=detail)
        wake(session, "sweep", 0)


def mark_sent(session: Session, campaign_id: CampaignId, *, now: datetime) -> bool:
    """Every recipient has an outcome: sending → sent."""
    done = move(session, Campaign, campaign_id, MOVES["finish"], "sent", finished_at=now)
    if done:
        _note(session, campaign_id, "campaign_sent", now)
    return done


def _note(session: Session, campaign_id: CampaignId, deed: str, now: datetime) -> None:
    audit.note(session, actor=ACTOR, deed=deed, subject=f"campaign {campaign_id}", now=now)
