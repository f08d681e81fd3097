"""What is decided about a campaign: each decision is one compare-and-set, one line in the audit log, and a hint."""

from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from mailer.base import audit
from mailer.base.errors import NotAllowed
from mailer.base.hints import wake
from mailer.base.tables import CampaignId, move
from mailer.campaigns.issues import findings_in, read_revision
from mailer.campaigns.models import Campaign, IssueRevision
from mailer.campaigns.narrowing import narrowing, to_approve
from mailer.campaigns.release import release, require_checked
from mailer.campaigns.rows import CampaignRow, row
from mailer.campaigns.states import MOVES, NOT_LEFT
from mailer.campaigns.when import leaving_at
from mailer.content import as_sent_at
from mailer.rendering import Frame
from subscribers.filter_fields import Field

_DEEDS: Final = {"pause": "paused", "resume": "resumed", "cancel": "cancelled", "recall": "recalled"}


class Decision(Protocol):
    """What is decided about a campaign that was released, or about a draft: `pause`, `resume`, `cancel`, `recall`."""

    def __call__(self, session: Session, campaign_id: CampaignId, *, now: datetime, actor: str) -> None:
        """Do it."""


def schedule(
    session: Session,
    campaign_id: CampaignId,
    *,
    send_at: datetime,
    zone: str,
    now: datetime,
    actor: str,
    frame: Frame,
    accept_warnings: bool | Collection[str],
    formula_cache: Path | None = None,
    canary: int = 0,
    more: Mapping[str, Field] | None = None,
) -> str:
    """Release a draft for a time; gives the hash that names what was approved.

    Args:
        canary: the size of a first wave that the rest waits for; 0 is none.
        accept_warnings: True accepts every warning, else the codes of those that were accepted.
        more: fields of filters that other parts lend, such as engagement.

    Raises:
        WrongInput: the checker found an error, in the issue or in a letter of it; the first one is told. Or the filter of a
            segment cannot be understood.
        NotAllowed: it is no draft or is changed just now, the time is past, a warning was not accepted, or a segment is gone.
    """
    send_at = leaving_at(send_at, now=now)
    campaign = row(session, campaign_id)
    issue = as_sent_at(read_revision(session, campaign.revision_id), send_at)
    require_checked(findings_in(session, issue, now=now, formula_cache=formula_cache), accept_warnings)
    # The state first: of two who release at once, the second waits here and is then refused, before any rendering.
    values = {"scheduled_at": send_at, "zone": zone, "canary": canary, "canary_until": None, "despite_refusals": False}
    _move(session, campaign_id, "schedule", "scheduled", filters=to_approve(session, campaign), **values)
    if row(session, campaign_id).aim != campaign.aim:  # nobody can change it any more
        raise NotAllowed(f"campaign {campaign_id} was changed meanwhile", do="look it over again")
    digest = release(
        session,
        campaign,
        issue,
        frame=frame,
        accept_warnings=accept_warnings,
        formula_cache=formula_cache,
        now=now,
        narrowing=narrowing(session, campaign, now=now, more=more),
    )
    session.execute(update(Campaign).where(Campaign.id == campaign_id).values(release_hash=digest))
    subject, detail = f"campaign {campaign_id}", f"{send_at.isoformat()} {zone} release {digest}"
    audit.note(session, actor=actor, deed="campaign_scheduled", subject=subject, now=now, detail=detail)
    wake(session, "sweep", 0)
    return digest


def recall(session: Session, campaign_id: CampaignId, *, now: datetime, actor: str) -> None:
    """Take a release back into a draft, before anybody is enlisted.

    Raises:
        NotAllowed: whoever prepares it was quicker, or it is neither scheduled nor preparing, nor paused from there.
    """
    not_left = or_(Campaign.state.in_(NOT_LEFT), Campaign.resumes_to.in_(NOT_LEFT))
    there = (Campaign.id == campaign_id, not_left, Campaign.enlisted_to.is_(None))
    session.execute(update(Campaign).where(*there).values(state="scheduled", resumes_to="", reason="", detail=""))
    undone = {"scheduled_at": None, "started_at": None, "release_hash": ""}
    _decide(session, campaign_id, "recall", "draft", now=now, actor=actor, **undone)


