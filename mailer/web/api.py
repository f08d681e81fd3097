"""/api/v1: the same deeds for scripts, with a bearer token; errors are problems (RFC 9457). /docs shows it without scripts."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from mailer import accounts, campaigns, delivery
from mailer.accounts import Account
from mailer.app import App
from mailer.base.errors import NotAllowed, NotFound
from mailer.web.dependencies import AppOf
from mailer.web.pages import page
from subscribers import audiences, joining, people

router = APIRouter()
bearer = HTTPBearer(auto_error=False, description="A token made under Settings or by `mailer token add`.")


class Problem(BaseModel):
    """What went wrong, and what to do (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str


PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "No valid token"},
    404: {"model": Problem, "description": "There is none"},
    409: {"model": Problem, "description": "The state of things forbids it"},
    422: {"model": Problem, "description": "Wrong input"},
}


def script(app: AppOf, given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> Account:
    """Whose script asks.

    Raises:
        HTTPException: 401, it has no valid token.
    """
    account = None
    if given is not None:
        with app.database.read() as session:
            account = accounts.token_user(session, given.credentials)
    if account is None:
        raise HTTPException(401, "this needs a valid token", headers={"WWW-Authenticate": "Bearer"})
    return account


Script = Annotated[Account, Depends(script)]
v1 = APIRouter(prefix="/api/v1", responses=PROBLEMS)


class Strict(BaseModel):
    """A body that holds nothing unknown."""

    model_config = ConfigDict(extra="forbid")


class NewCampaign(Strict):
    """An issue, and who is to get it."""

    issue: str = Field(max_length=200, description="the issue's slug")
    audiences: list[str] = Field(min_length=1, max_length=6)


class Schedule(Strict):
    """A release."""

    at: str = Field(max_length=100, description="`now`, an ISO time with offset, or a local time and a zone")
    count: int = Field(ge=0, le=2**53, description="the number of people who get it, as `GET …/plan` told it")
    accept: list[str] = Field(default=[], description="the codes of the warnings that are accepted")


class NewSubscriber(Strict):
    """A person."""

    email: str = Field(max_length=400)
    name: str = Field(default="", max_length=200)
    audiences: list[str] = Field(default=[], max_length=100)
    status: Literal["unconfirmed", "subscribed"] = "unconfirmed"
    consent: str = Field(default="", max_length=2000, description="needed for `subscribed`: what they agreed to")


Id = Annotated[str, Path(max_length=400)]


@v1.get("/campaigns")
def list_campaigns(app: AppOf, _script: Script) -> list[dict[str, Any]]:
    """All campaigns, the newest first."""
    with app.database.read() as session:
        return [_campaign(row) for row in campaigns.list_campaigns(session)]


@v1.post("/campaigns", status_code=201)
def create_campaign(body: NewCampaign, app: AppOf, who: Script) -> dict[str, Any]:
    """Make a draft of the issue's newest revision."""
    with app.database.begin() as session:
        row = campaigns.issue(session, body.issue)
        made = campaigns.create_from_revision(
            session, row.revision_id, audiences=body.audiences, now=app.clock(), actor=_actor(who)
        )
        return _campaign(campaigns.campaign(session, str(made)))


@v1.get("/campaigns/{campaign_id}")
def show_campaign(campaign_id: Id, app: AppOf, _script: Script) -> dict[str, Any]:
    """The state and the counts of a campaign."""
    with app.database.read() as session:
        row = campaigns.campaign(session, campaign_id)
        return {**_campaign(row), "counts": delivery.progress(session, row.id).as_dict()}


@v1.get("/campaigns/{campaign_id}/plan")
def plan_campaign(campaign_id: Id, app: AppOf, _script: Script) -> dict[str, Any]:
    """Who would get it now, why others would not, and what the check finds."""
    with app.database.read() as session:
        row = campaigns.campaign(session, campaign_id)
        plan = campaigns.plan(session, row.id, now=app.clock())
    return {
        "count": plan.count,
        "by_audience": dict(plan.by_audience),
        "exclusions": dict(plan.exclusions),
        "findings": [
            {"place": str(f.place), "level": f.level, "code": f.code, "message": f.message} for f in plan.findings
        ],
    }


@v1.post("/campaigns/{campaign_id}/schedule")
def schedule_campaign(campaign_id: Id, body: Schedule, app: AppOf, who: Script) -> dict[str, Any]:
    """Release it for a time; the count must be the one that would get it now."""
    now = app.clock()
    send_at, zone = campaigns.parse_when(body.at, zone=app.settings.sender.zone, now=now)
    app.settings.refuse_placeholders(app.base_url)
    with app.database.begin() as session:
        row = campaigns.campaign(session, campaign_id)
        count = campaigns.plan(session, row.id, now=now).count
        if count != body.count:
            raise NotAllowed(f"{count:,} people would get it, not {body.count:,}", do="look at the plan again")
        campaigns.schedule(
            session,
            row.id,
            send_at=max(send_at, now + app.settings.release.cooling_off),
            zone=zone,
            now=now,
            actor=_actor(who),
            frame=app.frame(session, slug=row.slug),
            accept_warnings=set(body.accept),
            formula_cache=app.formula_cache,
        )
        return _campaign(campaigns.campaign(session, str(row.id)))


@v1.post("/campaigns/{campaign_id}/pause")
def pause_campaign(campaign_id: Id, app: AppOf, who: Script) -> dict[str, Any]:
    """Hold it; it takes effect within one batch."""
    return _decide(app, who, campaign_id, campaigns.pause)


@v1.post("/campaigns/{campaign_id}/resume")
def resume_campaign(campaign_id: Id, app: AppOf, who: Script) -> dict[str, Any]:
    """Let it go on."""
    return _decide(app, who, campaign_id, campaigns.resume)


@v1.post("/campaigns/{campaign_id}/cancel")
def cancel_campaign(campaign_id: Id, app: AppOf, who: Script) -> dict[str, Any]:
    """End it for good."""
    return _decide(app, who, campaign_id, campaigns.cancel)


@v1.post("/campaigns/{campaign_id}/recall")
def recall_campaign(campaign_id: Id, app: AppOf, who: Script) -> dict[str, Any]:
    """Make a scheduled campaign a draft again."""
    return _decide(app, who, campaign_id, campaigns.recall)


@v1.get("/audiences")
def list_audiences(app: AppOf, _script: Script) -> list[dict[str, Any]]:
    """All audiences that are not archived."""
    with app.database.read() as session:
        return [
            {"slug": row.slug, "name": row.name, "description": row.description, "subscribed": row.subscribed}
            for row in audiences.list_audiences(session)
        ]


@v1.get("/subscribers")
def list_subscribers(
    app: AppOf,
    _script: Script,
    search: Annotated[str, Query(max_length=200)] = "",
    audience: Annotated[str | None, Query(max_length=64)] = None,
    status: Annotated[
        Literal["unconfirmed", "subscribed", "paused", "unsubscribed", "suppressed"] | None, Query()
    ] = None,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> dict[str, Any]:
    """A page of people; `next_after` begins the next one, null at the end."""
    with app.database.read() as session:
        found = people.list_people(
            session, search=search, audience=audience, status=status, after=after, limit=limit, now=app.clock()
        )
    return {"subscribers": [person.as_dict() for person in found.people], "next_after": found.next_after}


@v1.post("/subscribers", status_code=201)
def add_subscriber(body: NewSubscriber, app: AppOf, who: Script) -> dict[str, Any]:
    """Add a person; as subscribed only with the consent that they gave."""
    now = app.clock()
    with app.database.begin() as session:
        made = people.add_person(
            session,
            body.email,
            name=body.name,
            audience_slugs=body.audiences,
            status=body.status,
            consent=body.consent,
            source="api",
            keys=app.keys,
            now=now,
            actor=_actor(who),
        )
        person = people.person_by_id(session, made, now=now)
    return person.as_dict() if person else {}


@v1.get("/subscribers/{email_or_id}")
def show_subscriber(email_or_id: Id, app: AppOf, _script: Script) -> dict[str, Any]:
    """A person, by address or public id."""
    with app.database.read() as session:
        return people.find_person(session, email_or_id, now=app.clock()).as_dict()


@v1.post("/subscribers/{email_or_id}/unsubscribe")
def unsubscribe_subscriber(email_or_id: Id, app: AppOf, who: Script) -> dict[str, Any]:
    """Take a person out of everything."""
    now = app.clock()
    with app.database.begin() as session:
        person = people.find_person(session, email_or_id, now=now)
        joining.unsubscribe(session, person.id, audience_slugs=None, now=now, source="api", actor=_actor(who))
        return people.find_person(session, email_or_id, now=now).as_dict()


@router.get("/docs", include_in_schema=False)
def docs(request: Request) -> Response:
    """The API on one page, made of its own description."""
    described: dict[str, Any] = request.app.openapi()
    operations = [
        (method.upper(), path, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]
    return page(request, "manager/docs.html", operations=operations, schemas=described["components"]["schemas"])


@v1.get("/{rest:path}", include_in_schema=False)
def unknown(rest: str) -> Response:
    """Nothing is here."""
    raise NotFound(f"there is no /api/v1/{rest}", do="see /docs")


router.include_router(v1)


def _decide(app: App, who: Account, campaign_id: str, deed: Any) -> dict[str, Any]:
    with app.database.begin() as session:
        row = campaigns.campaign(session, campaign_id)
        deed(session, row.id, now=app.clock(), actor=_actor(who))
        return _campaign(campaigns.campaign(session, str(row.id)))


def _actor(who: Account) -> str:
    return f"{who.actor} by api"


def _campaign(row: campaigns.CampaignRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "slug": row.slug,
        "title": row.title,
        "state": row.state,
        "reason": row.reason,
        "audiences": list(row.audiences),
        "scheduled_at": _iso(row.scheduled_at),
        "zone": row.zone,
        "release_hash": row.release_hash,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
