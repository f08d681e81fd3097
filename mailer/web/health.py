"""/healthz, /readyz and /metrics, for whoever operates this."""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response
from sqlalchemy import text

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
    """The database answers too; 503 where it does not."""
    with app.database.read() as session:
        session.execute(text("SELECT 1"))
    return PlainTextResponse("ready\n")


@router.get("/metrics")
def show_metrics(app: AppOf) -> Response:
    """What an operator watches; see `mailer.web.metrics`."""
    return Response(metrics(app), media_type=METRICS_TYPE)
