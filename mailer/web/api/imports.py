"""/api/v1/imports: files of people, uploaded, looked at, mapped, brought in by a worker, and what was refused."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.orm import Session

from mailer.base.errors import WrongInput
from mailer.web.api.access import Call, may, may_read
from mailer.web.api.shapes import Cursor, Given, Id, Limit, Line, Listed, Listing, Slug, Wording, cursor_to, read_cursor
from mailer.web.api.subscribers import CONSENT_NEEDED, NOTHING_ELSE
from subscribers import uploads
from subscribers.uploads import ImportRow, State

router = APIRouter(tags=["imports"])
Reader = Annotated[Call, may_read("imports:read")]
Writer = Annotated[Call, may("imports:write")]
_ANY_FILE = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary", "minLength": 1}}},
    }
}
_CSV: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "The rows, with line and reason"}
}
Column = Annotated[str, StringConstraints(pattern=r"^[^\x00]{0,200}$")]


class Order(Given):
    """What is to be done with the file."""

    model_config = ConfigDict(json_schema_extra=CONSENT_NEEDED)

    dry_run: bool = Field(default=True, description="only say what would happen")
    audiences: list[Slug] = Field(default=[], max_length=100, description="into which everyone goes")
    mapping: dict[Column, Line] = Field(
        default={},
        max_length=500,
        json_schema_extra=NOTHING_ELSE,
        description="column -> field (such as `unsubscribed`: yes, or since when) or attribute, where its name does not tell",
    )
    status: Literal["unconfirmed", "subscribed", "unsubscribed", "suppressed"] = Field(
        default="unconfirmed", description="the best that anyone comes in as; a row's own status wins where it is worse"
    )
    consent: Wording = Field(default="", description="needed for `subscribed`: what they agreed to")


class RejectedRow(BaseModel):
    """A row that was not taken."""

    line: int
    reason: str


class Report(BaseModel):
    """What an import did, or would do; every row that was read is in one of the counts."""

    read: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    suppressed: int
    duplicates: int
    dry_run: bool
    shape: str
    declared: list[str] = Field(default=[], description="names of attributes that were new, declared as text")
    doubtful: list[str] = Field(
        default=[], description="columns kept as attributes that say of some that they have left"
    )
    rejected_rows: list[RejectedRow] = Field(description="the first few; all of them are at `…/rejected`")


class Import(BaseModel):
    """A file of people, and what became of it; it is forgotten after seven days."""

    id: str
    name: str
    state: State
    rows_read: int
    share: float = Field(ge=0, le=1, description="of the file that was read")
    columns: dict[str, str] = Field(description="what each column is taken for")
    report: Report | None
    error: str = Field(
        description="why it failed, or that `mapping` has to say which column holds addresses; empty otherwise"
    )
    created_at: datetime

    @classmethod
    def of(cls, row: ImportRow) -> Self:
        """An import as it is shown."""
        return cls(
            id=row.public_id,
            name=row.name,
            state=row.state,
            rows_read=row.rows_read,
            share=row.share,
            columns=dict(row.columns),
            report=Report.model_validate(row.report) if row.report else None,
            error=row.error,
            created_at=row.created_at,
        )


class Imports(Listed):
    """A page of imports, oldest first."""

    imports: list[Import]


@router.get("/imports")
def list_imports(call: Reader, cursor: Cursor = None, limit: Limit = 50) -> Imports:
    """A page of imports."""
    after = read_cursor(call.app.keys, Listing.IMPORTS, cursor)
    with call.app.database.read() as session:
        rows = uploads.list_imports(session, after=after, limit=limit + 1)
    last = rows[limit - 1].id if len(rows) > limit else None
    return Imports(
        imports=[Import.of(row) for row in rows[:limit]], next_cursor=cursor_to(call.app.keys, Listing.IMPORTS, last)
    )


async def content(request: Request) -> bytes:
    """The file: the body as it is.

    Raises:
        WrongInput: there is none.
    """
    body = await request.body()
    if not body:
        raise WrongInput("the body is empty", do="send the file as it is, as with `curl --data-binary @FILE`")
    return body


@router.post("/imports", status_code=201, response_model=Import, openapi_extra=_ANY_FILE)
def upload(
    call: Writer,
    file: Annotated[bytes, Depends(content)],
    name: Annotated[str, Query(max_length=200, pattern=r"^[^\x00/\\]*$", description="of the file")] = "people.csv",
) -> Response:
    """Upload a file, of at most 64 MB: CSV, TSV, XLSX, JSON, a list of addresses. Nothing is changed by it."""

    def keep(session: Session) -> Import:
        return Import.of(uploads.upload(session, file, name=name, now=call.now, actor=call.actor))

    return call.once(keep, status=201)


@router.get("/imports/{import_id}")
def show_import(import_id: Id, call: Reader) -> Import:
    """How far it is, and what came of it."""
    with call.app.database.read() as session:
        return Import.of(uploads.find_import(session, import_id))


@router.post("/imports/{import_id}/start", status_code=202, response_model=Import)
def start(import_id: Id, body: Order, call: Writer) -> Response:
    """Let a worker bring the people in, or with `dry_run` only say what would happen."""

    def order(session: Session) -> Import:
        return Import.of(
            uploads.start(
                session,
                import_id,
                audience_slugs=body.audiences,
                mapping=body.mapping,
                consent=body.consent,
                status=body.status,
                dry_run=body.dry_run,
                now=call.now,
                actor=call.actor,
            )
        )

    return call.once(order, status=202)


@router.get("/imports/{import_id}/rejected", responses=_CSV, response_class=Response)
def rejected(import_id: Id, call: Reader) -> Response:
    """The rows that were not taken, with line and reason: to be mended and imported again."""
    with call.app.database.read() as session:
        return Response(uploads.rejected_rows(session, import_id), media_type="text/csv; charset=utf-8")


@router.delete("/imports/{import_id}", status_code=204)
def drop(import_id: Id, call: Writer) -> Response:
    """Forget the file and its report; the people it brought stay."""

    def forget(session: Session) -> None:
        uploads.drop(session, import_id, now=call.now, actor=call.actor)

    return call.once(forget)
