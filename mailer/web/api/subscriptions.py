"""/api/v1/subscriptions and /api/v1/subscribers/…/subscriptions: who is in which audience, and how one gets in and out."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy.orm import Session

from mailer.base.limits import MAILS_TO_ADDRESS
from mailer.web.api.access import Call, may, may_read
from mailer.web.api.shapes import Email, Given, Id, Line, Slug, Wording
from mailer.web.api.subscribers import Language, Membership, Subscriber
from subscribers import editing, find_address, joining, people, sign_ups

router = APIRouter(tags=["subscriptions"])
Reader = Annotated[Call, may_read("subscriptions:read")]
Writer = Annotated[Call, may("subscriptions:write")]


class SignUp(Given):
    """What a person asked for in a form of yours."""

    email: Email
    name: Line = ""
    language: Language = ""
    audiences: list[Slug] = Field(min_length=1, max_length=100)
    wording: Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*\S[^\x00]*$")] = Field(
        description="the words that the person agreed to, as your form shows them"
    )


class Asked(BaseModel):
    """The same for known and unknown addresses: who may know, reads it in the mailbox."""

    detail: str


class Joining(Given):
    """How a person gets into an audience."""

    consent: Wording = Field(default="", description="what they agreed to elsewhere; without, they come in unconfirmed")


class Subscriptions(BaseModel):
    """The audiences of a person."""

    subscriptions: list[Membership]


@router.post("/subscriptions", status_code=202, response_model=Asked)
def sign_up(body: SignUp, call: Writer) -> Response:
    """Sign a person up as the sign-up page does: where an audience is double opt-in, a mail asks them to confirm.

    The wish is written down and answered, with the same work for every address; it is carried out a moment later.
    """

    def ask(session: Session) -> Asked:
        key = find_address(body.email).key
        if MAILS_TO_ADDRESS.allows(session, key, keys=call.app.keys, now=call.now):
            sign_ups.write_down(
                session,
                body.email,
                name=body.name,
                language=body.language,
                audience_slugs=body.audiences,
                wording=body.wording,
                source="sign-up by api",
                now=call.now,
            )
        return Asked(detail="if this address can be signed up, a mail goes to it")

    return call.once(ask, status=202)


@router.get("/subscribers/{email_or_id}/subscriptions")
def list_subscriptions(email_or_id: Id, call: Reader) -> Subscriptions:
    """The audiences of a person, with the states that are shown."""
    with call.app.database.read() as session:
        person = people.find_person(session, email_or_id, now=call.now)
    return Subscriptions(subscriptions=Subscriber.of(person).audiences)


@router.put("/subscribers/{email_or_id}/subscriptions/{audience}", response_model=Subscriber)
def join(email_or_id: Id, audience: Id, body: Joining, call: Writer) -> Response:
    """Put a person into an audience: live by the consent that they gave. Who left comes back by their own hand only."""

    def put(session: Session) -> Subscriber:
        person = people.find_person(session, email_or_id, now=call.now)
        editing.enrol(
            session,
            person.id,
            audience,
            consent=body.consent,
            source="api",
            keys=call.app.keys,
            now=call.now,
            actor=call.actor,
        )
        return Subscriber.of(people.shown_person(session, person.id, now=call.now))

    return call.once(put)


@router.delete("/subscribers/{email_or_id}/subscriptions/{audience}", response_model=Subscriber)
def leave(email_or_id: Id, audience: Id, call: Writer) -> Response:
    """Take a person out of an audience; who is in none any more has left everything."""

    def take_out(session: Session) -> Subscriber:
        person = people.find_person(session, email_or_id, now=call.now)
        joining.unsubscribe(session, person.id, audience_slugs=[audience], now=call.now, source="api", actor=call.actor)
        return Subscriber.of(people.shown_person(session, person.id, now=call.now))

    return call.once(take_out)
