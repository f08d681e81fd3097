"""/subscribe and /confirm: the same answer, in the same time, for every address; a link that only a press makes count."""

import time
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from mailer.app import App
from mailer.base.errors import NotFound, WrongInput
from mailer.base.tokens import Purpose
from mailer.delivery import notices
from mailer.web.dependencies import AppOf
from mailer.web.pages import public_page, same_page, wanted_language
from mailer.web.public.persons import bearer, read_link
from mailer.web.security import Limits, limits_of, network_of
from subscribers import audiences, joining
from subscribers.joining import ToConfirm

router = APIRouter(include_in_schema=False)

ANSWER_SECONDS: Final = 0.25
"""Every sign-up is answered after this time: how long it takes tells nothing about the address."""
HUMAN_SECONDS: Final = 1
FORM_LIFETIME_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class Filled:
    """What somebody wrote into the form."""

    email: str = ""
    name: str = ""
    ticked: tuple[str, ...] = ()


@router.get("/subscribe")
def show(request: Request, app: AppOf, audience: str = "") -> Response:
    """The form; `audience` ticks one."""
    return _form(request, app, Filled(ticked=(audience,) if audience else ()))


@router.post("/subscribe")
def sign_up(
    request: Request,
    app: AppOf,
    email: Annotated[str, Form(max_length=400)] = "",
    name: Annotated[str, Form(max_length=200)] = "",
    audience: Annotated[list[str] | None, Form()] = None,
    website: Annotated[str, Form()] = "",
    stamp: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Ask the address's owner by mail, unless there is nothing to ask; the page says the same either way.

    `website` is hidden from people: what fills it in is a robot, and hears the same answer.
    """
    began = time.monotonic()
    language = wanted_language(request)
    filled = Filled(email, name, tuple(audience or ()))
    wrong = ""
    limits = limits_of(request)
    if not limits.sign_ups_by_network.allows(network_of(request)):
        wrong = "join_too_often"
    elif not website:
        wrong = _ask(app, filled, limits, language=language.code, stamp=stamp, wording=language["join_wording"])
    if wrong:
        status = 429 if wrong == "join_too_often" else 422
        return _form(request, app, filled, wrong=language[wrong], status=status)
    time.sleep(max(0.0, ANSWER_SECONDS - (time.monotonic() - began)))
    return public_page(request, "public/subscribed.html", language, email=email.strip())


@router.get("/confirm/{token}")
def ask_confirmation(request: Request, token: str, app: AppOf) -> Response:
    """A button; a mail scanner that opens the link confirms nobody."""
    with app.database.read() as session:
        who = bearer(session, app, Purpose.CONFIRM, token)
        rows = {row.slug: row for row in audiences.list_audiences(session)}
    waiting = [rows[slug] for slug in who.audiences("unconfirmed") if slug in rows]
    live = [rows[slug] for slug in who.audiences("subscribed", "paused") if slug in rows]
    return public_page(
        request,
        "public/confirm.html",
        wanted_language(request, who.language),
        who=who,
        waiting=waiting,
        live=live,
        preferences=app.keys.sign(Purpose.PREFERENCES, who.subscriber_id, 0),
    )


@router.post("/confirm/{token}")
def confirm(request: Request, token: str, app: AppOf) -> Response:
    """It was really this person; pressed twice, it is the same."""
    subscriber_id, _ = read_link(app, Purpose.CONFIRM, token)
    if subscriber_id:
        with app.database.begin() as session:
            joining.confirm(session, subscriber_id, now=app.clock(), source="confirmation link")
    return same_page(request)


def _ask(app: App, filled: Filled, limits: Limits, *, language: str, stamp: str, wording: str) -> str:
    """Write the wish down and let a confirmation be mailed; gives the phrase of what is wrong with the form, if anything."""
    if not _is_fresh(app, stamp):
        return "join_again"
    if not filled.ticked:
        return "join_no_audience"
    if not limits.sign_ups_by_address.allows(filled.email.strip().casefold()):
        return ""
    now = app.clock()
    try:
        with app.database.begin() as session:
            asked = joining.subscribe(
                session,
                filled.email,
                name=filled.name,
                language=language,
                audience_slugs=filled.ticked,
                wording=wording,
                source="sign-up page",
                keys=app.keys,
                now=now,
            )
            if isinstance(asked, ToConfirm):
                notices.queue(session, "confirm", asked.subscriber_id, now=now)
    except WrongInput:
        return "join_no_address"
    except NotFound:
        return "join_no_audience"
    return ""


def _is_fresh(app: App, stamp: str) -> bool:
    """Whether a form was filled by hand and lately; one without a stamp is embedded in somebody's own page."""
    if not stamp:
        return True
    try:
        (shown_at,) = app.keys.read(Purpose.FORM, stamp)
    except (NotFound, ValueError):
        return False
    age = app.clock().timestamp() - shown_at
    return HUMAN_SECONDS <= age <= FORM_LIFETIME_SECONDS


def _form(request: Request, app: App, filled: Filled, *, wrong: str = "", status: int = 200) -> Response:
    with app.database.read() as session:
        offered = [row for row in audiences.list_audiences(session) if row.is_public]
    return public_page(
        request,
        "public/subscribe.html",
        wanted_language(request),
        status=status,
        offered=offered,
        filled=filled,
        ticked=filled.ticked or [row.slug for row in offered if len(offered) == 1],
        wrong=wrong,
        stamp=app.keys.sign(Purpose.FORM, int(app.clock().timestamp())),
    )
