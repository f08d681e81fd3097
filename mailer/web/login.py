"""/login: a one-time link goes to whoever may sign in; its GET shows a button, the POST uses it up."""

import sys
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, Form, Request
from fastapi.responses import Response

from mailer import accounts
from mailer.app import App
from mailer.base.errors import NotFound
from mailer.base.limits import LINKS_BY_ADDRESS, LINKS_BY_NETWORK
from mailer.delivery import notices
from mailer.web.dependencies import AppOf, Manager
from mailer.web.pages import page, see_other
from mailer.web.security import drop_session, network_of, no_nul, session_secret, set_session

router = APIRouter(include_in_schema=False, dependencies=[Depends(no_nul)])


@router.get("/login")
def show(request: Request) -> Response:
    """Who are you?"""
    return page(request, "manager/login.html")


@router.post("/login")
def ask(request: Request, app: AppOf, tasks: BackgroundTasks, email: Annotated[str, Form(max_length=400)]) -> Response:
    """Give a link to whoever may sign in; the page says the same to everybody, and at once."""
    now = app.clock()
    with app.database.begin() as session:
        allowed = LINKS_BY_NETWORK.allows(session, network_of(request), keys=app.keys, now=now) and (
            LINKS_BY_ADDRESS.allows(session, email.strip().casefold(), keys=app.keys, now=now)
        )
    if allowed:
        tasks.add_task(_give_link, app, email)
    return page(request, "manager/login_sent.html", email=email.strip(), is_embedded=app.settings.is_embedded)


@router.get("/login/{secret}")
def offer(request: Request, secret: str, app: AppOf) -> Response:
    """A button: a mail scanner that opens the link signs nobody in, and does not use it up."""
    with app.database.read() as session:
        usable = accounts.is_login_link(session, secret, now=app.clock())
    return page(request, "manager/login_link.html", status=200 if usable else 404, usable=usable)


@router.post("/login/{secret}")
def enter(request: Request, secret: str, app: AppOf) -> Response:
    """Use the link up and sign in."""
    now = app.clock()
    with app.database.begin() as session:
        account = accounts.use_login(session, secret, now=now)
        session_of_browser = accounts.new_session(session, account.id, now=now)
    answer = see_other("/")
    set_session(request, answer, session_of_browser)
    return answer


@router.post("/logout")
def leave(request: Request, app: AppOf, _manager: Manager) -> Response:
    """End the session, here and in the database."""
    with app.database.begin() as session:
        accounts.end_session(session, session_secret(request))
    answer = see_other("/login", "signed-out")
    drop_session(request, answer)
    return answer


def _give_link(app: App, email: str) -> None:
    """Print the link where everything runs in one process, whose terminal is the manager's; else mail it."""
    now = app.clock()
    with app.database.begin() as session:
        try:
            account = accounts.find_user(session, email)
        except NotFound:
            return
        secret = accounts.login_link(session, account.id, now=now)
    link = f"{app.base_url}/login/{secret}"
    if app.settings.is_embedded:
        print(f"sign in   {link}   (once, within 30 minutes)", file=sys.stderr, flush=True)  # noqa: T201
    if app.settings.smtp.relays:
        notices.send_login_link(
            app.relay, app.composer, app.languages, to=account.email, name=account.name, link=link, now=now
        )
