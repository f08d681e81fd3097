"""Segments: saved filters over people, in a small language that becomes SQL.

    status = subscribed and (audience = academic or audience = industry) and not tag = press
    created >= 2026-01-01 and attributes.country in (DE, AT, CH) and name contains "von "
    email ends with .ac.uk and attributes."Job title" is not empty and attributes.age > 30

Fields: `email name language zone status audience tag created updated consented` and `attributes.NAME`, by its declared type.
The stages above lend more: `mailed clicked opened bounced complained`, the last time of each (`mailer.feedback.engagement`).
`audience` means a live subscription, `consented` the time of the last agreement. Words without blanks need no quotes;
comparing texts minds no case; a time is a date, or `30 days ago`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mailer.base import audit
from mailer.base.errors import NotAllowed, NotFound, WrongInput
from subscribers.attributes import kinds
from subscribers.audiences import SLUG, audience_names
from subscribers.filter_fields import Field
from subscribers.filters import Known, attributes_named, condition
from subscribers.models import Segment
from subscribers.narrowing import Narrowing
from subscribers.people import count_people

RESERVED = "count"
"""`/api/v1/segments/count` counts a filter that is not saved: by OpenAPI no segment is to be had there."""


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """A segment as it is shown."""

    id: int
    slug: str
    name: str
    filter: str
    created_at: datetime


def add_segment(
    session: Session,
    slug: str,
    name: str,
    filter_text: str,
    *,
    now: datetime,
    actor: str,
    more: Mapping[str, Field] | None = None,
) -> None:
    """Save a filter under a name.

    Args:
        more: fields that other parts lend, such as engagement; the same are to be lent wherever it is used.

    Raises:
        WrongInput: the slug cannot be, or the filter cannot be understood: where and why.
        NotAllowed: there is one of this slug already.
    """
    if not SLUG.fullmatch(slug) or len(slug) > 64:
        raise WrongInput(f"{slug!r} cannot name a segment", do="use lower case letters, digits and hyphens")
    if slug == RESERVED:
        raise WrongInput(f"{slug!r} cannot name a segment: it names an address of the API", do="choose another slug")
    condition(filter_text, known=_known(session), now=now, more=more)
    segment = Segment(slug=slug, name=(name or slug)[:200], filter=filter_text, created_at=now)
    try:
        with session.begin_nested():
            session.add(segment)
    except IntegrityError as error:
        raise NotAllowed(f"there is a segment {slug} already", do="choose another slug") from error
    audit.note(session, actor=actor, deed="segment_added", subject=f"segment {segment.id}", now=now, detail=slug)


def list_segments(session: Session) -> tuple[SegmentRow, ...]:
    """All segments in the order of their making."""
    rows = session.scalars(select(Segment).order_by(Segment.id))
    return tuple(_row(row) for row in rows)


def find_segment(session: Session, slug: str, *, lock: bool = False) -> SegmentRow:
    """A segment; with `lock` nobody else changes it before this transaction ends.

    Raises:
        NotFound: there is no such segment.
    """
    return _row(_found(session, slug, lock=lock))


def edit_segment(
    session: Session,
    slug: str,
    *,
    name: str | None = None,
    filter_text: str | None = None,
    now: datetime,
    actor: str,
    more: Mapping[str, Field] | None = None,
) -> None:
    """Change what is given; the rest stays.

    Raises:
        NotFound: there is no such segment.
        WrongInput: the filter cannot be understood: where and why.
    """
    segment = _found(session, slug, lock=True)
    if filter_text is not None:
        condition(filter_text, known=_known(session), now=now, more=more)
        segment.filter = filter_text
    if name is not None:
        segment.name = (name or slug)[:200]
    session.flush()
    audit.note(session, actor=actor, deed="segment_changed", subject=f"segment {segment.id}", now=now, detail=slug)


def delete_segment(session: Session, slug: str, *, now: datetime, actor: str) -> None:
    """Forget a filter; the people it finds stay as they are.

    Raises:
        NotFound: there is no such segment.
    """
    segment = _found(session, slug, lock=True)
    session.delete(segment)
    session.flush()
    audit.note(session, actor=actor, deed="segment_deleted", subject=f"segment {segment.id}", now=now, detail=slug)


def segment_condition(
    session: Session, slug: str, *, now: datetime, more: Mapping[str, Field] | None = None
) -> ColumnElement[bool]:
    """The SQL condition of a saved segment, over people.

    Raises:
        NotFound: there is no such segment.
    """
    segment = _found(session, slug)
    return condition(segment.filter, known=_known(session), now=now, more=more)


def count_segment(session: Session, filter_text: str, *, now: datetime, more: Mapping[str, Field] | None = None) -> int:
    """How many people a filter finds now.

    Raises:
        WrongInput: it cannot be understood: where and why.
    """
    where = condition(filter_text, known=_known(session), now=now, more=more)
    return count_people(session, where=where, now=now)


def filters_named(session: Session, slugs: Iterable[str], *, lock: bool = False) -> dict[str, str]:
    """The filters of segments that an order names, by slug in its order.

    Args:
        lock: nobody changes or deletes them before this transaction ends.

    Raises:
        NotAllowed: one is unknown; it is named, and what may have been meant.
    """
    wanted = tuple(dict.fromkeys(slugs))
    query = select(Segment.slug, Segment.filter).where(Segment.slug.in_(wanted)).order_by(Segment.id)
    known: dict[str, str] = (
        dict(session.execute(query.with_for_update(read=True) if lock else query).all()) if wanted else {}
    )
    for slug in wanted:
        if slug not in known:
            raise NotAllowed(f"there is no segment {slug!r}", do=_use_one_of(session, slug))
    return {slug: known[slug] for slug in wanted}


def narrowing(
    session: Session,
    *,
    only: Mapping[str, str],
    never: Mapping[str, str],
    now: datetime,
    more: Mapping[str, Field] | None = None,
) -> Narrowing:
    """What filters, by the slugs of their segments, leave over: those whom one of `only` finds, and none of `never`.

    Raises:
        WrongInput: one cannot be understood (any more); the place is `segment SLUG, filter:COLUMN`.
    """
    known = _known(session)

    def understood(slug: str, text: str) -> ColumnElement[bool]:
        try:
            return condition(text, known=known, now=now, more=more)
        except WrongInput as error:
            raise WrongInput(error.message, do=error.do, place=f"segment {slug}, {error.place}") from error

    return Narrowing(
        only=tuple(understood(slug, text) for slug, text in only.items()),
        never=tuple(understood(slug, text) for slug, text in never.items()),
    )


def kinds_named(session: Session, filters: Iterable[str]) -> dict[str, str]:
    """The types of the attributes that filters name; one that is not declared (any more) is left out."""
    named = set().union(*(attributes_named(text) for text in filters))
    return {name: kind for name, kind in kinds(session).items() if name in named} if named else {}


def _known(session: Session) -> Known:
    return Known(attributes=kinds(session), audiences=audience_names(session).keys())


def _found(session: Session, slug: str, *, lock: bool = False) -> Segment:
    query = select(Segment).where(Segment.slug == slug)
    segment = session.scalar(query.with_for_update() if lock else query)
    if segment is None:
        raise NotFound(f"there is no segment {slug!r}", do=_use_one_of(session, slug))
    return segment


def _use_one_of(session: Session, slug: str) -> str:
    known = [row.slug for row in list_segments(session)]
    near = get_close_matches(slug, known, n=1)
    listed = f"use one of {', '.join(known) or '(there is none yet)'}"
    return f"did you mean {near[0]}? {listed}" if near else listed


def _row(segment: Segment) -> SegmentRow:
    return SegmentRow(segment.id, segment.slug, segment.name, segment.filter, segment.created_at)
