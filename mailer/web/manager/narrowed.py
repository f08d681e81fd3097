"""What narrows a campaign, as its pages show it."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from mailer import campaigns
from mailer.campaigns import CampaignRow
from subscribers import segments


@dataclass(frozen=True, slots=True)
class Shown:
    """A segment of a campaign; `filter` is what the campaign asks, which after a release is what was approved."""

    slug: str
    name: str
    filter: str


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The segments that are asked for, and those excluded."""

    only: tuple[Shown, ...]
    never: tuple[Shown, ...]


def narrowed(session: Session, row: CampaignRow) -> Narrowed:
    """The segments of a campaign, with their names."""
    filters = campaigns.filters_of(session, row)
    names = {saved.slug: saved.name for saved in segments.list_segments(session)} if filters else {}

    def shown(slug: str) -> Shown:
        return Shown(slug, names.get(slug, slug), filters[slug])

    return Narrowed(tuple(map(shown, row.segments)), tuple(map(shown, row.excluded)))
