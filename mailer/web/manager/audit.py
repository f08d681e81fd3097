"""/audit: who did what, when, from where."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from mailer import accounts
from mailer.base import audit
from mailer.web.dependencies import AppOf
from mailer.web.pages import page

router = APIRouter(include_in_schema=False)


@router.get("/audit")
def show(request: Request, app: AppOf, subject: Annotated[str, Query(max_length=200)] = "") -> Response:
    """The newest entries, of everything or of one subject."""
    with app.database.read() as session:
        entries = audit.entries(session, subject=subject or None, limit=200)
        names = accounts.names_of_actors(session)
    return page(request, "manager/audit.html", entries=entries, subject=subject, names=names)
