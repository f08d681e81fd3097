"""Letters before they leave: an issue's or a campaign's, as each audience gets it, on a phone, in the dark, as text."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from mailer import campaigns
from mailer.app import App
from mailer.web.dependencies import AppOf
from mailer.web.letters import Preview, preview_of_campaign, preview_of_issue
from mailer.web.pages import page
from mailer.web.security import LETTER_POLICY

router = APIRouter(include_in_schema=False)

VIEWS = ("phone", "desktop", "dark", "bare", "text")

Audiences = Annotated[list[str] | None, Query(alias="audience")]


@router.get("/issues/{slug}/preview")
def of_issue(request: Request, slug: str, app: AppOf, audience: Audiences = None, view: str = "phone") -> Response:
    """The page around a letter of an issue's newest revision."""
    with app.database.read() as session:
        seen = preview_of_issue(session, app, slug, audience)
    return _page(request, app, seen, f"/issues/{slug}", audience, view, crumb=("/issues", "Issues"))


@router.get("/issues/{slug}/letter")
def letter_of_issue(slug: str, app: AppOf, audience: Audiences = None, view: str = "phone") -> Response:
    """The letter itself, for the frame in the page."""
    with app.database.read() as session:
        seen = preview_of_issue(session, app, slug, audience)
    return _letter(app, seen, view)


@router.get("/campaigns/{name}/preview")
def of_campaign(request: Request, name: str, app: AppOf, audience: Audiences = None, view: str = "phone") -> Response:
    """The page around a letter of a campaign: of the revision that it would send."""
    with app.database.read() as session:
        row = campaigns.campaign(session, name)
        seen = preview_of_campaign(session, app, row, audience)
    return _page(request, app, seen, f"/campaigns/{row.id}", audience, view, crumb=("/campaigns", "Campaigns"))


@router.get("/campaigns/{name}/letter")
def letter_of_campaign(name: str, app: AppOf, audience: Audiences = None, view: str = "phone") -> Response:
    """The letter itself, for the frame in the page."""
    with app.database.read() as session:
        seen = preview_of_campaign(session, app, campaigns.campaign(session, name), audience)
    return _letter(app, seen, view)


def _page(
    request: Request,
    app: App,
    seen: Preview,
    base: str,
    audience: list[str] | None,
    view: str,
    *,
    crumb: tuple[str, str],
) -> Response:
    return page(
        request,
        "manager/preview.html",
        base=base,
        crumb=crumb,
        title=seen.title,
        subject=seen.subject,
        offered=seen.offered,
        chosen=audience or [],
        view=view if view in VIEWS else "phone",
        query="".join(f"&audience={quote(slug)}" for slug in audience or []),
        size_bytes=len(seen.html.encode()),
        sections=seen.letter.sections,
        budget_bytes=app.settings.limits.letter_bytes,
    )


def _letter(app: App, seen: Preview, view: str) -> Response:
    headers = {"content-security-policy": LETTER_POLICY}
    if view == "text":
        return PlainTextResponse(seen.text, headers=headers)
    return HTMLResponse(seen.page(app.base_url, dark=view == "dark", bare=view == "bare"), headers=headers)
