"""/api/v1/suppressions: addresses and whole domains never to be mailed."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from mailer.web.api.access import Call, may, may_read
from mailer.web.api.shapes import Cursor, Email, Given, Id, Limit, Listed, Listing, cursor_to, read_cursor
from subscribers import suppression
from subscribers.suppression import SuppressionRow

router = APIRouter(tags=["suppressions"])
Reader = Annotated[Call, may_read("suppressions:read")]
Writer = Annotated[Call, may("suppressions:write")]
Domain = Annotated[
    str, Field(max_length=255, pattern="^@[A-Za-z][A-Za-z0-9]{0,61}(\\.[A-Za-z][A-Za-z0-9]{0,61}){1,4}$")
]


class NewSuppression(Given):
    """An address, or a whole domain as `@example.org` (its subdomains are others')."""

    subject: Email | Domain
    reason: str = Field(default="manual", pattern="^[a-z][a-z_-]{0,39}$")


class Suppression(BaseModel):
    """An entry; `subject` is an address, a domain after an @, or the beginning of an erased address's hash."""

    subject: str
    reason: str
    source: str
    since: datetime

    @classmethod
    def of(cls, row: SuppressionRow) -> Self:
        """An entry as it is shown."""
        return cls(subject=row.subject, reason=row.reason, source=row.source, since=row.since)


class Suppressions(Listed):
    """A page of the list, oldest first."""

    suppressions: list[Suppression]


@router.get("/suppressions")
def list_suppressions(call: Reader, cursor: Cursor = None, limit: Limit = 50) -> Suppressions:
    """A page of the list."""
    after = read_cursor(call.app.keys, Listing.SUPPRESSIONS, cursor) or 0
    with call.app.database.read() as session:
        rows = suppression.list_suppressions(session, after=after, limit=limit + 1)
    last = rows[limit - 1].id if len(rows) > limit else None
    return Suppressions(
        suppressions=[Suppression.of(row) for row in rows[:limit]],
        next_cursor=cursor_to(call.app.keys, Listing.SUPPRESSIONS, last),
    )


@router.post("/suppressions", status_code=201, response_model=Suppression)
def suppress(body: NewSuppression, call: Writer) -> Response:
    """Never mail it again. What stands already stays as it is: the first reason counts."""

    def add(session: Session) -> Suppression:
        suppression.suppress(session, body.subject, reason=body.reason, source="api", now=call.now, actor=call.actor)
        return Suppression.of(suppression.find_suppression(session, body.subject))

    return call.once(add, status=201)


@router.get("/suppressions/{subject}")
def show_suppression(subject: Id, call: Reader) -> Suppression:
    """The entry of an address or `@domain`; of an erased address too, which only its hash tells."""
    with call.app.database.read() as session:
        return Suppression.of(suppression.find_suppression(session, subject, keys=call.app.keys))


@router.delete("/suppressions/{subject}", status_code=204)
def lift(subject: Id, call: Writer) -> Response:
    """Allow mail again. Nobody is subscribed by it; what was erased stays on the list."""

    def take_off(session: Session) -> None:
        found = suppression.find_suppression(session, subject)
        suppression.lift(session, found.subject, now=call.now, actor=call.actor)

    return call.once(take_off)
