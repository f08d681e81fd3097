"""/api/v1: the same deeds for scripts, with a bearer token and its scopes; a file a noun. /docs shows it without scripts.

Each operation asks for a call (`access.py`), does one deed of a stage in one transaction, and shows a shape. It holds no
rule of its own.
"""

from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response

from mailer.accounts import SCOPES
from mailer.web.api import attributes, audiences, campaigns, imports, segments, subscribers, subscriptions, suppressions
from mailer.web.api.shapes import PROBLEMS, ProblemShape
from mailer.web.pages import page

DESCRIPTION = """\
Send `Authorization: Bearer TOKEN`; a token is good for its scopes only, which each operation names. Bodies are JSON, errors
are problems (RFC 9457). Every call that changes something may carry an `Idempotency-Key`: sent again with the same key
within a day it does nothing again and is answered the same, with `Idempotency-Replayed: true`; 409 while the first is under
way, 422 where the key was used for another request. `If-Match` with an `ETag` that was read refuses a change (412) where
somebody else was faster. Lists go on with `cursor`.
"""

router = APIRouter()
v1 = APIRouter(prefix="/api/v1", responses=PROBLEMS)
for noun in (subscribers, attributes, subscriptions, audiences, segments, suppressions, imports, campaigns):
    v1.include_router(noun.router)
router.include_router(v1)


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


def describe(web: FastAPI) -> None:
    """Let `/openapi.json` say what is true: our problems instead of FastAPI's own errors."""
    made: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not made:
            described = get_openapi(title=web.title, version=web.version, routes=web.routes, description=DESCRIPTION)
            schemas = described["components"]["schemas"]
            schemas.pop("HTTPValidationError", None)
            schemas.pop("ValidationError", None)
            schemas["Problem"] = ProblemShape.model_json_schema()
            described["components"]["securitySchemes"]["HTTPBearer"]["x-scopes"] = list(SCOPES)
            made.update(described)
        return made

    web.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way of doing it
