"""/: what leaves next, what is on its way, what was sent, and the issues."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from mailer import campaigns, delivery, feedback
from mailer.web.dependencies import AppOf
from mailer.web.pages import page
from subscribers import audiences

router = APIRouter(include_in_schema=False)


@router.get("/")
def show(request: Request, app: AppOf) -> Response:
    """The front page."""
    with app.database.read() as session:
        rows = campaigns.list_campaigns(session)
        live = [(row, delivery.progress(session, row.id)) for row in rows if row.is_at_work or row.state == "paused"]
        over = [row for row in rows if row.is_over][:10]
        sent = [(row, delivery.progress(session, row.id)) for row in over]
        issues = campaigns.list_issues(session)
        groups = audiences.count_audiences(session)
        box = app.settings.bounce.box
        bounces = feedback.last_reading(session, box) if box is not None else None
    return page(
        request,
        "manager/dashboard.html",
        live=live,
        next_up=sorted((r for r in rows if r.state == "scheduled"), key=lambda r: r.scheduled_at or app.clock()),
        drafts=[row for row in rows if row.state == "draft"],
        sent=sent,
        issues=issues[:8],
        groups=groups,
        bounces=bounces,
    )
