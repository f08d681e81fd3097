"""/attributes: what can be known of people, and the types of the values."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from mailer.app import App
from mailer.base.errors import MailerError
from mailer.web.dependencies import AppOf, Manager
from mailer.web.errors import status_of
from mailer.web.pages import page, see_other
from subscribers import attributes

router = APIRouter(include_in_schema=False)


@router.get("/attributes")
def show(request: Request, app: AppOf) -> Response:
    """All that are declared, and a form for one more."""
    return _page(request, app)


@router.post("/attributes")
def declare(
    request: Request,
    app: AppOf,
    manager: Manager,
    name: Annotated[str, Form(max_length=200)],
    kind: Annotated[str, Form(alias="type", max_length=20)] = "text",
    label: Annotated[str, Form(max_length=200)] = "",
    unfit: Annotated[attributes.Unfit, Form()] = "refuse",
) -> Response:
    """Declare one, or give it another type and label; values that cannot be read as the type are told, or taken away."""
    try:
        with app.database.begin() as session:
            attributes.declare(
                session, name.strip(), kind, label.strip(), unfit=unfit, now=app.clock(), actor=manager.actor
            )
    except MailerError as error:
        return _page(request, app, {"name": name, "type": kind, "label": label}, error)
    return see_other("/attributes", "added")


@router.post("/attributes/retire")
def retire(app: AppOf, manager: Manager, name: Annotated[str, Form(max_length=200)]) -> Response:
    """Let filters and letters know it no more."""
    with app.database.begin() as session:
        attributes.retire(session, name, now=app.clock(), actor=manager.actor)
    return see_other("/attributes", "saved")


def _page(
    request: Request, app: App, filled: Mapping[str, str] = MappingProxyType({}), wrong: MailerError | None = None
) -> Response:
    with app.database.read() as session:
        rows = attributes.list_attributes(session)
    return page(
        request,
        "manager/attributes.html",
        status=status_of(wrong) if wrong else 200,
        rows=rows,
        kinds=list(attributes.KINDS),
        filled=filled,
        wrong=wrong,
    )
