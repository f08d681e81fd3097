"""/address: a new address is confirmed by a press there; the old one is told."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from mailer.app import App
from mailer.base.errors import NotAllowed, NotFound
from mailer.base.tokens import Purpose
from mailer.delivery import notices
from mailer.web.dependencies import AppOf
from mailer.web.pages import public_page, same_page, wanted_language
from mailer.web.public.persons import bearer, read_link
from subscribers import moving
from subscribers.addresses import masked

router = APIRouter(include_in_schema=False)


@router.get("/address/{token}")
def ask(request: Request, token: str, app: AppOf, done: str = "") -> Response:
    """A button; opening the page changes nothing."""
    return _page(request, app, token, is_done=done == "moved")


@router.post("/address/{token}")
def move(request: Request, token: str, app: AppOf) -> Response:
    """Letters go to the new address from now on; pressed twice, it is the same."""
    subscriber_id, change_id = read_link(app, Purpose.CHANGE_ADDRESS, token)
    now = app.clock()
    try:
        with app.database.begin() as session:
            moved = moving.move(
                session, subscriber_id, change_id, keys=app.keys, now=now, source="link at the new address"
            )
            notices.tell_moved(session, moved, now=now)
    except NotAllowed:
        return _page(request, app, token, is_taken=True)
    except NotFound:
        return _page(request, app, token)
    return same_page(request, done="moved")


def _page(request: Request, app: App, token: str, *, is_done: bool = False, is_taken: bool = False) -> Response:
    with app.database.read() as session:
        who = bearer(session, app, Purpose.CHANGE_ADDRESS, token)
        _, change_id = read_link(app, Purpose.CHANGE_ADDRESS, token)
        try:
            new = moving.address_to_confirm(session, who.subscriber_id, change_id, now=app.clock())
        except NotFound:
            new = ""
    return public_page(
        request,
        "public/move.html",
        wanted_language(request, who.language),
        status=409 if is_taken else 200,
        who=who,
        new=masked(new) if new else "",
        is_done=is_done,
        is_taken=is_taken,
        preferences=app.keys.sign(Purpose.PREFERENCES, who.subscriber_id, 0),
    )
