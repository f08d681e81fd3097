"""/healthz, /readyz and /metrics, for whoever operates this."""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response

from mailer.web.dependencies import AppOf
from mailer.web.metrics import metrics

router = APIRouter(include_in_schema=False)

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@router.get("/healthz")
async def healthz() -> Response:
    """This process answers."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
def readyz(app: AppOf) -> Response:
    """The database answers too, and takes what is written; 503 where it does not.

    Whoever cannot write had better get no requests, even if most only read: a page that is not there is asked for again by the
    reader, a one-click opt-out (RFC 8058) by nobody.
    """
    why_not = app.database.refuses_writes()
    if why_not:
        return PlainTextResponse(f"not ready: the database takes nothing new: {why_not}\n", status_code=503)
    return PlainTextResponse("ready\n")


@router.get("/metrics")
def show_metrics(app: AppOf) -> Response:
    """What an operator watches; see `mailer.web.metrics`."""
    return Response(metrics(app), media_type=METRICS_TYPE)
