"""/campaigns/new and /campaigns/ID/edit: which issue goes to whom; changed until it is released."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from mailer import campaigns
from mailer.app import App
from mailer.base.errors import MailerError, NotAllowed, WrongInput
from mailer.campaigns import CampaignRow
from mailer.content import read_files
from mailer.web.dependencies import AppOf, Manager
from mailer.web.errors import status_of
from mailer.web.pages import page, see_other
from subscribers import audiences as audience_book
from subscribers import segments

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Filled:
    """The form as it is filled: slugs, and the rule for lost answers."""

    issue: str
    audiences: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    uncertain: str = ""


def filled(
    issue: Annotated[str, Form(max_length=200)],
    audience: Annotated[list[str] | None, Form()] = None,
    segment: Annotated[list[str] | None, Form()] = None,
    exclude: Annotated[list[str] | None, Form()] = None,
    uncertain: Annotated[str, Form(max_length=10)] = "",
) -> Filled:
    """The form as it was sent."""
    return Filled(issue, tuple(audience or ()), tuple(segment or ()), tuple(exclude or ()), uncertain)


Sent = Annotated[Filled, Depends(filled)]


@router.get("/campaigns/new")
def new(request: Request, app: AppOf, issue: str = "") -> Response:
    """Which issue goes to whom?"""
    named: tuple[str, ...] = ()
    if issue:
        with app.database.read() as session:
            named = read_files(
                *campaigns.revision_files(session, campaigns.issue(session, issue).revision_id)
            ).meta.audiences
    return _form(request, app, Filled(issue, named, uncertain=app.settings.release.uncertain))


@router.post("/campaigns")
def create(request: Request, app: AppOf, manager: Manager, form: Sent) -> Response:
    """Make a draft of the issue's newest revision."""
    try:
        _require_audience(form)
        with app.database.begin() as session:
            campaign_id = campaigns.create(
                session,
                campaigns.issue(session, form.issue).revision_id,
                audiences=form.audiences,
                wanted=form.segments,
                excluded=form.excluded,
                now=app.clock(),
                actor=manager.actor,
                uncertain_rule=form.uncertain or app.settings.release.uncertain,
            )
    except (WrongInput, NotAllowed) as error:
        return _form(request, app, form, wrong=error)
    return see_other(f"/campaigns/{campaign_id}", "created")


@router.get("/campaigns/{name}/edit")
def edit(request: Request, name: str, app: AppOf) -> Response:
    """What a draft sends, and to whom."""
    with app.database.read() as session:
        row = campaigns.campaign(session, name)
    return (
        _form(request, app, _as_it_is(app, row), row=row) if row.state == "draft" else see_other(f"/campaigns/{row.id}")
    )


@router.post("/campaigns/{name}/edit")
def change(
    request: Request, name: str, app: AppOf, manager: Manager, form: Sent, aim: Annotated[str, Form(max_length=40)]
) -> Response:
    """Change a draft, if nobody else has changed it meanwhile; it takes the issue's newest text."""
    with app.database.read() as session:
        row = campaigns.campaign(session, name)
    now_is = _as_it_is(app, row)
    if row.state == "draft" and aim != row.aim and form != now_is:  # else it is our own, pressed twice
        wrong = NotAllowed("the draft was changed since this page was made", do="see how it is now, and change that")
        return _form(request, app, now_is, row=row, wrong=wrong)
    try:
        _require_audience(form)
        with app.database.begin() as session:
            campaigns.change(
                session,
                row,
                revision_id=campaigns.issue(session, form.issue).revision_id,
                audiences=form.audiences,
                wanted=form.segments,
                excluded=form.excluded,
                uncertain_rule=form.uncertain or row.uncertain_rule,
                now=app.clock(),
                actor=manager.actor,
            )
    except (WrongInput, NotAllowed) as error:
        return _form(request, app, form, row=row, wrong=error)
    return see_other(f"/campaigns/{row.id}", "changed")


@router.post("/campaigns/{name}/newest")
def take_newest(name: str, app: AppOf, manager: Manager) -> Response:
    """Let a draft send the newest text of its issue."""
    with app.database.begin() as session:
        row = campaigns.campaign(session, name)
        issue, _ = campaigns.issue_of_revision(session, row.revision_id)
        newest = campaigns.issue(session, issue.slug).revision_id
        campaigns.change(session, row, revision_id=newest, now=app.clock(), actor=manager.actor)
    return see_other(f"/campaigns/{row.id}/release", "newest")


def _as_it_is(app: App, row: CampaignRow) -> Filled:
    with app.database.read() as session:
        issue, _ = campaigns.issue_of_revision(session, row.revision_id)
    return Filled(issue.slug, row.audiences, row.segments, row.excluded, row.uncertain_rule)


def _require_audience(form: Filled) -> None:
    if not form.audiences:
        raise WrongInput("no audience was chosen", do="tick at least one")


def _form(
    request: Request, app: App, form: Filled, *, row: CampaignRow | None = None, wrong: MailerError | None = None
) -> Response:
    with app.database.read() as session:
        issues = campaigns.list_issues(session)
        groups = audience_book.count_audiences(session)
        saved = segments.list_segments(session)
    return page(
        request,
        "manager/campaign_form.html",
        status=status_of(wrong) if wrong else 200,
        issues=issues,
        groups=groups,
        saved=saved,
        form=form,
        row=row,
        wrong=wrong,
    )
