"""/segments: saved filters over people, checked and counted while they are written."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from mailer import campaigns
from mailer.app import App
from mailer.base.errors import MailerError, NotAllowed, WrongInput
from mailer.feedback.engagement import engagement
from mailer.web.dependencies import AppOf, Manager
from mailer.web.errors import status_of
from mailer.web.pages import page, see_other
from subscribers import segments

router = APIRouter(include_in_schema=False)
AskedName = Annotated[str, Query(max_length=200)]
AskedFilter = Annotated[str, Query(alias="filter", max_length=4000)]


@router.get("/segments")
def show(
    request: Request,
    app: AppOf,
    name: AskedName = "",
    slug: Annotated[str, Query(max_length=64)] = "",
    filter_: AskedFilter = "",
) -> Response:
    """All segments; with a filter, how many people it finds now, or where it is wrong."""
    return _page(request, app, name=name, slug=slug, filter_text=filter_)


@router.get("/segments/{slug}/edit")
def edit(
    request: Request,
    slug: str,
    app: AppOf,
    name: AskedName = "",
    filter_: AskedFilter = "",
) -> Response:
    """One segment, to be changed; with a filter, how many people that one would find."""
    with app.database.read() as session:
        row = segments.find_segment(session, slug)
    return _page(request, app, name=name or row.name, slug=slug, filter_text=filter_ or row.filter, edited=slug)


@router.post("/segments/{slug}/edit")
def change(
    request: Request,
    slug: str,
    app: AppOf,
    manager: Manager,
    name: Annotated[str, Form(max_length=200)] = "",
    filter_: Annotated[str, Form(alias="filter", max_length=4000)] = "",
) -> Response:
    """Save the changes."""
    try:
        with app.database.begin() as session:
            waiting = campaigns.edit_segment(
                session, slug, name=name.strip(), filter_text=filter_, now=app.clock(), actor=manager.actor,
                more=engagement(),
            )  # fmt: skip
    except WrongInput as error:
        return _page(request, app, name=name, slug=slug, filter_text=filter_, wrong=error, edited=slug)
    return see_other("/segments", "asked-anew" if waiting else "saved")


@router.post("/segments/{slug}/delete")
def delete(request: Request, slug: str, app: AppOf, manager: Manager) -> Response:
    """Forget a filter that no campaign needs."""
    try:
        with app.database.begin() as session:
            campaigns.delete_segment(session, slug, now=app.clock(), actor=manager.actor)
    except NotAllowed as error:
        return _page(request, app, name="", slug="", filter_text="", wrong=error)
    return see_other("/segments", "saved")


@router.post("/segments")
def add(
    request: Request,
    app: AppOf,
    manager: Manager,
    slug: Annotated[str, Form(max_length=64)],
    name: Annotated[str, Form(max_length=200)] = "",
    filter_: Annotated[str, Form(alias="filter", max_length=4000)] = "",
) -> Response:
    """Save a filter."""
    try:
        with app.database.begin() as session:
            segments.add_segment(
                session, slug.strip(), name.strip(), filter_, now=app.clock(), actor=manager.actor, more=engagement()
            )
    except MailerError as error:
        return _page(request, app, name=name, slug=slug, filter_text=filter_, wrong=error)
    return see_other("/segments", "added")


def _counted(session: Session, filter_text: str, now: datetime) -> tuple[int | None, WrongInput | None]:
    """How many people a filter finds, or what is wrong with it."""
    try:
        return segments.count_segment(session, filter_text, now=now, more=engagement()), None
    except WrongInput as error:
        return None, error


def _page(
    request: Request,
    app: App,
    *,
    name: str,
    slug: str,
    filter_text: str,
    wrong: MailerError | None = None,
    edited: str = "",
) -> Response:
    now, found = app.clock(), None
    with app.database.read() as session:
        # A saved filter may ask for an attribute that was retired, or given another type: the others are still shown.
        uses = campaigns.uses_of_segments(session)
        rows = [
            (row, *_counted(session, row.filter, now), uses.get(row.slug, ()))
            for row in segments.list_segments(session)
        ]
        if filter_text and wrong is None:
            found, wrong = _counted(session, filter_text, now)
    return page(
        request,
        "manager/segments.html",
        status=status_of(wrong) if wrong else 200,
        rows=rows,
        name=name,
        slug=slug,
        filter_text=filter_text,
        found=found,
        wrong=wrong,
        edited=edited,
    )
