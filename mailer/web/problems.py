"""Problems, as scripts are told of them (RFC 9457)."""

import json
from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import Response


class Problem(Exception):
    """An answer that ends a call.

    Args:
        detail: what is wrong and what to do.
        more: members of this kind of problem, such as `scope` (RFC 9457 §3.2).
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = dict(more or {})


def problem_answer(
    status: int, detail: str, *, headers: Mapping[str, str] | None = None, more: Mapping[str, str] | None = None
) -> Response:
    """A problem as an answer."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return Response(
        json.dumps({**body, **(more or {})}, ensure_ascii=False),
        status_code=status,
        headers=dict(headers or {}),
        media_type="application/problem+json",
    )
