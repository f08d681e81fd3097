"""/api/v1/campaigns: drafts of stored issues, their release, their course."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from mailer import campaigns, delivery
from mailer.base.errors import NotAllowed, NotFound
from mailer.base.wording import counted_people
from mailer.campaigns import CampaignRow, Decision, IssueRow
from mailer.feedback.engagement import engagement
from mailer.web.api.access import Call, may, may_read
from mailer.web.api.shapes import Cursor, Given, Id, Limit, Line, Listed, Listing, WholeNumber, cursor_to, read_cursor

router = APIRouter(tags=["campaigns"])
Reader = Annotated[Call, may_read("campaigns:read")]
Writer = Annotated[Call, may("campaigns:write")]
Sender = Annotated[Call, may("campaigns:send")]


class NewCampaign(Given):
    """An issue, and who is to get it."""

    issue: Line = Field(description="the issue's slug")
    audiences: list[Line] = Field(min_length=1, max_length=6)
    segments: list[Line] = Field(
        default=[], max_length=20, description="of these only people in at least one of these segments"
    )
    exclude: list[Line] = Field(default=[], max_length=20, description="nobody in any of these segments")


class CampaignChanges(Given):
    """What of a draft is to be different; what is not named stays."""

    issue: Line | None = Field(
        default=None, description="the issue's slug: its newest text is taken, also if it is the same issue"
    )
    audiences: list[Line] | None = Field(default=None, min_length=1, max_length=6)
    segments: list[Line] | None = Field(default=None, max_length=20)
    exclude: list[Line] | None = Field(default=None, max_length=20)


class Schedule(Given):
    """A release."""

    at: str = Field(max_length=100, description="`now`, an ISO time with offset, or a local time and a zone")
    count: WholeNumber = Field(ge=0, le=2**53, description="the number of people who get it, as `GET …/plan` told it")
    accept: list[Line] = Field(default=[], max_length=100, description="the codes of the warnings that are accepted")


class Campaign(BaseModel):
    """A campaign; `reason` says why it is paused, `detail` the particulars, or what holds it up at work."""

    id: int
    slug: str
    title: str
    state: Literal["draft", "scheduled", "preparing", "sending", "paused", "sent", "cancelled", "failed"]
    reason: str
    detail: str
    audiences: list[str]
    segments: list[str]
    exclude: list[str]
    scheduled_at: datetime | None
    zone: str
    release_hash: str
    uncertain_rule: Literal["resend", "leave"]
    canary: int = Field(description="how many are in the first wave that the rest waits for; 0 is none")
    canary_until: datetime | None = Field(description="when the first wave is judged; null before it is out")
    despite_refusals: bool
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, row: CampaignRow) -> Self:
        """A campaign as it is shown."""
        return cls.model_validate(row.as_dict())


class HeldBack(BaseModel):
    """Recipients who wait for their domain: how many, until when the first of them, and why most of them."""

    count: int
    until: datetime
    reason: str
    other_reasons: int


class Progress(Campaign):
    """A campaign with its recipients by what became of them; the counts are disjoint and add up."""

    counts: dict[str, int]
    might_have_got_it_twice: int
    rate: float = Field(description="messages a second that the relay answered in the last minutes")
    finishes_at: datetime | None = Field(description="when the rest will be done at this pace; null where nobody knows")
    held_back: HeldBack | None = Field(description="whom the pace of their domains holds back; null where it is nobody")


class Campaigns(Listed):
    """A page of campaigns, the newest first."""

    campaigns: list[Campaign]


class Finding(BaseModel):
    """What the check found."""

    place: str
    level: str
    code: str
    message: str


class Plan(BaseModel):
    """Who would get it now, why others would not, and what the check finds."""

    count: int
    by_audience: Mapping[str, int]
    exclusions: Mapping[str, int] = Field(
        description="why others would not, each counted once: `suppressed`, `unsubscribed`, `paused`, `unconfirmed`, "
        "`outside` the segments, `excluded` by one"
    )
    findings: list[Finding]


@router.get("/campaigns")
def list_campaigns(call: Reader, cursor: Cursor = None, limit: Limit = 50) -> Campaigns:
    """A page of campaigns, the newest first."""
    before = read_cursor(call.app.keys, Listing.CAMPAIGNS, cursor)
    with call.app.database.read() as session:
        rows = [row for row in campaigns.list_campaigns(session) if before is None or row.id < before]
    last = rows[limit - 1].id if len(rows) > limit else None
    return Campaigns(
        campaigns=[Campaign.of(row) for row in rows[:limit]],
        next_cursor=cursor_to(call.app.keys, Listing.CAMPAIGNS, last),
    )


@router.post("/campaigns", status_code=201, response_model=Campaign)
def create_campaign(body: NewCampaign, call: Writer) -> Response:
    """Make a draft of the issue's newest revision."""

    def create(session: Session) -> Campaign:
        row = _issue_named(session, body.issue)
        made = campaigns.create(
            session,
            row.revision_id,
            audiences=body.audiences,
            wanted=body.segments,
            excluded=body.exclude,
            now=call.now,
            actor=call.actor,
            uncertain_rule=call.app.settings.release.uncertain,
        )
        return Campaign.of(campaigns.row(session, made))

    return call.once(create, status=201)


