"""/people/import: a file of people, first as a dry run that shows what would happen, then in earnest.

Neither is done within the request: a worker reads the file, and the page tells how far it is until it can show what came of it.
"""

from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import Response

from mailer.base.errors import MailerError, WrongInput
from mailer.web.dependencies import AppOf, Manager
from mailer.web.errors import status_of
from mailer.web.pages import page, see_other
from subscribers import attributes, audiences, uploads
from subscribers.columns import FIELDS
from subscribers.importing import Status

router = APIRouter(include_in_schema=False)

REFRESH_SECONDS = 1
HINTS = {"subscribed": "yes or no", "unsubscribed": "yes, or since when"}
"""What stands in columns whose fields do not tell it."""
Slugs = Annotated[list[str] | None, Form()]
Names = Annotated[list[str] | None, Form()]


@router.get("/people/import")
def show(request: Request, app: AppOf) -> Response:
    """Which file, for which audiences, with which consent? And what became of the last ones."""
    with app.database.read() as session:
        groups = audiences.list_audiences(session)
        recent = uploads.recent_imports(session)
    return page(request, "manager/import.html", groups=groups, recent=recent, filled={}, chosen=[], wrong=None)


@router.post("/people/import")
def look(
    request: Request,
    app: AppOf,
    manager: Manager,
    file: Annotated[UploadFile, File()],
    audience: Slugs = None,
    status: Annotated[Status, Form()] = "unconfirmed",
    consent: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Keep the file and let a worker say what it would do; nothing is changed."""
    name = Path((file.filename or "people").replace("\\", "/")).name
    try:
        with app.database.begin() as session:
            row = uploads.upload(session, file.file.read(), name=name, now=app.clock(), actor=manager.actor)
            if row.state == "failed" and not row.columns:
                message, _, do = row.error.partition("; ")
                raise WrongInput(message, do=do, place=row.name)
            uploads.start(
                session,
                row.public_id,
                audience_slugs=audience or [],
                mapping={},
                consent=consent,
                status=status,
                dry_run=True,
                now=app.clock(),
                actor=manager.actor,
            )
    except MailerError as error:
        with app.database.read() as session:
            groups = audiences.list_audiences(session)
            recent = uploads.recent_imports(session)
        return page(
            request,
            "manager/import.html",
            status=status_of(error),
            groups=groups,
            recent=recent,
            filled={"status": status, "consent": consent},
            chosen=audience or [],
            wrong=error,
        )
    return see_other(f"/people/import/{row.public_id}")


@router.get("/people/import/{public_id}")
def follow(request: Request, public_id: str, app: AppOf) -> Response:
    """How far the file was read, loading itself anew by a header; then what came of it, or would come of it."""
    with app.database.read() as session:
        row = uploads.find_import(session, public_id)
        known = [attribute.name for attribute in attributes.list_attributes(session)]
    if row.state in ("waiting", "running"):
        answer = page(request, "manager/import_progress.html", row=row)
        answer.headers["refresh"] = str(REFRESH_SECONDS)
        return answer
    knows_address = "email" in row.mapping.values() or any(role == "email" for _, role in row.columns)
    asks = row.state == "failed" and bool(row.columns) and not knows_address
    fields = {field: f"{field}: {HINTS[field]}" if field in HINTS else field for field in FIELDS}
    return page(
        request,
        "manager/import_report.html",
        row=row,
        report=row.report,
        fields=fields,
        attributes=known,
        asks=asks,
    )


@router.post("/people/import/{public_id}")
def run(
    public_id: str,
    app: AppOf,
    manager: Manager,
    column: Names = None,
    field: Names = None,
    what: Annotated[Literal["look", "import"], Form()] = "look",
) -> Response:
    """Look again with other columns, or bring the people in; for whom and with which consent was said with the file."""
    given = zip(column or [], field or [], strict=False)
    mapping = {name: meaning.strip() for name, meaning in given if meaning.strip()}
    with app.database.begin() as session:
        row = uploads.find_import(session, public_id)
        uploads.start(
            session,
            public_id,
            audience_slugs=row.audiences,
            mapping=mapping,
            consent=row.consent,
            status=row.status,
            dry_run=what == "look",
            now=app.clock(),
            actor=manager.actor,
        )
    return see_other(f"/people/import/{public_id}")


@router.get("/people/import/{public_id}/rejected.csv")
def rejected(public_id: str, app: AppOf) -> Response:
    """The rows that were not taken, with line and reason."""
    with app.database.read() as session:
        content = uploads.rejected_rows(session, public_id)
    disposition = {"content-disposition": 'attachment; filename="rejected.csv"'}
    return Response(content, media_type="text/csv; charset=utf-8", headers=disposition)
