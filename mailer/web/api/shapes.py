"""What the parts of the API share: problems as they are described, bodies that hold nothing unknown, texts, pages, cursors."""

from enum import IntEnum, unique
from typing import Annotated, Any, Final

from fastapi import Path, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from mailer.base.errors import NotFound
from mailer.base.tokens import Keys, Purpose

# PostgreSQL keeps no text with a NUL in it.
_NO_NUL = r"^[^\x00]*$"
Line = Annotated[str, StringConstraints(max_length=200, pattern=_NO_NUL)]
Wording = Annotated[str, StringConstraints(max_length=2000, pattern=_NO_NUL)]
Slug = Annotated[str, StringConstraints(max_length=64, pattern="^[a-z0-9]+(-[a-z0-9]+)*$")]
Email = Annotated[str, Field(max_length=254, json_schema_extra={"format": "email"})]
"""Described as an email address; addresses of other scripts (RFC 6531) are taken too."""
WholeNumber = Annotated[int, BeforeValidator(lambda given: int(given) if _is_whole(given) else given)]
"""JSON knows no integers: 3.0 is the whole number 3 (JSON Schema 2020-12 §6.1.1); "3" and true are none."""
Id = Annotated[str, Path(max_length=400)]
Limit = Annotated[int, Query(ge=1, le=500, description="how many at most")]
Cursor = Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before")]


def _is_whole(given: object) -> bool:
    return isinstance(given, float) and given.is_integer()


class Given(BaseModel):
    """A body: nothing unknown in it, and every value of the kind that it should be, not one that could be read as it."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ProblemShape(BaseModel):
    """What went wrong, and what to do (RFC 9457)."""

    model_config = ConfigDict(title="Problem", extra="allow")

    type: str
    title: str
    status: int
    detail: str


@unique
class Listing(IntEnum):
    """The lists that have cursors; each cursor carries its list's number, so that no other list takes it."""

    SUBSCRIBERS = 1
    AUDIENCES = 2
    SUPPRESSIONS = 3
    IMPORTS = 4
    CAMPAIGNS = 5
    SEGMENTS = 6


class Listed(BaseModel):
    """A page of a list; people who come and go meanwhile neither repeat nor hide an entry."""

    next_cursor: str | None = Field(description="`cursor` of the next page; null at the end")


def _problem(description: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": description, "content": content}


PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    400: _problem("The body is no JSON"),
    401: _problem("No valid token"),
    403: _problem("The token lacks the scope that `scope` names"),
    404: _problem("There is none"),
    409: _problem("The state of things forbids it now"),
    412: _problem("It was changed since it was read (If-Match)"),
    413: _problem("The body is too large"),
    422: _problem("Wrong input"),
    429: _problem("Too many calls; `Retry-After` says when to go on"),
}


def cursor_to(keys: Keys, listing: Listing, last_id: int | None) -> str | None:
    """The opaque cursor behind an entry; None at the end."""
    return None if last_id is None else keys.sign(Purpose.CURSOR, listing, last_id)


def read_cursor(keys: Keys, listing: Listing, cursor: str | None) -> int | None:
    """The entry behind which a page begins; None for the first page.

    Raises:
        NotFound: the cursor is not one of this list's.
    """
    if cursor is None:
        return None
    try:
        found = keys.read(Purpose.CURSOR, cursor)
    except NotFound:
        found = ()
    if len(found) != 2 or found[0] != listing:
        raise NotFound("this is no cursor of this list", do="begin without one")
    return found[1]
