"""The archive: the web edition of every campaign that has begun to leave."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from mailer.base.errors import NotFound
from mailer.base.tables import CampaignId
from mailer.campaigns.models import Campaign, IssueRevision
from mailer.campaigns.release import released_edition


@dataclass(frozen=True, slots=True)
class Published:
    """An entry of the archive; `summary` is a sentence of plain text, which may be missing."""

    campaign_id: CampaignId
    slug: str
    title: str
    summary: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Publication:
    """A published issue: its page and its calendar files, by name."""

    slug: str
    title: str
    published_at: datetime
    html: str
    calendars: dict[str, str]


def list_publications(session: Session) -> tuple[Published, ...]:
    """What is published, the newest first."""
    rows = session.execute(_published().order_by(Campaign.started_at.desc(), Campaign.id.desc())).all()
    return tuple(Published(row.id, row.slug, row.title, row.summary, row.started_at) for row in rows)


def publication(session: Session, slug: str) -> Publication:
    """One published issue.

    Raises:
        NotFound: nothing is published under this name.
    """
    row = session.execute(_published().where(Campaign.slug == slug)).one_or_none()
    if row is None:
        raise NotFound("there is no such issue in the archive", do="look at the list of issues")
    html, calendars = released_edition(session, row.id)
    return Publication(row.slug, row.title, row.started_at, html, calendars)


def _published() -> Select[CampaignId, str, str, str, datetime | None]:
    return (
        select(Campaign.id, Campaign.slug, Campaign.title, IssueRevision.summary, Campaign.started_at)
        .join(IssueRevision, IssueRevision.id == Campaign.revision_id)
        .where(Campaign.started_at.is_not(None))
    )
