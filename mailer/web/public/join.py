"""/subscribe and /confirm: the same answer, and the same work before it, for every address; a link that only a press makes count."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from mailer.app import App
from mailer.base.errors import NotFound, WrongInput
from mailer.base.languages import Language
from mailer.base.limits import MAILS_TO_ADDRESS, SIGN_UPS_BY_NETWORK
from mailer.base.tokens import Purpose
from mailer.web.dependencies import AppOf
from mailer.web.pages import public_page, same_page, wanted_language
from mailer.web.public import stamps
from mailer.web.public.persons import bearer, read_link
from mailer.web.security import network_of
from subscribers import audiences, find_address, joining, sign_ups

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Filled:
    """What somebody wrote into the form."""

    email: str = ""
    name: str = ""
    ticked: tuple[str, ...] = ()


@router.get("/subscribe")
def show(request: Request, app: AppOf, audience: Annotated[list[str] | None, Query()] = None) -> Response:
    """The form; each `audience` ticks one."""
    return _form(request, app, Filled(ticked=tuple(audience or ())), wanted_language(request))


@router.post("/subscribe")
def sign_up(
    request: Request,
    app: AppOf,
    email: Annotated[str, Form(max_length=400)] = "",
    name: Annotated[str, Form(max_length=200)] = "",
    audience: Annotated[list[str] | None, Form()] = None,
    website: Annotated[str, Form()] = "",
    stamp: Annotated[str, Form(max_length=100)] = "",
    language: Annotated[str, Form(max_length=35)] = "",
) -> Response:
    """Write the wish down and say the same for every address; its owner is asked by mail, by whoever works.

    `website` is hidden from people: what fills it in is a robot, and hears the same answer.
    """
    spoken = wanted_language(request, language)
    filled = Filled(email, name, tuple(audience or ()))
    now, wrong = app.clock(), ""
    with app.database.begin() as session:
        if not SIGN_UPS_BY_NETWORK.allows(session, network_of(request), keys=app.keys, now=now):
            wrong = "join_too_often"
        elif not website:
            wrong = _write_down(session, app, filled, spoken, stamp=stamp, now=now)
    if wrong:
        status = 429 if wrong == "join_too_often" else 422
        return _form(request, app, filled, spoken, wrong=wrong, status=status)
    return public_page(request, "public/subscribed.html", spoken, email=email.strip())


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


def _write_down(session: Session, app: App, filled: Filled, language: Language, *, stamp: str, now: datetime) -> str:
    """Take the form in; gives the phrase of what is wrong with it, if anything."""
    if not stamps.is_fresh(app.keys, stamp, now=now):
        return "join_again"
    if not filled.ticked:
        return "join_no_audience"
    try:
        key = find_address(filled.email).key
    except WrongInput:
        return "join_no_address"
    if not MAILS_TO_ADDRESS.allows(session, key, keys=app.keys, now=now):
        return ""
    try:
        sign_ups.write_down(
            session,
            filled.email,
            name=filled.name,
            language=language.code,
            audience_slugs=filled.ticked,
            wording=language["join_wording"],
            source="sign-up page",
            now=now,
        )
    except NotFound:
        return "join_no_audience"
    return ""


def _form(
    request: Request, app: App, filled: Filled, language: Language, *, wrong: str = "", status: int = 200
) -> Response:
    with app.database.read() as session:
        offered = [row for row in audiences.list_audiences(session) if row.is_public]
    return public_page(
        request,
        "public/subscribe.html",
        language,
        status=status,
        offered=offered,
        filled=filled,
        ticked=filled.ticked or [row.slug for row in offered if len(offered) == 1],
        wrong=wrong,
        reminds=bool(app.settings.join.remind_after),
        stamp=stamps.stamp(app.keys, now=app.clock()),
    )
