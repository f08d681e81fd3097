"""Campaigns as the faces and the delivery see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, func, or_, select
from sqlalchemy.orm import Session

from mailer.base.errors import NotFound
from mailer.base.tables import CampaignId, RevisionId
from mailer.campaigns.models import Campaign, IssueRevision
from mailer.campaigns.states import AT_WORK, NOT_LEFT, OVER


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A campaign; `is_tested` says that a test copy of this very revision was sent. `filters` of a draft are of its making."""

    id: CampaignId
    slug: str
    title: str
    revision_id: RevisionId
    audiences: tuple[str, ...]
    segments: tuple[str, ...]
    excluded: tuple[str, ...]
    filters: Mapping[str, str]
    state: str
    reason: str
    detail: str
    resumes_to: str
    scheduled_at: datetime | None
    zone: str
    release_hash: str
    uncertain_rule: str
    is_tested: bool
    enlisted_to: int | None
    is_enlisted: bool
    key_id: int | None
    canary: int
    canary_until: datetime | None
    despite_refusals: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def aim(self) -> str:
        """What it sends and to whom, in one word: another word where a draft was changed."""
        told = repr((self.revision_id, self.audiences, self.segments, self.excluded, self.uncertain_rule))
        return sha256(told.encode()).hexdigest()[:16]

    @property
    def is_at_work(self) -> bool:
        """Whether it is being prepared or sent."""
        return self.state in AT_WORK

    @property
    def is_over(self) -> bool:
        """Whether nothing of it will be sent any more."""
        return self.state in OVER

    @property
    def can_be_recalled(self) -> bool:
        """Whether it was released and nobody is enlisted."""
        return self.enlisted_to is None and (self.resumes_to or self.state) in NOT_LEFT

    def as_dict(self) -> dict[str, object]:
        """What scripts are told of it, by the command line and by the API."""
        return {
            "id": self.id,
            "slug": self.slug,
            "title": self.title,
            "state": self.state,
            "reason": self.reason,
            "detail": self.detail,
            "scheduled_at": self.scheduled_at,
            "zone": self.zone,
            "audiences": self.audiences,
            "segments": self.segments,
            "exclude": self.excluded,
            "release_hash": self.release_hash,
            "uncertain_rule": self.uncertain_rule,
            "canary": self.canary,
            "canary_until": self.canary_until,
            "despite_refusals": self.despite_refusals,
            "started_at": self.started_at,
            "finished_at": self.finished_at,
        }


_ALL: Final = (
    select(Campaign, IssueRevision.digest)
    .join(IssueRevision, IssueRevision.id == Campaign.revision_id)
    .order_by(Campaign.id.desc())
    .execution_options(populate_existing=True)
)
_BY_ID: Final = _ALL.where(Campaign.id == bindparam("campaign"))
"""Made once: it is asked for with every batch."""


def campaign(session: Session, name: str) -> CampaignRow:
    """The campaign with this id or slug.

    Raises:
        NotFound: there is none.
    """
    wanted = [Campaign.slug == name]
    if name.isdecimal() and len(name) < 19:
        wanted.append(Campaign.id == int(name))
    found = _rows(session, or_(*wanted))
    if not found:
        raise NotFound(f"there is no campaign {name!r}", do="`mailer campaign list` shows them")
    # A slug may be a number: the id goes first.
    return next((row for row in found if str(row.id) == name), found[0])


def row(session: Session, campaign_id: CampaignId) -> CampaignRow:
    """The campaign with this id.

    Raises:
        NotFound: there is none.
    """
    found = session.execute(_BY_ID, {"campaign": campaign_id}).one_or_none()
    if found is None:
        raise NotFound(f"there is no campaign {campaign_id}", do="`mailer campaign list` shows them")
    return _row(*found)


def list_campaigns(session: Session) -> tuple[CampaignRow, ...]:
    """All campaigns, the newest first."""
    return _rows(session)


def working(session: Session) -> tuple[CampaignRow, ...]:
    """The campaigns that are being prepared or sent."""
    return _rows(session, Campaign.state.in_(AT_WORK))


def not_over(session: Session) -> tuple[CampaignRow, ...]:
    """The campaigns that may still send, drafts too, the newest first."""
    return _rows(session, Campaign.state.not_in(OVER))


def over_before(session: Session, moment: datetime) -> tuple[CampaignId, ...]:
    """The campaigns that were over before a moment; one without a time of its end by that of its making."""
    ended = func.coalesce(Campaign.finished_at, Campaign.created_at)
    query = select(Campaign.id).where(Campaign.state.in_(OVER), ended < moment).order_by(Campaign.id)
    return tuple(session.scalars(query))


_LIVE: Final = select(Campaign.id).where(Campaign.id == bindparam("campaign"), Campaign.state.in_(AT_WORK))


def is_live(session: Session, campaign_id: CampaignId) -> bool:
    """Whether its messages may go out now."""
    return session.connection().scalar(_LIVE, {"campaign": campaign_id}) is not None


def may_go_out(campaign_id: ColumnElement[Any], up_to: ColumnElement[int]) -> ColumnElement[bool]:
    """True in SQL where a campaign's recipients up to this number may get it now: while a first wave is out, only those."""
    return (
        select(Campaign.id)
        .where(
            Campaign.id == campaign_id,
            Campaign.state.in_(AT_WORK),
            or_(Campaign.canary == 0, Campaign.canary >= up_to),
        )
        .exists()
    )


def _rows(session: Session, *conditions: object) -> tuple[CampaignRow, ...]:
    query = _ALL.where(*conditions)  # type: ignore[arg-type]
    return tuple(_row(found, digest) for found, digest in session.execute(query).all())


def _row(found: Campaign, digest: str) -> CampaignRow:
    return CampaignRow(
        id=found.id,
        slug=found.slug,
        title=found.title,
        revision_id=found.revision_id,
        audiences=tuple(found.audiences),
        segments=tuple(found.segments),
        excluded=tuple(found.excluded),
        filters=found.filters,
        state=found.state,
        reason=found.reason,
        detail=found.detail,
        resumes_to=found.resumes_to,
        scheduled_at=found.scheduled_at,
        zone=found.zone,
        release_hash=found.release_hash,
        uncertain_rule=found.uncertain_rule,
        is_tested=found.tested_digest == digest,
        enlisted_to=found.enlisted_to,
        is_enlisted=found.is_enlisted,
        key_id=found.key_id,
        canary=found.canary,
        canary_until=found.canary_until,
        despite_refusals=found.despite_refusals,
        created_at=found.created_at,
        started_at=found.started_at,
        finished_at=found.finished_at,
    )
