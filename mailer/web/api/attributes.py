"""/api/v1/attributes: what can be known of people, and the types of the values."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from mailer.web.api.access import Call, may_read
from subscribers import attributes

router = APIRouter(tags=["subscribers"])
Reader = Annotated[Call, may_read("subscribers:read")]


class Attribute(BaseModel):
    """A declared attribute."""

    name: str
    type: Literal["text", "number", "date", "yes-no"] = Field(
        description="text keeps what is given; a date is 2027-01-05; a value of another type is refused (422)"
    )
    label: str


class Attributes(BaseModel):
    """All that are declared, by their names."""

    attributes: list[Attribute]


@router.get("/attributes")
def list_attributes(call: Reader) -> Attributes:
    """What can be known of people. A value of a new name declares it as text."""
    with call.app.database.read() as session:
        rows = attributes.list_attributes(session)
    return Attributes(attributes=[Attribute(name=row.name, type=row.kind, label=row.label) for row in rows])
