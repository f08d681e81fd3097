"""What guards the pages: headers, the session's cookie, requests forged by other sites, and how often scripts may call."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, MutableMapping
from ipaddress import IPv6Address, ip_address, ip_network
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import Request, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mailer.accounts import SESSION_LIFETIME
from mailer.web.problems import Problem, problem_answer

POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'self'"
)
LETTER_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data: https: http:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox "
    "allow-top-navigation-by-user-activation"
)
"""For letters, which style themselves; a script in one would not run, and the sandbox gives it no origin."""
EDITION_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline' 'self'; img-src 'self' data: https:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'self'"
)
"""For web editions, which style themselves too."""

HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    # Not `no-referrer`: browsers would then send `Origin: null` with our own forms.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "interest-cohort=(), browsing-topics=()",
    "cache-control": "no-store",
}
FORGEABLE: Final = ("/unsubscribe/", "/preferences/", "/confirm/", "/address/", "/subscribe", "/hooks/", "/api/")
"""Where another site may post: the token in the address, or the bearer's, is the right; no cookie counts there."""

PRIVATE: Final = ("/unsubscribe/", "/preferences/", "/confirm/", "/address/", "/view/", "/login/")
"""Whose addresses hold a token: no search engine keeps them, and no site is told them."""
PRIVATE_HEADERS: Final = {"referrer-policy": "no-referrer", "x-robots-tag": "noindex, nofollow, noarchive"}

LIMIT_BYTES: Final = 64 * 1024 * 1024
"""The largest body that is read, such as a file of people."""
TOO_LARGE: Final = "That is too large: at most 64 MB."
NUL: Final = "That holds a NUL, which is no sign of a text."
"""PostgreSQL keeps none; in JSON, and in the API's queries, the patterns of the fields refuse it."""


class Guard:
    """Headers for every answer, HEAD for every page, no forged request, no endless body, no NUL in an address."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_head = scope["method"] == "HEAD"
        if is_head:
            scope = {**scope, "method": "GET"}
        scope.update(_without_nul(scope))  # in place: the route is noted in it, for the log of what fails
        wanted = HEADERS | PRIVATE_HEADERS if scope["path"].startswith(PRIVATE) else HEADERS
        answer = _with_headers(send, wanted, is_head=is_head)
        await (_refused(scope, Headers(scope=scope)) or self.app)(scope, _bounded(receive), answer)


class PlainAddresses:
    """Who comes over IPv4 to a socket that listens for IPv6 too has an address of IPv4, not one of ::ffff:0:0/96.

    Else no proxy of IPv4 would be trusted there, and all of IPv4 would count as one network.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on."""
        host, port = scope.get("client") or ("", 0)
        if host.startswith("::ffff:") and (plain := IPv6Address(host).ipv4_mapped):
            scope = {**scope, "client": (str(plain), port)}
        await self.app(scope, receive, send)


def _without_nul(scope: Scope) -> Scope:
    """The address with the sign that stands for what is none, as in an issue's text: it leads nowhere, and finds nothing."""
    path, query = scope["path"].replace("\0", "\ufffd"), scope["query_string"]
    is_script = path.startswith("/api/")
    return {"path": path, "query_string": query if is_script else query.replace(b"%00", b"%EF%BF%BD")}


def _bounded(receive: Receive) -> Receive:
    """A body that does not say how long it is ends at the limit too."""
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > LIMIT_BYTES:
            raise HTTPException(413, TOO_LARGE)  # of any other kind, whoever reads a form would make a 400
        return message

    return bounded


def _with_headers(send: Send, wanted: Mapping[str, str], *, is_head: bool) -> Send:
    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in wanted.items():
                headers.setdefault(name, value)
        elif is_head and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return answer


def _refused(scope: MutableMapping[str, Any], headers: Headers) -> Response | None:
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > LIMIT_BYTES:
        if scope["path"].startswith("/api/"):
            return problem_answer(413, TOO_LARGE)
        return PlainTextResponse(TOO_LARGE, status_code=413)
    if scope["method"] in ("GET", "OPTIONS") or scope["path"].startswith(FORGEABLE):
        return None
    if is_forged(headers):
        return PlainTextResponse("This form was sent from another site. Open the page and send it there.", 403)
    return None


async def no_nul(request: Request) -> None:
    """Refuse a form in which a text, or the name of a file, holds a NUL; the files themselves may.

    Raises:
        Problem: 400, it does.
    """
    if request.method != "POST":
        return
    for name, value in (await request.form()).multi_items():
        if "\0" in name or "\0" in (value if isinstance(value, str) else value.filename or ""):
            raise Problem(400, NUL)


def is_forged(headers: Headers) -> bool:
    """Whether a browser says that another site sent this (Fetch Metadata; else Origin against Host).

    A client that says neither is no browser of today, and has no cookie of ours: that is SameSite=Lax.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host", "")


# --- the session's cookie ---------------------------------------------------------------------------------------------


def cookie_name(*, is_https: bool) -> str:
    """Over https the name binds the cookie to this very host (RFC 6265bis §4.1.3.2)."""
    return "__Host-mailer" if is_https else "mailer"


def session_secret(request: Request) -> str:
    """The secret of the session, or nothing."""
    return request.cookies.get(cookie_name(is_https=_is_https(request)), "")


def set_session(request: Request, response: Response, secret: str) -> None:
    """Let this browser be signed in."""
    is_https = _is_https(request)
    response.set_cookie(
        cookie_name(is_https=is_https),
        secret,
        max_age=int(SESSION_LIFETIME.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=is_https,
        path="/",
    )


def drop_session(request: Request, response: Response) -> None:
    """Forget that this browser was signed in."""
    is_https = _is_https(request)
    response.delete_cookie(cookie_name(is_https=is_https), path="/", secure=is_https, httponly=True, samesite="lax")


def _is_https(request: Request) -> bool:
    return str(request.app.state.app.base_url).startswith("https://")


# --- how often --------------------------------------------------------------------------------------------------------


class Limit:
    """At most `count` within `seconds` for each key, refilled steadily; in this process's memory.

    It holds the newest 10,000 keys. Several web processes each allow as much.
    """

    def __init__(self, count: int, seconds: float) -> None:
        self._count = count
        self._rate = count / seconds
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def allows(self, key: str, *, at: float | None = None) -> bool:
        """Whether once more is allowed; asking counts."""
        at = monotonic() if at is None else at
        with self._lock:
            left, since = self._left.pop(key, (float(self._count), at))
            left = min(float(self._count), left + (at - since) * self._rate)
            allowed = left >= 1
            self._left[key] = (left - 1 if allowed else left, at)
            if len(self._left) > 10_000:
                self._left.popitem(last=False)
        return allowed


class Limits:
    """How often scripts may call this web part; what people may do is counted in SQL (`mailer/base/limits.py`)."""

    def __init__(self, calls_a_minute: int = 600) -> None:
        self.calls_by_token = Limit(calls_a_minute, 60)
        self.refusals_by_network = Limit(calls_a_minute, 60)


def limits_of(request: Request) -> Limits:
    """The limits of the web part that answers."""
    limits: Limits = request.app.state.limits
    return limits


def network_of(request: Request) -> str:
    """The network that a request comes from: a single IPv4 address, or an IPv6 /64, which one household has.

    Behind a proxy that is trusted (`[base] trusted_proxies`) it is what that proxy says.
    """
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return str(address) if address.version == 4 else str(ip_network(f"{address}/64", strict=False))
