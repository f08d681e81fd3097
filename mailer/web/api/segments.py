"""/api/v1/segments: saved filters over people, checked when they are written and counted when they are asked."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from mailer import campaigns
from mailer.feedback.engagement import engagement
from mailer.web.api.access import Call, IfMatch, may, may_read, require_match, shown
from mailer.web.api.shapes import Cursor, Given, Id, Limit, Line, Listed, Listing, Slug, cursor_to, read_cursor
from subscribers import segments
from subscribers.segments import SegmentRow

router = APIRouter(tags=["segments"])
Reader = Annotated[Call, may_read("segments:read")]
Writer = Annotated[Call, may("segments:write")]
_STATUS = "status !?= (unconfirmed|subscribed|paused|unsubscribed|suppressed)"
Filter = Annotated[
    str,
    Field(
        min_length=1,
        max_length=4000,
        description="in the language of segments; the pattern names its simplest sentences only, all others are taken too",
        # No pattern can tell the whole language; what it cannot read is refused with its place.
        json_schema_extra={"pattern": f"^{_STATUS}( (and|or) {_STATUS}){{0,2}}$"},
    ),
]


class NewSegment(Given):
    """A filter to be saved under a name."""

    slug: Slug
    name: Line = ""
    filter: Filter


class SegmentChanges(Given):
    """What is to be different; what is not named stays. A slug stays: scripts and addresses name it."""

    name: Line | None = None
    filter: Filter | None = None


class Question(Given):
    """A filter that need not be saved."""

    filter: Filter


class Segment(BaseModel):
    """A saved filter."""

    slug: str
    name: str
    filter: str
    created_at: datetime

    @classmethod
    def of(cls, row: SegmentRow) -> Self:
        """A segment as it is shown."""
        return cls(slug=row.slug, name=row.name, filter=row.filter, created_at=row.created_at)


class Segments(Listed):
    """A page of segments, in the order of their making."""

    segments: list[Segment]


class PeopleFound(BaseModel):
    """How many people a filter finds now, whatever their state."""

    people: int = Field(ge=0)


@router.get("/segments")
def list_segments(call: Reader, cursor: Cursor = None, limit: Limit = 50) -> Segments:
    """A page of segments."""
    after = read_cursor(call.app.keys, Listing.SEGMENTS, cursor) or 0
    with call.app.database.read() as session:
        rows = [row for row in segments.list_segments(session) if row.id > after]
    last = rows[limit - 1].id if len(rows) > limit else None
    return Segments(
        segments=[Segment.of(row) for row in rows[:limit]], next_cursor=cursor_to(call.app.keys, Listing.SEGMENTS, last)
    )


@router.post("/segments", status_code=201, response_model=Segment)
def add_segment(body: NewSegment, call: Writer) -> Response:
    """Save a filter; one that cannot be understood is answered 422 with the place, such as `filter:12`."""

    def add(session: Session) -> Segment:
        segments.add_segment(
            session, body.slug, body.name, body.filter, now=call.now, actor=call.actor, more=engagement()
        )
        return Segment.of(segments.find_segment(session, body.slug))

    return call.once(add, status=201)


@router.post("/segments/count")
def count_filter(body: Question, call: Reader) -> PeopleFound:
    """How many people a filter would find; nothing is saved."""
    with call.app.database.read() as session:
        return PeopleFound(people=segments.count_segment(session, body.filter, now=call.now, more=engagement()))


@router.get("/segments/{slug}", response_model=Segment)
def show_segment(slug: Id, call: Reader) -> Response:
    """A segment."""
    with call.app.database.read() as session:
        return shown(Segment.of(segments.find_segment(session, slug)))


@router.get("/segments/{slug}/count")
def count_segment(slug: Id, call: Reader) -> PeopleFound:
    """How many people it finds now."""
    with call.app.database.read() as session:
        text = segments.find_segment(session, slug).filter
        return PeopleFound(people=segments.count_segment(session, text, now=call.now, more=engagement()))


@router.patch("/segments/{slug}", response_model=Segment)
def change_segment(slug: Id, body: SegmentChanges, call: Writer, if_match: IfMatch = None) -> Response:
    """Change what is given; with `If-Match` only where nobody did since it was read.

    A campaign that was released with another filter, and has not begun, is paused with the reason `segment`.
    """

    def change(session: Session) -> Segment:
        require_match(if_match, Segment.of(segments.find_segment(session, slug, lock=True)))
        campaigns.edit_segment(
            session, slug, name=body.name, filter_text=body.filter, now=call.now, actor=call.actor, more=engagement()
        )
        return Segment.of(segments.find_segment(session, slug))

    return call.once(change)


@router.delete("/segments/{slug}", status_code=204)
def delete_segment(slug: Id, call: Writer) -> Response:
    """Forget a filter; the people it finds stay as they are. One that a campaign uses that is not over is answered 409."""

    def delete(session: Session) -> None:
        campaigns.delete_segment(session, slug, now=call.now, actor=call.actor)

    return call.once(delete)
