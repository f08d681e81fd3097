"""/people/import: a file of people, first as a dry run that shows what would happen, then in earnest."""

import re
import secrets
import shutil
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import FileResponse, Response

from mailer.app import App
from mailer.base.errors import MailerError, NotFound, WrongInput
from mailer.web.dependencies import AppOf, Manager
from mailer.web.errors import status_of
from mailer.web.pages import page
from subscribers import audiences, importing
from subscribers.columns import FIELDS

router = APIRouter(include_in_schema=False)

KEY = re.compile(r"[A-Za-z0-9_-]{20,40}")
Status = Literal["subscribed", "unconfirmed", "unsubscribed", "suppressed"]
Slugs = Annotated[list[str] | None, Form()]
Names = Annotated[list[str] | None, Form()]


@router.get("/people/import")
def show(request: Request, app: AppOf) -> Response:
    """Which file, for which audiences, with which consent?"""
    with app.database.read() as session:
        groups = audiences.list_audiences(session)
    return page(request, "manager/import.html", groups=groups, filled={}, chosen=[], wrong=None)


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
    """Keep the file and show what it would do; nothing is changed."""
    key = secrets.token_urlsafe(18)
    folder = _folder(app, key, new=True)
    path = folder / f"people{Path(file.filename or '').suffix[:8]}"
    with path.open("wb") as kept:
        shutil.copyfileobj(file.file, kept)
    (folder / "name").write_text(Path((file.filename or "people").replace("\\", "/")).name[:200], encoding="utf-8")
    try:
        return _run(
            request, app, key, actor=manager.actor, slugs=audience, status=status, consent=consent, mapping={}, dry=True
        )
    except MailerError as error:
        shutil.rmtree(folder)
        with app.database.read() as session:
            groups = audiences.list_audiences(session)
        filled = {"status": status, "consent": consent}
        return page(
            request,
            "manager/import.html",
            status=status_of(error),
            groups=groups,
            filled=filled,
            chosen=audience or [],
            wrong=error,
        )


@router.post("/people/import/{key}")
def run(
    request: Request,
    key: str,
    app: AppOf,
    manager: Manager,
    audience: Slugs = None,
    status: Annotated[Status, Form()] = "unconfirmed",
    consent: Annotated[str, Form(max_length=2000)] = "",
    column: Names = None,
    field: Names = None,
    what: Annotated[Literal["look", "import"], Form()] = "look",
) -> Response:
    """Look again with other columns, or bring the people in."""
    given = zip(column or [], field or [], strict=False)
    mapping = {name: meaning.strip() for name, meaning in given if meaning.strip()}
    return _run(
        request,
        app,
        key,
        actor=manager.actor,
        slugs=audience,
        status=status,
        consent=consent,
        mapping=mapping,
        dry=what == "look",
    )


@router.get("/people/import/{key}/rejected.csv")
def rejected(key: str, app: AppOf) -> Response:
    """The rows that were not taken, with line and reason."""
    path = _folder(app, key) / "rejected.csv"
    if not path.is_file():
        raise NotFound("no row was rejected", do="go back to the import")
    return FileResponse(path, media_type="text/csv; charset=utf-8", filename="rejected.csv")


def _run(
    request: Request,
    app: App,
    key: str,
    *,
    actor: str,
    slugs: list[str] | None,
    status: Status,
    consent: str,
    mapping: dict[str, str],
    dry: bool,
) -> Response:
    folder = _folder(app, key)
    path = next(folder.glob("people*"), None)
    if path is None:
        raise NotFound("this file was imported already", do="choose it again")
    if status == "subscribed" and not consent.strip():
        raise WrongInput("nobody is subscribed without consent on record", do="say what the people agreed to")
    name = (folder / "name").read_text(encoding="utf-8")
    _, plan = importing.look_at(path, mapping, file_name=name)
    report = importing.import_file(
        app.database,
        path,
        keys=app.keys,
        audience_slugs=slugs or [],
        mapping=mapping,
        consent=consent.strip(),
        status=status,
        dry_run=dry,
        rejected_path=folder / "rejected.csv",
        file_name=name,
        now=app.clock(),
        actor=actor,
    )
    if not dry:
        path.unlink()
    return page(
        request,
        "manager/import_report.html",
        key=key,
        name=name,
        report=report,
        roles=plan.roles,
        fields=FIELDS,
        slugs=slugs or [],
        status_of_people=status,
        consent=consent,
    )


def _folder(app: App, key: str, *, new: bool = False) -> Path:
    """Where an uploaded file waits.

    Raises:
        NotFound: there is none of this name.
    """
    folder = app.home / "uploads" / key
    if new:
        folder.mkdir(parents=True, mode=0o700)
    elif not KEY.fullmatch(key) or not folder.is_dir():
        raise NotFound("this file is no longer here", do="choose it again")
    return folder
