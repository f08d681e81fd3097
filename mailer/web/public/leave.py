"""/unsubscribe: GET shows a page and changes nothing; POST leaves, at once, without a login; RFC 8058 with one click."""

from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse, Response
from fastapi.routing import APIRoute
from sqlalchemy.orm import Session

from mailer.app import App
from mailer.base.errors import NotFound, WrongInput
from mailer.base.tables import CampaignId, SubscriberId
from mailer.base.tokens import Purpose
from mailer.feedback.events import record_opt_out
from mailer.web.dependencies import AppOf, NoLongerOnRecord
from mailer.web.pages import public_page, same_page, wanted_language
from mailer.web.public.pauses import PAUSES, pause_end
from mailer.web.public.persons import NOBODY, bearer, campaign_audiences, read_link
from subscribers import joining
from subscribers.audiences import audience_names

ONE_CLICK = b"List-Unsubscribe=One-Click"
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class OneClickRoute(APIRoute):
    """Answers the POST of RFC 8058 before forms and dependencies are looked at: a storm of them is the hottest path."""

    def get_route_handler(self) -> Handler:
        """What answers a request: itself, or for any other body the route as it is written."""
        otherwise = super().get_route_handler()

        async def answer(request: Request) -> Response:
            if request.method == "POST" and (await request.body()).strip() == ONE_CLICK:
                return await run_in_threadpool(one_click, request)
            return await otherwise(request)

        return answer


router = APIRouter(include_in_schema=False, route_class=OneClickRoute)

LIVE = ("subscribed", "paused", "unconfirmed")


@router.get("/unsubscribe/{token}")
def show(request: Request, token: str, app: AppOf) -> Response:
    """The page, from which one press leaves; opening it changes nothing."""
    with app.database.read() as session:
        who = bearer(session, app, Purpose.UNSUBSCRIBE, token)
        names = audience_names(session)
        sent_to = campaign_audiences(request).of(session, who.campaign_id)
    live = sent_to if who.is_test else who.audiences(*LIVE)
    these = [names[slug] for slug in live if slug in sent_to]
    return public_page(
        request,
        "public/unsubscribe.html",
        wanted_language(request, who.language),
        who=who,
        these=these if len(these) < len(live) or who.is_test else [],
        all_names=[names[slug] for slug in live],
        left=[names[slug] for slug in who.audiences("unsubscribed")],
        pauses=PAUSES,
        has_left=not live,
        has_left_these=bool(sent_to) and not these,
        preferences=app.keys.sign(Purpose.PREFERENCES, who.subscriber_id, who.campaign_id),
    )


def one_click(request: Request) -> Response:
    """Leave the audiences of the letter whose link this is; 200 without cookie, redirect or script (RFC 8058 §3.2)."""
    app: App = request.app.state.app
    subscriber_id, campaign_id = read_link(app, Purpose.UNSUBSCRIBE, request.path_params["token"])
    with suppress(NoLongerOnRecord):  # whoever was erased gets nothing: what was asked for is so
        _leave(request, app, subscriber_id, campaign_id, what="these", months=0, reason="", source="one-click")
    return PlainTextResponse("You are unsubscribed.")


@router.post("/unsubscribe/{token}")
def leave(
    request: Request,
    token: str,
    app: AppOf,
    sent_one_click: Annotated[str, Form(alias="List-Unsubscribe")] = "",
    what: Annotated[str, Form()] = "these",
    months: Annotated[int, Form()] = 0,
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Leave these audiences or everything, pause, or take it back; a form that holds the one click among others does too."""
    if sent_one_click:
        return one_click(request)
    subscriber_id, campaign_id = read_link(app, Purpose.UNSUBSCRIBE, token)
    _leave(request, app, subscriber_id, campaign_id, what=what, months=months, reason=reason.strip(), source="page")
    return same_page(request)


def _leave(
    request: Request,
    app: App,
    subscriber_id: SubscriberId,
    campaign_id: CampaignId,
    *,
    what: str,
    months: int,
    reason: str,
    source: str,
) -> None:
    """One transaction; the link of a test copy changes nothing.

    Raises:
        NoLongerOnRecord: the person was erased.
    """
    if subscriber_id == NOBODY:
        return
    try:
        with app.database.begin() as session:
            slugs = campaign_audiences(request).of(session, campaign_id)
            _decide(session, app.clock(), subscriber_id, campaign_id, Decision(what, slugs, months, reason, source))
    except NotFound as error:
        raise NoLongerOnRecord from error


@dataclass(frozen=True, slots=True)
class Decision:
    """What was pressed; `slugs` are the campaign's audiences, none if it is gone; `source` tells people from programs."""

    what: str
    slugs: tuple[str, ...]
    months: int
    reason: str
    source: str


def _decide(
    session: Session, now: datetime, subscriber_id: SubscriberId, campaign_id: CampaignId, decision: Decision
) -> None:
    """Do what was pressed, with as few statements as it takes: after a large send a thousand arrive at once.

    Raises:
        NotFound: the person was erased.
        WrongInput: there is no such button.
    """
    source = f"{decision.source}, campaign {campaign_id}" if campaign_id else decision.source
    match decision.what:
        case "these" | "all":
            left = joining.unsubscribe(
                session,
                subscriber_id,
                audience_slugs=(decision.slugs if decision.what == "these" else ()) or None,
                now=now,
                source=source,
                reason=decision.reason,
            )
            if left and decision.slugs:
                record_opt_out(session, campaign_id, subscriber_id, now=now)
        case "pause":
            joining.pause(session, subscriber_id, until=pause_end(now, decision.months), now=now, source=source)
        case "unpause":
            joining.unpause(session, subscriber_id, now=now, source=source)
        case "undo":
            joining.undo_leave(session, subscriber_id, now=now, source=source)
        case _:
            raise WrongInput("there is no such button", do="open the link in the letter again and press one there")
