"""/api/v1/subscribers: people, and everything that is known of them."""

from datetime import datetime
from typing import Annotated, Final, Literal, Self

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, StringConstraints
from pydantic.config import JsonDict
from sqlalchemy.orm import Session

from mailer.base.tables import SubscriberId
from mailer.feedback.engagement import engagement
from mailer.feedback.subject_access import everything_about
from mailer.web.api.access import About, Call, IfMatch, may, may_read, require_match, shown
from mailer.web.api.shapes import (
    Cursor,
    Email,
    Given,
    Id,
    Limit,
    Line,
    Listed,
    Listing,
    Slug,
    Wording,
    cursor_to,
    read_cursor,
)
from subscribers import Person, editing, erasure, joining, people, segments

router = APIRouter(tags=["subscribers"])
Reader = Annotated[Call, may_read("subscribers:read")]
Writer = Annotated[Call, may("subscribers:write")]
Eraser = Annotated[Call, may("subscribers:erase")]

Status = Literal["unconfirmed", "subscribed", "paused", "unsubscribed", "suppressed"]
GREATEST = 2**53 - 1
"""Of the numbers that every reader of JSON keeps exactly (RFC 8259 §6); one more is not rounded into the bounds."""
Value = (
    Wording
    | bool
    | Annotated[int, Field(ge=-GREATEST, le=GREATEST)]
    | Annotated[float, Field(ge=-GREATEST, le=GREATEST, allow_inf_nan=False)]
    | None
)
AttributeName = Annotated[str, StringConstraints(pattern="^[A-Za-z][A-Za-z0-9_]{0,63}$")]
Language = Annotated[str, StringConstraints(pattern="^([a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3})?$", max_length=35)]

# A subscribed person needs the consent that they gave; said to machines too.
CONSENT_NEEDED: Final[JsonDict] = {
    "anyOf": [
        {"properties": {"status": {"const": "unconfirmed"}}},
        {"properties": {"consent": {"type": "string", "pattern": "\\S"}}, "required": ["consent"]},
    ]
}
NOTHING_ELSE: Final[JsonDict] = {"additionalProperties": False}
"""Keys of another pattern are refused; said to machines too."""


class NewSubscriber(Given):
    """A person; `subscribed` only with the consent that they gave."""

    model_config = ConfigDict(json_schema_extra=CONSENT_NEEDED)

    email: Email
    name: Line = ""
    language: Language = ""
    attributes: dict[AttributeName, Value] = Field(default={}, max_length=100, json_schema_extra=NOTHING_ELSE)
    audiences: list[Slug] = Field(default=[], max_length=100)
    status: Literal["unconfirmed", "subscribed"] = "unconfirmed"
    consent: Wording = Field(default="", description="needed for `subscribed`: what they agreed to")


class Changes(Given):
    """What is to be different; what is not named stays. An attribute that is null is taken away."""

    name: Line | None = None
    language: Language | None = None
    attributes: Annotated[dict[AttributeName, Value], Field(max_length=100, json_schema_extra=NOTHING_ELSE)] | None = (
        None
    )


class Membership(BaseModel):
    """A place in an audience, with the state that is shown: what is worse of the person and the place."""

    slug: str
    name: str
    state: Status


class Subscriber(About):
    """A person, with the status that is shown: suppression wins, then having left everything, then a pause."""

    id: str
    email: str
    name: str
    status: Status
    audiences: list[Membership]
    attributes: dict[str, object]
    language: str
    zone: str
    paused_until: datetime | None
    consented_at: datetime | None
    created_at: datetime
    _about: SubscriberId | None = PrivateAttr(default=None)

    @classmethod
    def of(cls, person: Person) -> Self:
        """A person as they are shown."""
        made = cls.model_validate(person.as_dict())
        made._about = person.id  # noqa: SLF001 - its own
        return made

    def about(self) -> SubscriberId | None:
        """This person."""
        return self._about


class ConsentLine(BaseModel):
    """One line of the log of consent; `audience` is empty where everything is meant."""

    at: datetime
    deed: str
    audience: str
    wording: str
    source: str


class LetterLine(BaseModel):
    """One message that the person was to get, and what became of it."""

    campaign: str
    state: str
    reason: str
    at: datetime | None


class EventLine(BaseModel):
    """Something that came back, or that the person did with a message."""

    at: datetime
    kind: str
    campaign: str
    detail: str


class SuppressionLine(BaseModel):
    """Why the person is not mailed; `subject` is their address, or their domain after an @."""

    subject: str
    reason: str
    source: str
    since: datetime


class NewAddress(BaseModel):
    """An address that the person wants to move to and has not confirmed."""

    address: str
    asked_at: datetime


