"""Campaigns before their release: made, changed and thrown away."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from mailer.base import audit
from mailer.base.errors import NotAllowed, WrongInput
from mailer.base.tables import CampaignId, RevisionId, move
from mailer.campaigns.issues import issue_of_revision
from mailer.campaigns.models import Campaign
from mailer.campaigns.narrowing import chosen
from mailer.campaigns.rows import CampaignRow, row
from mailer.campaigns.states import MOVES
from subscribers import audience_ids

UNCERTAIN_RULES = ("resend", "leave")
MOST_AUDIENCES = 6
"""Every combination of a campaign's audiences is a letter of its own: six make 63."""


def create(
    session: Session,
    revision_id: RevisionId,
    *,
    audiences: Sequence[str],
    wanted: Sequence[str] = (),
    excluded: Sequence[str] = (),
    uncertain_rule: str = "resend",
    now: datetime,
    actor: str,
) -> CampaignId:
    """Make a draft that sends this revision of an issue to these audiences.

    Args:
        wanted: segments; only whom at least one of them finds gets it.
        excluded: segments; nobody whom one of them finds gets it.
        uncertain_rule: what becomes of those whose answer was lost: `resend` or `leave` them.

    Raises:
        NotFound: the revision does not exist.
        WrongInput: no audience, or too many, or too many segments, or there is no such rule.
        NotAllowed: an audience or a segment does not exist.
    """
    aim = _aim(session, audiences, wanted, excluded, uncertain_rule)
    revision, _ = issue_of_revision(session, revision_id)
    slug = _free_slug(session, revision.slug)
    campaign = Campaign(slug=slug, title=revision.title, revision_id=revision_id, created_at=now, **aim)
    session.add(campaign)
    session.flush()
    audit.note(session, actor=actor, deed="campaign_created", subject=f"campaign {campaign.id}", now=now)
    return campaign.id


def change(
    session: Session,
    draft: CampaignRow,
    *,
    revision_id: RevisionId | None = None,
    audiences: Sequence[str] | None = None,
    wanted: Sequence[str] | None = None,
    excluded: Sequence[str] | None = None,
    uncertain_rule: str | None = None,
    now: datetime,
    actor: str,
) -> None:
    """Change a draft: what `create` is told; what is not given stays. Another issue gives it another slug.

    Raises:
        NotFound: the revision does not exist.
        WrongInput: no audience, or too many, or too many segments, or there is no such rule.
        NotAllowed: it is no draft (any more), or an audience or a segment does not exist.
    """
    aim = _aim(
        session,
        draft.audiences if audiences is None else audiences,
        draft.segments if wanted is None else wanted,
        draft.excluded if excluded is None else excluded,
        draft.uncertain_rule if uncertain_rule is None else uncertain_rule,
    )
    if revision_id is not None:
        before, _ = issue_of_revision(session, draft.revision_id)
        revision, _ = issue_of_revision(session, revision_id)
        aim |= {"revision_id": revision_id, "title": revision.title}
        if revision.slug != before.slug:
            aim["slug"] = _free_slug(session, revision.slug)
    if not move(session, Campaign, draft.id, MOVES["change"], "draft", **aim):
        state = row(session, draft.id).state
        raise NotAllowed(f"campaign {draft.id} is {state}: it cannot be changed", do="recall it first, if it can be")
    audit.note(session, actor=actor, deed="campaign_changed", subject=f"campaign {draft.id}", now=now)


def discard(session: Session, campaign_id: CampaignId, *, now: datetime, actor: str) -> None:
    """Throw a draft away as if it had never been; anything else is left as it is."""
    gone = delete(Campaign).where(Campaign.id == campaign_id, Campaign.state == "draft").returning(Campaign.id)
    if session.execute(gone).scalar_one_or_none() is not None:
        audit.note(session, actor=actor, deed="campaign_discarded", subject=f"campaign {campaign_id}", now=now)


def _aim(
    session: Session, audiences: Sequence[str], wanted: Sequence[str], excluded: Sequence[str], uncertain_rule: str
) -> dict[str, Any]:
    """To whom a draft goes and how, as it stands in its row."""
    if uncertain_rule not in UNCERTAIN_RULES:
        raise WrongInput(
            f"{uncertain_rule!r} is no rule for uncertain deliveries", do=f"use {' or '.join(UNCERTAIN_RULES)}"
        )
    slugs = list(dict.fromkeys(audiences))
    if not 1 <= len(slugs) <= MOST_AUDIENCES:
        raise WrongInput(f"{len(slugs)} audiences were named", do=f"name between 1 and {MOST_AUDIENCES}")
    audience_ids(session, slugs)
    by_segments = chosen(session, wanted, excluded)
    return {
        "audiences": slugs,
        "segments": by_segments.wanted,
        "excluded": by_segments.excluded,
        "filters": by_segments.filters,
        "uncertain_rule": uncertain_rule,
    }


def _free_slug(session: Session, wanted: str) -> str:
    taken = set(session.scalars(select(Campaign.slug).where(Campaign.slug.startswith(wanted, autoescape=True))))
    number, slug = 1, wanted
    while slug in taken:
        number += 1
        slug = f"{wanted}-{number}"
    return slug
