"""/view, /archive, /feed.xml, /media: published issues, and this very letter in the browser; nobody is counted."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from mailer import campaigns
from mailer.base.errors import NotFound
from mailer.base.tables import CampaignId, SubscriberId
from mailer.base.tokens import Purpose
from mailer.web.dependencies import AppOf
from mailer.web.letters import letter_of, test_letter_of
from mailer.web.pages import Pages, public_page, wanted_language
from mailer.web.public.persons import NOBODY
from mailer.web.security import EDITION_POLICY, LETTER_POLICY

router = APIRouter(include_in_schema=False)

FOR_EVER = "public, max-age=31536000, immutable"
FOR_A_WHILE = "public, max-age=300"


@router.get("/view/{token}")
def view(request: Request, token: str, app: AppOf) -> Response:
    """The letter as it was released, filled for its reader."""
    subscriber, campaign, mask = app.keys.read(Purpose.VIEW, token)
    subscriber_id, campaign_id = SubscriberId(subscriber), CampaignId(campaign)
    if subscriber_id == NOBODY and not campaign_id and not mask:  # a test copy of an issue that is kept nowhere
        return public_page(request, "public/test_view.html", wanted_language(request))
    with app.database.read() as session:
        if subscriber_id == NOBODY:
            html = test_letter_of(session, app, campaign_id, mask)
        else:
            html = letter_of(session, app, campaign_id, subscriber_id, mask)
    return HTMLResponse(html, headers={"content-security-policy": LETTER_POLICY})


@router.get("/archive")
def archive(request: Request, app: AppOf) -> Response:
    """What was published, the newest first."""
    with app.database.read() as session:
        published = campaigns.list_publications(session)
    language = wanted_language(request)
    answer = public_page(request, "public/archive.html", language, published=published)
    answer.headers["cache-control"] = FOR_A_WHILE
    answer.headers["vary"] = "accept-language"
    return answer


@router.get("/archive/{slug}")
def edition(slug: str, app: AppOf) -> Response:
    """The web edition of one issue."""
    with app.database.read() as session:
        published = campaigns.publication(session, slug)
    headers = {"content-security-policy": EDITION_POLICY, "cache-control": FOR_A_WHILE}
    return HTMLResponse(published.html, headers=headers)


@router.get("/archive/{slug}/{event}.ics")
def calendar_file(slug: str, event: str, app: AppOf) -> Response:
    """The calendar file of one event (RFC 5545)."""
    name = f"{event}.ics"
    with app.database.read() as session:
        calendars = campaigns.publication(session, slug).calendars
    if name not in calendars:
        raise NotFound(f"there is no event {event!r} in this issue", do="open the issue and follow the link there")
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": FOR_A_WHILE}
    return Response(calendars[name], media_type="text/calendar; charset=utf-8", headers=headers)


@router.get("/feed.xml")
def feed(request: Request, app: AppOf) -> Response:
    """The archive as a feed (RFC 4287)."""
    with app.database.read() as session:
        published = campaigns.list_publications(session)[:50]
    pages: Pages = request.app.state.pages
    context = {"p": pages.languages.best(), "published": published, "base_url": app.base_url, "now": app.clock()}
    return Response(
        pages.html("public/feed.xml", context),
        media_type="application/atom+xml; charset=utf-8",
        headers={"cache-control": FOR_A_WHILE},
    )


@router.get("/media/{name}")
def media(name: str, app: AppOf) -> Response:
    """A picture; its name is a hash of its content, so it never changes."""
    with app.database.read() as session:
        content, media_type = campaigns.media(session, name)
    return Response(content, media_type=media_type, headers={"cache-control": FOR_EVER})