def _issue_named(session: Session, slug: str) -> IssueRow:
    """The issue that a body names; an unknown one is a conflict, because what was called is there."""
    try:
        return campaigns.issue(session, slug)
    except NotFound as error:
        raise NotAllowed(error.message, do=error.do) from error


@router.get("/campaigns/{campaign_id}")
def show_campaign(campaign_id: Id, call: Reader) -> Progress:
    """The state, the counts and the pace of a campaign, by id or slug."""
    with call.app.database.read() as session:
        row = campaigns.campaign(session, campaign_id)
        now = delivery.standing(session, row, relays=call.app.settings.smtp.relays, now=call.now)
    return Progress.model_validate({**row.as_dict(), **now.as_dict()})


@router.patch("/campaigns/{campaign_id}", response_model=Campaign)
def change_campaign(campaign_id: Id, body: CampaignChanges, call: Writer) -> Response:
    """Change a draft; what was released already is answered 409."""

    def change(session: Session) -> Campaign:
        row = campaigns.campaign(session, campaign_id)
        campaigns.change(
            session,
            row,
            revision_id=_issue_named(session, body.issue).revision_id if body.issue else None,
            audiences=body.audiences,
            wanted=body.segments,
            excluded=body.exclude,
            now=call.now,
            actor=call.actor,
        )
        return Campaign.of(campaigns.row(session, row.id))

    return call.once(change)


@router.get("/campaigns/{campaign_id}/plan")
def plan_campaign(campaign_id: Id, call: Reader) -> Plan:
    """Who would get it now, why others would not, and what the check finds."""
    with call.app.database.read() as session:
        row = campaigns.campaign(session, campaign_id)
        frame = call.app.frame(session, slug=row.slug)
        plan = campaigns.plan(
            session, row.id, now=call.now, frame=frame, formula_cache=call.app.formula_cache, more=engagement()
        )
    return Plan(
        count=plan.count,
        by_audience=plan.by_audience,
        exclusions=plan.exclusions,
        findings=[
            Finding(place=str(found.place), level=found.level, code=found.code, message=found.message)
            for found in plan.findings
        ],
    )


@router.post("/campaigns/{campaign_id}/schedule", response_model=Campaign)
def schedule_campaign(campaign_id: Id, body: Schedule, call: Sender) -> Response:
    """Release it for a time; the count must be the one that would get it now."""
    app = call.app

    def release(session: Session) -> Campaign:
        row = campaigns.campaign(session, campaign_id)
        count = campaigns.plan(session, row.id, now=call.now, more=engagement()).count
        if count != body.count:
            raise NotAllowed(f"{counted_people(count)} would get it, not {body.count:,}", do="look at the plan again")
        app.settings.refuse_placeholders(app.base_url)
        send_at, zone = campaigns.parse_when(body.at, zone=app.settings.sender.zone, now=call.now)
        campaigns.schedule(
            session,
            row.id,
            send_at=campaigns.leaving_at(send_at, now=call.now, cooling_off=app.settings.release.cooling_off),
            zone=zone,
            now=call.now,
            actor=call.actor,
            frame=app.frame(session, slug=row.slug),
            accept_warnings=set(body.accept),
            formula_cache=app.formula_cache,
            canary=app.settings.release.canary,
            more=engagement(),
        )
        return Campaign.of(campaigns.row(session, row.id))

    return call.once(release)


@router.post("/campaigns/{campaign_id}/pause", response_model=Campaign)
def pause_campaign(campaign_id: Id, call: Writer) -> Response:
    """Hold it; it takes effect within one batch."""
    return _decide(call, campaign_id, campaigns.pause)


@router.post("/campaigns/{campaign_id}/resume", response_model=Campaign)
def resume_campaign(
    campaign_id: Id,
    call: Sender,
    despite_refusals: Annotated[
        bool, Query(description="do not stop again for refused recipients: they are known to be gone")
    ] = False,
) -> Response:
    """Let it go on."""
    return _decide(call, campaign_id, partial(campaigns.resume, despite_refusals=despite_refusals))


@router.post("/campaigns/{campaign_id}/cancel", response_model=Campaign)
def cancel_campaign(campaign_id: Id, call: Writer) -> Response:
    """End it for good."""
    return _decide(call, campaign_id, campaigns.cancel)


@router.post("/campaigns/{campaign_id}/recall", response_model=Campaign)
def recall_campaign(campaign_id: Id, call: Writer) -> Response:
    """Make a campaign a draft again of whose list nothing is frozen yet: it is scheduled, is still preparing, or is held there."""
    return _decide(call, campaign_id, campaigns.recall)


def _decide(call: Call, campaign_id: str, decision: Decision) -> Response:
    def decide(session: Session) -> Campaign:
        row = campaigns.campaign(session, campaign_id)
        decision(session, row.id, now=call.now, actor=call.actor)
        return Campaign.of(campaigns.row(session, row.id))

    return call.once(decide)
