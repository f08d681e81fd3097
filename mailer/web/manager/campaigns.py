"""/campaigns: watch one, pause, resume, cancel or recall it, and see what became of each recipient."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from mailer import campaigns, delivery
from mailer.app import App
from mailer.base.errors import NotAllowed, NotFound
from mailer.campaigns import Decision
from mailer.feedback.report import report as report_of
from mailer.web.dependencies import AppOf, Manager, RowNumber
from mailer.web.errors import status_of
from mailer.web.manager.narrowed import narrowed
from mailer.web.pages import page, see_other
from subscribers import audiences as audience_book
from subscribers import people

router = APIRouter(include_in_schema=False)

STATES = ("accepted", "deferred", "pending", "sending", "failed", "skipped", "uncertain")
PAGE = 100
DEEDS: dict[str, tuple[Decision, str]] = {
    "pause": (campaigns.pause, "paused"),
    "resume": (campaigns.resume, "resumed"),
    "resume-despite-refusals": (partial(campaigns.resume, despite_refusals=True), "resumed"),
    "cancel": (campaigns.cancel, "cancelled"),
    "recall": (campaigns.recall, "recalled"),
}


@router.get("/campaigns")
def index(request: Request, app: AppOf) -> Response:
    """All campaigns, the newest first."""
    with app.database.read() as session:
        rows = campaigns.list_campaigns(session)
    return page(request, "manager/campaigns.html", rows=rows)


@router.get("/campaigns/{name}")
def show(
    request: Request,
    name: str,
    app: AppOf,
    state: Annotated[str, Query()] = "",
    after: RowNumber = 0,
) -> Response:
    """One campaign: its state, its counts, its recipients."""
    return _page(request, name, app, state=state if state in STATES else "", after=after)


def _page(
    request: Request, name: str, app: App, *, state: str = "", after: int = 0, wrong: NotAllowed | None = None
) -> Response:
    with app.database.read() as session:
        row = campaigns.campaign(session, name)
        counts = delivery.progress(session, row.id)
        is_held_back = delivery.held_back(session, row, now=app.clock()) is not None
        recipients = delivery.recipients_page(session, row.id, state=state or None, after=after, limit=PAGE)
        shown = [(r, people.person_by_id(session, r.subscriber_id, now=app.clock()) if r.subscriber_id else None)
                 for r in recipients]  # fmt: skip
        report = report_of(session, row.id)
        names = audience_book.audience_names(session)
        by_segments = narrowed(session, row)
        issue = campaigns.issue_of_revision(session, row.revision_id)[0]
        newest = campaigns.edited_since(session, issue)
    return page(
        request,
        "manager/campaign.html",
        status=status_of(wrong) if wrong else 200,
        wrong=wrong,
        row=row,
        issue=issue,
        newest=newest,
        names=names,
        counts=counts,
        is_held_back=is_held_back,
        recipients=shown,
        state_filter=state,
        states=STATES,
        next_after=recipients[-1].number if len(recipients) == PAGE else None,
        report=report,
        narrowed=by_segments,
        now=app.clock(),
    )


@router.get("/campaigns/{name}/progress")
def progress(request: Request, name: str, app: AppOf) -> Response:
    """The counts, for the frame in the campaign's page: while mail leaves it loads itself anew.

    By a header, in a frame: the page around it keeps its place and its focus.
    """
    with app.database.read() as session:
        row = campaigns.campaign(session, name)
        now = delivery.standing(session, row, relays=app.settings.smtp.relays, now=app.clock())
    waits = row.state == "scheduled"
    answer = page(request, "manager/progress.html", row=row, counts=now.counts, pace=now.pace, held=now.held)
    if row.is_at_work or waits:
        answer.headers["refresh"] = "5" if waits else "2"
    return answer


@router.post("/campaigns/{name}/{deed}")
def decide(request: Request, name: str, deed: str, app: AppOf, manager: Manager) -> Response:
    """Pause, resume (also despite refusals), cancel or recall; where it is too late for that, show how it stands."""
    if deed not in DEEDS:
        raise NotFound(f"a campaign cannot be told to {deed}", do=f"use one of {', '.join(DEEDS)}")
    act, said = DEEDS[deed]
    try:
        with app.database.begin() as session:
            row = campaigns.campaign(session, name)
            act(session, row.id, now=app.clock(), actor=manager.actor)
    except NotAllowed as wrong:
        return _page(request, name, app, wrong=wrong)
    return see_other(f"/campaigns/{row.id}", said)
