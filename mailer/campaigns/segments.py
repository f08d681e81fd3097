"""Changes of segments, as campaigns bear them: a release that named another filter is asked anew, and a use keeps from deletion."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, or_, update
from sqlalchemy.orm import Session

from mailer.base import audit
from mailer.base.errors import NotAllowed
from mailer.campaigns.models import Campaign
from mailer.campaigns.rows import CampaignRow, not_over
from subscribers import segments
from subscribers.filter_fields import Field


def uses_of_segments(session: Session) -> Mapping[str, Sequence[CampaignRow]]:
    """The campaigns that are not over by the segments that they name, the newest first."""
    found: dict[str, list[CampaignRow]] = {}
    for row in not_over(session):
        for slug in (*row.segments, *row.excluded):
            found.setdefault(slug, []).append(row)
    return found


def edit_segment(
    session: Session,
    slug: str,
    *,
    name: str | None = None,
    filter_text: str | None = None,
    now: datetime,
    actor: str,
    more: Mapping[str, Field] | None = None,
) -> tuple[CampaignRow, ...]:
    """Change a segment; gives the campaigns that wait for a decision because their release named another filter.

    What is at work already goes on as it was approved.

    Raises:
        NotFound: there is no such segment.
        WrongInput: the filter cannot be understood: where and why.
    """
    segments.edit_segment(session, slug, name=name, filter_text=filter_text, now=now, actor=actor, more=more)
    if filter_text is None:
        return ()
    released = [row for row in uses_of_segments(session).get(slug, ()) if row.filters.get(slug) != filter_text]
    return tuple(row for row in released if _ask_anew(session, row, slug, now=now, actor=actor))


def delete_segment(session: Session, slug: str, *, now: datetime, actor: str) -> None:
    """Forget a filter; the people it finds stay as they are.

    Raises:
        NotFound: there is no such segment.
        NotAllowed: a campaign that is not over names it.
    """
    segments.delete_segment(session, slug, now=now, actor=actor)
    using = uses_of_segments(session).get(slug)
    if using:
        raise NotAllowed(
            f"the campaign {using[0].slug} ({using[0].state}) uses the segment {slug}",
            do="cancel that campaign first, or let it end",
        )


def _ask_anew(session: Session, row: CampaignRow, slug: str, *, now: datetime, actor: str) -> bool:
    """Hold a release that has not begun; False where there is none, or it has begun meanwhile."""
    is_waiting = or_(
        Campaign.state == "scheduled", and_(Campaign.state == "paused", Campaign.resumes_to == "scheduled")
    )
    detail = f"the segment {slug} is no longer what was approved: resume to go by what was, or recall and release anew"
    hold = update(Campaign).where(Campaign.id == row.id, is_waiting)
    held = hold.values(state="paused", resumes_to="scheduled", reason="segment", detail=detail).returning(Campaign.id)
    if session.execute(held).scalar_one_or_none() is None:
        return False
    subject = f"campaign {row.id}"
    audit.note(session, actor=actor, deed="campaign_paused", subject=subject, now=now, detail=f"segment {slug}")
    return True