def pause(
    session: Session, campaign_id: CampaignId, *, now: datetime, actor: str, reason: str = "manager", detail: str = ""
) -> None:
    """Hold a campaign; what is in flight is finished, nothing new is begun.

    Args:
        reason: `manager`, `missed`, `changed`, `segment`, `letter`, `relay`, `canary`, `restored`: why it waits for a decision.

    Raises:
        NotAllowed: it is not on its way.
    """
    _decide(
        session,
        campaign_id,
        "pause",
        "paused",
        now=now,
        actor=actor,
        resumes_to=Campaign.state,
        reason=reason,
        detail=detail,
    )


def hold(session: Session, campaign_id: CampaignId, *, now: datetime, actor: str, reason: str, detail: str) -> bool:
    """Pause a campaign for a decision, unless somebody has just taken one: False where it is not on its way any more."""
    try:
        pause(session, campaign_id, now=now, actor=actor, reason=reason, detail=detail)
    except NotAllowed:
        return False
    return True


def hold_all(session: Session, *, now: datetime, actor: str, reason: str, detail: str) -> tuple[str, ...]:
    """Hold every campaign that is on its way; their slugs, the oldest first."""
    on_their_way = select(Campaign.id, Campaign.slug).where(Campaign.state.in_(MOVES["pause"])).order_by(Campaign.id)
    found = session.execute(on_their_way).all()
    for campaign_id, _ in found:
        hold(session, campaign_id, now=now, actor=actor, reason=reason, detail=detail)
    return tuple(slug for _, slug in found)


def resume(
    session: Session, campaign_id: CampaignId, *, now: datetime, actor: str, despite_refusals: bool = False
) -> None:
    """Let a paused campaign go on where it was; whose time has come meanwhile leaves now.

    Args:
        despite_refusals: whom the relay refuses is taken to be refused rightly from now on, however many in a row.

    Raises:
        NotAllowed: it is not paused.
    """
    campaign = row(session, campaign_id)
    waited = campaign.resumes_to == "scheduled" and campaign.scheduled_at is not None and campaign.scheduled_at <= now
    after = "preparing" if waited else campaign.resumes_to
    started: dict[str, Any] = {"started_at": now} if waited else {}
    if campaign.reason == "canary":  # whoever has seen why the rest was stopped lets all of it go
        started |= {"canary": 0, "canary_until": None}
    if despite_refusals:
        started |= {"despite_refusals": True}
    _decide(session, campaign_id, "resume", after, now=now, actor=actor, reason="", detail="", resumes_to="", **started)
    if after == "preparing":
        wake(session, "prepare", campaign_id)
    wake(session, "sweep", 0)


def cancel(session: Session, campaign_id: CampaignId, *, now: datetime, actor: str) -> None:
    """End a campaign for good: whoever has not got it will not.

    Raises:
        NotAllowed: it is over.
    """
    _decide(session, campaign_id, "cancel", "cancelled", now=now, actor=actor, finished_at=now, resumes_to="")
    wake(session, "sweep", 0)


def note_test(session: Session, tested: CampaignRow, *, now: datetime, actor: str) -> None:
    """Write down that a test copy of the campaign as it was then was sent."""
    digest = session.scalar(select(IssueRevision.digest).where(IssueRevision.id == tested.revision_id))
    session.execute(update(Campaign).where(Campaign.id == tested.id).values(tested_digest=digest))
    audit.note(session, actor=actor, deed="test_copy_sent", subject=f"campaign {tested.id}", now=now)


def _decide(
    session: Session,
    campaign_id: CampaignId,
    decision: str,
    after: str,
    *,
    now: datetime,
    actor: str,
    **values: Any,
) -> None:
    _move(session, campaign_id, decision, after, **values)
    detail = " ".join(str(values[key]) for key in ("reason", "detail") if values.get(key))
    detail = detail or ("despite refusals" if "despite_refusals" in values else "")
    subject = f"campaign {campaign_id}"
    audit.note(session, actor=actor, deed=f"campaign_{_DEEDS[decision]}", subject=subject, now=now, detail=detail)


def _move(session: Session, campaign_id: CampaignId, decision: str, after: str, **values: Any) -> None:
    """Raises NotAllowed where the state forbids the decision, NotFound where there is no such campaign."""
    if not move(session, Campaign, campaign_id, MOVES[decision], after, **values):
        state = row(session, campaign_id).state
        raise NotAllowed(f"campaign {campaign_id} is {state}: it cannot {decision}", do="reload and look again")
