"""The segments of a campaign: to whom of its audiences alone it goes, and to whom of them it does not.

While it is a draft its segments are asked as they are. A release keeps the text of their filters with the campaign, and its
hash covers them: what was approved is what the list is frozen by, whatever becomes of the segments meanwhile.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from mailer.base.errors import WrongInput
from mailer.campaigns.rows import CampaignRow
from subscribers import segments
from subscribers.filter_fields import Field
from subscribers.narrowing import EVERYBODY, Narrowing

MOST_SEGMENTS = 20
"""Each is a condition that is asked of every recipient."""


def narrowing(
    session: Session, row: CampaignRow, *, now: datetime, more: Mapping[str, Field] | None = None
) -> Narrowing:
    """Whom the segments of a campaign leave over: of a draft as they are now, else by what was approved.

    Args:
        now: what `30 days ago` counts from.
        more: fields that other parts lend, such as engagement.

    Raises:
        NotAllowed: a draft names a segment that is gone.
        WrongInput: a filter cannot be understood (any more).
    """
    if not row.segments and not row.excluded:
        return EVERYBODY
    filters = filters_of(session, row)
    return segments.narrowing(
        session,
        only={slug: filters[slug] for slug in row.segments},
        never={slug: filters[slug] for slug in row.excluded},
        now=now,
        more=more,
    )


def filters_of(session: Session, row: CampaignRow) -> Mapping[str, str]:
    """The filters of a campaign's segments by slug: of a draft as they are now, else as they were approved.

    Raises:
        NotAllowed: a draft names a segment that is gone.
    """
    named = (*row.segments, *row.excluded)
    return segments.filters_named(session, named) if row.state == "draft" else row.filters


@dataclass(frozen=True, slots=True)
class Chosen:
    """The slugs of segments on both sides, each once, and the filters of all by slug."""

    wanted: list[str]
    excluded: list[str]
    filters: dict[str, str]


def chosen(session: Session, wanted: Iterable[str], excluded: Iterable[str]) -> Chosen:
    """The segments that an order names; they stay until the transaction ends.

    Raises:
        WrongInput: there are too many, or one is both asked for and excluded.
        NotAllowed: one is unknown.
    """
    only, never = list(dict.fromkeys(wanted)), list(dict.fromkeys(excluded))
    if len(only) + len(never) > MOST_SEGMENTS:
        raise WrongInput(f"{len(only) + len(never)} segments were named", do=f"name at most {MOST_SEGMENTS}")
    for slug in only:
        if slug in never:
            raise WrongInput(f"the segment {slug} is both asked for and excluded", do="decide for one of the two")
    return Chosen(only, never, segments.filters_named(session, [*only, *never], lock=True))


def to_approve(session: Session, row: CampaignRow) -> Mapping[str, str]:
    """The filters of a draft's segments as a release keeps them; nobody changes them before the transaction ends.

    Raises:
        NotAllowed: one is gone.
    """
    return segments.filters_named(session, (*row.segments, *row.excluded), lock=True)


def approved(
    session: Session, wanted: Sequence[str], excluded: Sequence[str], filters: Mapping[str, str]
) -> list[object]:
    """What a release's hash covers of segments: their filters, and how the attributes in them are read now.

    A type is part of what a filter says: a `1` that somebody has is `= yes` where yes or no is asked, and not where it is text.
    """
    kinds = segments.kinds_named(session, filters.values())
    return [list(wanted), list(excluded), sorted(filters.items()), sorted(kinds.items())]
