"""An error becomes a status and a page, or for scripts a problem (RFC 9457): one table."""

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match

from mailer.base.errors import MailerError, NotAllowed, NotFound, NotPermitted, Spoilt, Unreachable, WrongInput
from mailer.web.dependencies import NoLongerOnRecord, SignInFirst
from mailer.web.pages import page, public_page, wanted_language
from mailer.web.problems import Problem, problem_answer

log = structlog.get_logger()

STATUS: dict[type[MailerError], int] = {
    WrongInput: 422,
    NotFound: 404,
    NotPermitted: 403,
    NotAllowed: 409,
    Spoilt: 500,
    Unreachable: 503,
}
OURS = 500
"""From here on it is our fault: the operator is told why, and a subscriber that it is not theirs."""
METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
PUBLIC = (
    "/unsubscribe/",
    "/preferences/",
    "/confirm/",
    "/address/",
    "/subscribe",
    "/view/",
    "/archive",
    "/media/",
    "/feed",
)


def add_error_pages(api: FastAPI) -> None:
    """Answer every error with something that a person, or a script, can understand."""
    api.add_exception_handler(MailerError, _known)
    api.add_exception_handler(SignInFirst, _sign_in)
    api.add_exception_handler(NoLongerOnRecord, _gone)
    api.add_exception_handler(Problem, _problem)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(HTTPException, _http)
    api.add_exception_handler(Exception, _ours)


def status_of(error: MailerError) -> int:
    """The HTTP status of an error, or of the nearest kind above it."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


async def _known(request: Request, error: Exception) -> Response:
    assert isinstance(error, MailerError)  # noqa: S101 - registered for this kind
    place, status = getattr(error, "place", ""), status_of(error)
    if status >= OURS:
        log.error("request_failed", path_pattern=_pattern(request), error=str(error))
    return _answer(request, status, f"{place}: {error.message}" if place else error.message, error.do)


async def _sign_in(_request: Request, _error: Exception) -> Response:
    return RedirectResponse("/login", status_code=303)


async def _gone(request: Request, _error: Exception) -> Response:
    may_ask_again = request.url.path.startswith("/confirm/")
    return public_page(request, "public/erased.html", wanted_language(request), status=404, may_ask_again=may_ask_again)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - registered for this kind
    if request.url.path.startswith("/api/"):
        return problem_answer(error.status, error.detail, headers=error.headers, more=error.more)
    return _answer(request, error.status, error.detail, "go back and try another way")


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this kind
    first = error.errors()[0]
    is_whole = first["loc"] == ("body",)
    if is_whole and request.url.path.startswith("/api/") and "json" not in request.headers.get("content-type", ""):
        return _answer(request, 422, "the request's body is not said to be JSON", "send Content-Type: application/json")
    where = ".".join(str(part) for part in first["loc"][1:]) or "the request"
    if request.url.path.startswith("/api/") or first["loc"][0] in ("body", "query"):
        return _answer(request, 422, f"{where}: {first['msg']}", "correct it and send it again")
    return _answer(request, 404, "there is no such page", "check the address")


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this kind
    if error.status_code == 404:
        missing = (
            "there is nothing at this address" if request.url.path.startswith("/api/") else "there is no such page"
        )
        return _answer(request, 404, missing, "check the address, or begin at the front page")
    is_script = request.url.path.startswith("/api/")
    do = "see /docs for what can be asked" if is_script else "go back and try another way"
    answer = _answer(request, error.status_code, str(error.detail), do)
    answer.headers.update(error.headers or {})
    if error.status_code == 405:
        answer.headers["allow"] = ", ".join(_methods_of(request))
    return answer


def _methods_of(request: Request) -> list[str]:
    """Every method that an address takes (RFC 9110 §10.2.1); a router knows those of the first route only."""
    # `/segments/count` is an address of its own, though `/segments/{slug}` would take it (OpenAPI 3.1 §4.8.8.2).
    described = request.app.openapi()["paths"].get(request.url.path)
    if described:
        return sorted(method.upper() for method in described)
    routes: list[BaseRoute] = request.app.router.routes
    return [method for method in METHODS if any(_takes(route, request, method) for route in routes)]


def _takes(route: BaseRoute, request: Request, method: str) -> bool:
    return route.matches({**request.scope, "method": method})[0] is Match.FULL


async def _ours(request: Request, error: Exception) -> Response:
    log.error("request_failed", path_pattern=_pattern(request), error=type(error).__name__)
    return _answer(request, 500, "something went wrong on our side", "try again; if it stays, tell the operator")


def _answer(request: Request, status: int, message: str, do: str) -> Response:
    path = request.url.path
    if path.startswith("/api/"):
        return problem_answer(status, f"{message}; {do}")
    title, do = message[:1].upper() + message[1:], do[:1].upper() + do[1:]
    if path.startswith(PUBLIC):
        is_link = not path.startswith(("/archive", "/media/", "/feed"))
        kind = "trouble" if status >= OURS else "bad_link" if status == 404 and is_link else "error"
        language = wanted_language(request)
        return public_page(
            request, "public/error.html", language, status=status, kind=kind, title=title, do=do, code=status
        )
    return page(request, "error.html", status=status, title=title, do=do, code=status)


def _pattern(request: Request) -> str:
    """The route's pattern instead of the address, which may hold a token."""
    route = request.scope.get("route")
    return str(getattr(route, "path", ""))
