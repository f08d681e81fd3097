"""What a release would do: who would get it, who would not and why, and what the checker says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from mailer.base.tables import CampaignId
from mailer.campaigns.combinations import checked_masks, masks_of, readers_by_mask
from mailer.campaigns.issues import findings_in, read_revision
from mailer.campaigns.narrowing import narrowing
from mailer.campaigns.rows import row
from mailer.content import Finding
from mailer.rendering import Frame, check_letters
from subscribers import audience_ids, exclusions
from subscribers.filter_fields import Field
from subscribers.narrowing import EXCLUDED, OUTSIDE

_LEFT_OUT: Final = {OUTSIDE: "outside the segments", EXCLUDED: "excluded by a segment"}


@dataclass(frozen=True, slots=True)
class Plan:
    """The exact count, by audience (a person in two counts in both) and by combination; who is left out, and why."""

    count: int
    by_audience: Mapping[str, int]
    by_mask: Mapping[int, int]
    exclusions: Mapping[str, int]
    findings: tuple[Finding, ...]


def left_out(reason: str) -> str:
    """A reason of a plan's exclusions in words."""
    return _LEFT_OUT.get(reason, reason)


def plan(
    session: Session,
    campaign_id: CampaignId,
    *,
    now: datetime,
    frame: Frame | None = None,
    formula_cache: Path | None = None,
    more: Mapping[str, Field] | None = None,
) -> Plan:
    """What would happen if the campaign were released now.

    Args:
        frame: what the letters would be made with; with it they are compiled and checked as a release does.
        more: fields of filters that other parts lend, such as engagement.

    Raises:
        NotFound: there is no such campaign.
        NotAllowed: one of its audiences or segments is gone.
        WrongInput: the filter of a segment cannot be understood (any more).
    """
    campaign = row(session, campaign_id)
    ids = audience_ids(session, campaign.audiences)
    narrowed = narrowing(session, campaign, now=now, more=more)
    by_mask = readers_by_mask(session, campaign.audiences, now=now, narrowing=narrowed)
    combinations = masks_of(campaign.audiences)
    by_audience = {
        slug: sum(count for mask, count in by_mask.items() if slug in combinations[mask]) for slug in campaign.audiences
    }
    issue = read_revision(session, campaign.revision_id)
    findings = {*findings_in(session, issue, now=now, formula_cache=formula_cache)}
    if frame:
        readers = [combinations[mask] for mask in sorted(checked_masks(campaign.audiences, by_mask))]
        findings.update(check_letters(issue, campaign.audiences, frame, readers=readers, formula_cache=formula_cache))
    return Plan(
        count=sum(by_mask.values()),
        by_audience=by_audience,
        by_mask=by_mask,
        exclusions=exclusions(session, ids, now=now, narrowing=narrowed),
        findings=tuple(sorted(findings)),
    )
