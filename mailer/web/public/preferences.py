"""/preferences: which audiences, under which name, in which language; pause; leave everything; take it back."""

import json
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from mailer.app import App
from mailer.base.errors import WrongInput
from mailer.base.limits import MAILS_TO_ADDRESS
from mailer.base.tokens import Purpose
from mailer.delivery import notices
from mailer.feedback.subject_access import everything_about
from mailer.web.dependencies import AppOf
from mailer.web.pages import public_page, same_page, see_other, wanted_language
from mailer.web.public.pauses import PAUSES, pause_end
from mailer.web.public.persons import NOBODY, Bearer, bearer, read_link
from subscribers import audiences, erasure, find_address, joining, moving
from subscribers.audiences import AudienceRow

router = APIRouter(include_in_schema=False)

SOURCE = "preferences page"
NOTICES = ("saved", "paused", "left", "undone", "address")


@router.get("/preferences/{token}")
def show(request: Request, token: str, app: AppOf, done: str = "") -> Response:
    """The page; opening it changes nothing."""
    return _page(request, app, token, done=done)


@router.post("/preferences/{token}")
def save(
    request: Request,
    token: str,
    app: AppOf,
    what: Annotated[str, Form()] = "save",
    name: Annotated[str, Form(max_length=200)] = "",
    language: Annotated[str, Form(max_length=35)] = "",
    audience: Annotated[list[str] | None, Form()] = None,
    months: Annotated[str, Form(max_length=10)] = "keep",
) -> Response:
    """Do what was pressed; nothing, in a test copy."""
    subscriber_id, _ = read_link(app, Purpose.PREFERENCES, token)
    done = ""
    if subscriber_id != NOBODY:
        with app.database.begin() as session:
            who = bearer(session, app, Purpose.PREFERENCES, token)
            if what == "save":
                done = _save(session, app, who, name=name, language=language, wanted=audience or [], months=months)
            elif what == "all":
                joining.unsubscribe(session, subscriber_id, audience_slugs=None, now=app.clock(), source=SOURCE)
                done = "left"
            elif what == "undo":
                joining.undo_leave(session, subscriber_id, now=app.clock(), source=SOURCE)
                done = "undone"
            else:
                raise WrongInput("there is no such button", do="open the link in the letter again and press one there")
    return same_page(request, done=done)


@router.post("/preferences/{token}/address")
def move(request: Request, token: str, app: AppOf, address: Annotated[str, Form(max_length=400)] = "") -> Response:
    """Mail a link to another address; the page says the same whether or not somebody has it already."""
    now, wrong = app.clock(), ""
    with app.database.begin() as session:
        who = bearer(session, app, Purpose.PREFERENCES, token)
        try:
            key = find_address(address).key
        except WrongInput:
            wrong = "join_no_address"
        if not wrong and not who.is_test:
            if not MAILS_TO_ADDRESS.allows(session, key, keys=app.keys, now=now):
                wrong = "too_often"
            else:
                asked = moving.ask_to_move(session, who.subscriber_id, address, keys=app.keys, now=now)
                if asked is not None:
                    notices.ask_to_move(session, asked, now=now)
    if wrong:
        return _page(request, app, token, wrong_address=wrong, new_address=address)
    return see_other(f"/preferences/{token}?done=address")


@router.post("/preferences/{token}/data")
def download(token: str, app: AppOf) -> Response:
    """Everything on record about this person, as a file; a button, so that no scanner fetches it."""
    with app.database.read() as session:
        who = bearer(session, app, Purpose.PREFERENCES, token)
        known = everything_about(session, who.person) if who.person else {}
    return Response(
        json.dumps(known, ensure_ascii=False, indent=2, default=str),
        media_type="application/json",
        headers={"content-disposition": 'attachment; filename="my-data.json"'},
    )


@router.post("/preferences/{token}/erase")
def erase_me(request: Request, token: str, app: AppOf, address: Annotated[str, Form(max_length=400)] = "") -> Response:
    """Forget this person; the address is asked for, because a letter may have been forwarded with its links."""
    with app.database.begin() as session:
        who = bearer(session, app, Purpose.PREFERENCES, token)
        is_theirs = who.person is not None and address.strip().casefold() == who.person.email.casefold()
        if is_theirs:
            erasure.erase(session, who.subscriber_id, keys=app.keys, now=app.clock(), actor="subscriber")
    if not is_theirs:
        return _page(request, app, token, not_erased=True)
    return public_page(request, "public/erased.html", wanted_language(request, who.language), may_ask_again=False)


def _page(
    request: Request,
    app: App,
    token: str,
    *,
    done: str = "",
    not_erased: bool = False,
    wrong_address: str = "",
    new_address: str = "",
) -> Response:
    with app.database.read() as session:
        who = bearer(session, app, Purpose.PREFERENCES, token)
        offered = _offered(session, who)
    language = wanted_language(request, who.language)
    mine = who.audiences("subscribed", "paused", "unconfirmed")
    return public_page(
        request,
        "public/preferences.html",
        language,
        status=409 if not_erased else 422 if wrong_address else 200,
        token=token,
        who=who,
        offered=offered,
        mine=mine,
        own_language=request.app.state.pages.languages.best(who.language).code if who.language else language.code,
        pauses=PAUSES,
        has_left=bool(who.person) and not mine,
        done=done if done in NOTICES and not who.is_test else "",
        not_erased=not_erased,
        wrong_address=wrong_address,
        new_address=new_address,
    )


def _save(session: Session, app: App, who: Bearer, *, name: str, language: str, wanted: list[str], months: str) -> str:
    """Write down what the form says; gives what the page is to say."""
    now = app.clock()
    if language and language not in app.languages.codes and language != who.language:
        raise WrongInput(f"{language!r} is not offered", do=f"choose one of {', '.join(app.languages.codes)}")
    joining.set_preferences(
        session,
        who.subscriber_id,
        name=name,
        audience_slugs=wanted,
        # A language that these pages do not speak stands on the form as the one that they speak instead.
        language=language if language and language != app.languages.best(who.language).code else None,
        wording="Chosen on the preferences page",
        now=now,
        source=SOURCE,
    )
    if months == "0":
        joining.unpause(session, who.subscriber_id, now=now, source=SOURCE)
    elif months != "keep":
        if not months.isdecimal():
            raise WrongInput(f"{months!r} is no number of months", do="choose 1, 3 or 6 months")
        joining.pause(session, who.subscriber_id, until=pause_end(now, int(months)), now=now, source=SOURCE)
        return "paused"
    return "saved" if wanted else "left"


def _offered(session: Session, who: Bearer) -> list[AudienceRow]:
    """The public audiences, and the private ones that this person has been in."""
    known = {membership.slug for membership in who.person.audiences} if who.person else set()
    return [row for row in audiences.list_audiences(session) if row.is_public or row.slug in known]
