"""/api/v1/audiences: the named segments that people join."""

from typing import Annotated, Self

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy.orm import Session

from mailer.web.api.access import Call, IfMatch, may, may_read, require_match, shown
from mailer.web.api.shapes import Cursor, Given, Id, Limit, Line, Listed, Listing, Slug, Wording, cursor_to, read_cursor
from subscribers import CountedAudience, audiences

router = APIRouter(tags=["audiences"])
Reader = Annotated[Call, may_read("audiences:read")]
Writer = Annotated[Call, may("audiences:write")]
Name = Annotated[Line, StringConstraints(min_length=1)]


class NewAudience(Given):
    """A named segment; `public` ones are offered on the pages and shown in the archive."""

    slug: Slug
    name: Name
    description: Wording = ""
    public: bool = True
    double_opt_in: bool = True


class AudienceChanges(Given):
    """What is to be different; what is not named stays. A slug stays: campaigns and issues name it."""

    name: Name | None = None
    description: Wording | None = None
    public: bool | None = None
    double_opt_in: bool | None = None


class Audience(BaseModel):
    """A named segment; `subscribed` counts the live subscriptions."""

    slug: str
    name: str
    description: str
    public: bool
    double_opt_in: bool
    archived: bool
    subscribed: int = Field(ge=0)

    @classmethod
    def of(cls, row: CountedAudience) -> Self:
        """An audience as it is shown."""
        return cls(
            slug=row.slug,
            name=row.name,
            description=row.description,
            public=row.is_public,
            double_opt_in=row.double_opt_in,
            archived=row.is_archived,
            subscribed=row.subscribed,
        )


class Audiences(Listed):
    """A page of audiences, in the order of their making."""

    audiences: list[Audience]


@router.get("/audiences")
def list_audiences(call: Reader, *, archived: bool = False, cursor: Cursor = None, limit: Limit = 50) -> Audiences:
    """A page of audiences; with `archived`, those too."""
    after = read_cursor(call.app.keys, Listing.AUDIENCES, cursor) or 0
    with call.app.database.read() as session:
        rows = [row for row in audiences.count_audiences(session, archived=archived) if row.id > after]
    last = rows[limit - 1].id if len(rows) > limit else None
    return Audiences(
        audiences=[Audience.of(row) for row in rows[:limit]],
        next_cursor=cursor_to(call.app.keys, Listing.AUDIENCES, last),
    )


@router.post("/audiences", status_code=201, response_model=Audience)
def add_audience(body: NewAudience, call: Writer) -> Response:
    """A new audience."""

    def add(session: Session) -> Audience:
        audiences.add_audience(
            session,
            body.slug,
            body.name,
            description=body.description,
            is_public=body.public,
            double_opt_in=body.double_opt_in,
            now=call.now,
            actor=call.actor,
        )
        return Audience.of(audiences.find_audience(session, body.slug))

    return call.once(add, status=201)


@router.get("/audiences/{slug}", response_model=Audience)
def show_audience(slug: Id, call: Reader) -> Response:
    """An audience, archived or not."""
    with call.app.database.read() as session:
        return shown(Audience.of(audiences.find_audience(session, slug)))


@router.patch("/audiences/{slug}", response_model=Audience)
def change_audience(slug: Id, body: AudienceChanges, call: Writer, if_match: IfMatch = None) -> Response:
    """Change what is given; with `If-Match` only where nobody did since it was read."""

    def change(session: Session) -> Audience:
        require_match(if_match, Audience.of(audiences.find_audience(session, slug, lock=True)))
        audiences.edit_audience(
            session,
            slug,
            name=body.name,
            description=body.description,
            is_public=body.public,
            double_opt_in=body.double_opt_in,
            now=call.now,
            actor=call.actor,
        )
        return Audience.of(audiences.find_audience(session, slug))

    return call.once(change)


@router.post("/audiences/{slug}/archive", response_model=Audience)
def archive_audience(slug: Id, call: Writer) -> Response:
    """Offer it no more and send to it no more; its subscriptions and consents stay on record."""

    def archive(session: Session) -> Audience:
        audiences.archive_audience(session, slug, now=call.now, actor=call.actor)
        return Audience.of(audiences.find_audience(session, slug))

    return call.once(archive)
