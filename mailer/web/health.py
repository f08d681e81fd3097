"""/healthz, /readyz and /metrics, for whoever operates this."""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response
from sqlalchemy import text

from mailer import campaigns, delivery
from mailer.web import words
from mailer.web.dependencies import AppOf

router = APIRouter(include_in_schema=False)

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@router.get("/healthz")
async def healthz() -> Response:
    """This process answers."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
def readyz(app: AppOf) -> Response:
    """The database answers too; 503 where it does not."""
    with app.database.read() as session:
        session.execute(text("SELECT 1"))
    return PlainTextResponse("ready\n")


@router.get("/metrics")
def metrics(app: AppOf) -> Response:
    """Counts from the ledger of campaigns that are not over for long, and how many campaigns are in each state."""
    with app.database.read() as session:
        rows = campaigns.list_campaigns(session)
        live = [row for row in rows if row.state in ("preparing", "sending", "paused")]
        newest = [row for row in rows if row.state in ("sent", "failed", "cancelled")][:5]
        counts = {row.slug: delivery.progress(session, row.id) for row in (*live, *newest)}
    # mailer_campaigns: label state; mailer_deliveries: labels campaign (slug) and state (as in `campaign show --json`)
    lines = ["# HELP mailer_campaigns Campaigns by state.", "# TYPE mailer_campaigns gauge"]
    lines += [f'mailer_campaigns{{state="{name}"}} {sum(row.state == name for row in rows)}' for name in words.STATES]
    lines += ["# HELP mailer_deliveries Recipients of recent campaigns by state.", "# TYPE mailer_deliveries gauge"]
    for slug, of_campaign in counts.items():
        for name, number in of_campaign.as_dict().items():
            if isinstance(number, int):
                lines.append(f'mailer_deliveries{{campaign="{slug}",state="{name}"}} {number}')
    return Response("\n".join(lines) + "\n", media_type=METRICS_TYPE)
