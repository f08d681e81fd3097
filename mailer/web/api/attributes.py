"""/api/v1/attributes: what can be known of people, and the types of the values."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from mailer.web.api.access import Call, may, may_read
from mailer.web.api.shapes import Given, Line
from subscribers import attributes

router = APIRouter(tags=["subscribers"])
Reader = Annotated[Call, may_read("subscribers:read")]
Writer = Annotated[Call, may("subscribers:write")]
Kind = Literal["text", "number", "date", "yes-no"]


class Attribute(BaseModel):
    """A declared attribute."""

    name: str
    type: Kind = Field(
        description="text keeps what is given; a date is 2027-01-05; a value of another type is refused (422)"
    )
    label: str


class Declaration(Given):
    """What an attribute is to be."""

    type: Kind = "text"
    label: Line = Field(default="", description="as the manager reads it; an empty one leaves that which is there")
    unfit: attributes.Unfit = Field(
        default="refuse", description="what becomes of values that cannot be read as the type; `refuse` changes nothing"
    )


class Declared(Attribute):
    """An attribute, and what became of the values that people have."""

    converted: int
    removed: int


class Attributes(BaseModel):
    """All that are declared, by their names."""

    attributes: list[Attribute]


@router.get("/attributes")
def list_attributes(call: Reader) -> Attributes:
    """What can be known of people. A value of a new name declares it as text."""
    with call.app.database.read() as session:
        rows = attributes.list_attributes(session)
    return Attributes(attributes=[Attribute(name=row.name, type=row.kind, label=row.label) for row in rows])


@router.put("/attributes/{name}", response_model=Declared)
def declare(
    name: Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z][A-Za-z0-9_]*$")], body: Declaration, call: Writer
) -> Response:
    """Declare an attribute, or give it another type; values take it on. 409 where some cannot be read as it."""

    def keep(session: Session) -> Declared:
        change = attributes.declare(
            session, name, body.type, body.label, unfit=body.unfit, now=call.now, actor=call.actor
        )
        row = next(row for row in attributes.list_attributes(session) if row.name == name)
        return Declared(name=name, type=row.kind, label=row.label, converted=change.converted, removed=change.removed)

    return call.once(keep)