class LogLine(BaseModel):
    """One deed of the audit log that was done to the person's record."""

    at: datetime
    deed: str
    detail: str


class Everything(Subscriber):
    """All that is kept of a person."""

    consents: list[ConsentLine]
    letters: list[LetterLine]
    events: list[EventLine]
    suppression: SuppressionLine | None
    new_address: NewAddress | None
    log: list[LogLine]


class Subscribers(Listed):
    """A page of people, in the order in which they came."""

    subscribers: list[Subscriber]


@router.get("/subscribers")
def list_subscribers(
    call: Reader,
    search: Annotated[Line, Query(description="part of address or name")] = "",
    audience: Annotated[Line | None, Query()] = None,
    status: Annotated[Status | None, Query()] = None,
    segment: Annotated[Line | None, Query(description="only those that a saved filter finds")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Subscribers:
    """A page of people."""
    with call.app.database.read() as session:
        where = segments.segment_condition(session, segment, now=call.now, more=engagement()) if segment else None
        found = people.list_people(
            session,
            search=search,
            audience=audience,
            status=status,
            where=where,
            after=read_cursor(call.app.keys, Listing.SUBSCRIBERS, cursor),
            limit=limit,
            now=call.now,
        )
    return Subscribers(
        subscribers=[Subscriber.of(person) for person in found.people],
        next_cursor=cursor_to(call.app.keys, Listing.SUBSCRIBERS, found.next_after),
    )


@router.post("/subscribers", status_code=201, response_model=Subscriber)
def add_subscriber(body: NewSubscriber, call: Writer) -> Response:
    """Add a person; as subscribed only with the consent that they gave."""

    def add(session: Session) -> Subscriber:
        made = people.add_person(
            session,
            body.email,
            name=body.name,
            language=body.language,
            attributes={name: value for name, value in body.attributes.items() if value is not None},
            audience_slugs=body.audiences,
            status=body.status,
            consent=body.consent,
            source="api",
            keys=call.app.keys,
            now=call.now,
            actor=call.actor,
        )
        return _subscriber(session, made, call)

    return call.once(add, status=201)


@router.get("/subscribers/{email_or_id}", response_model=Subscriber)
def show_subscriber(email_or_id: Id, call: Reader) -> Response:
    """A person, by address or id; the `ETag` lets a change be refused where somebody else was faster."""
    with call.app.database.read() as session:
        return shown(Subscriber.of(people.find_person(session, email_or_id, now=call.now)))


@router.patch("/subscribers/{email_or_id}", response_model=Subscriber)
def change_subscriber(email_or_id: Id, body: Changes, call: Writer, if_match: IfMatch = None) -> Response:
    """Change name, language and attributes; with `If-Match` only where nobody did since it was read."""

    def change(session: Session) -> Subscriber:
        person = people.find_person(session, email_or_id, now=call.now)
        editing.lock_person(session, person.id)
        require_match(if_match, _subscriber(session, person.id, call))
        editing.edit_person(
            session,
            person.id,
            name=body.name,
            language=body.language,
            attributes=body.attributes,
            now=call.now,
            actor=call.actor,
        )
        return _subscriber(session, person.id, call)

    return call.once(change)


@router.delete("/subscribers/{email_or_id}", status_code=204)
def erase_subscriber(email_or_id: Id, call: Eraser) -> Response:
    """Forget a person for good; a keyed hash stays, so that nobody adds the address again."""

    def forget(session: Session) -> None:
        person = people.find_person(session, email_or_id, now=call.now)
        erasure.erase(session, person.id, keys=call.app.keys, now=call.now, actor=call.actor)

    return call.once(forget)


@router.get("/subscribers/{email_or_id}/everything")
def show_everything(email_or_id: Id, call: Reader) -> Everything:
    """All that is kept of a person, wherever it is kept: the answer to a subject access request."""
    with call.app.database.read() as session:
        person = people.find_person(session, email_or_id, now=call.now)
        return Everything.model_validate(everything_about(session, person))


@router.post("/subscribers/{email_or_id}/unsubscribe", response_model=Subscriber)
def unsubscribe_subscriber(email_or_id: Id, call: Writer) -> Response:
    """Take a person out of everything."""

    def leave(session: Session) -> Subscriber:
        person = people.find_person(session, email_or_id, now=call.now)
        joining.unsubscribe(session, person.id, audience_slugs=None, now=call.now, source="api", actor=call.actor)
        return _subscriber(session, person.id, call)

    return call.once(leave)


def _subscriber(session: Session, subscriber_id: SubscriberId, call: Call) -> Subscriber:
    return Subscriber.of(people.shown_person(session, subscriber_id, now=call.now))
