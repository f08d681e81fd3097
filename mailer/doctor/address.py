"""The public address: every link of every letter leads there, for years."""

import ssl
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final
from urllib.parse import urlsplit

from mailer.app import App
from mailer.base.settings import LOOPBACK
from mailer.doctor.finding import Finding, error, ok, warning
from mailer.doctor.names import Names

ABOUT = "public address"
SECONDS: Final = 10


def check(app: App, _names: Names) -> Iterator[Finding]:
    """Ask for /healthz there, as a reader's browser would be led."""
    url = app.base_url
    parts = urlsplit(url)
    is_here = parts.hostname in LOOPBACK
    try:
        status, location = _asked(url)
    except ssl.SSLCertVerificationError as trouble:
        message = f"{url}: its certificate is not trusted: {trouble.verify_message}"
        yield error(ABOUT, message, do="get one that browsers trust, with its whole chain")
        return
    except (OSError, HTTPException) as trouble:
        yield _silent(url, trouble, is_here=is_here)
        return
    if 300 <= status < 400:
        message = f"{url} leads on to {location}: one-click leaving must not (RFC 8058 §3.1)"
        yield error(ABOUT, message, do="set MAILER_BASE_URL to where it leads")
    elif status != 200:
        message = f"{url}/healthz answers {status}"
        yield error(ABOUT, message, do="see that the proxy hands everything on to `mailer web`")
    elif is_here:
        message = f"{url} is this machine only: nobody else can follow a link"
        yield warning(ABOUT, message, do="set MAILER_BASE_URL to the public https address before you send")
    elif parts.scheme != "https":
        message = f"{url} is not https: mail programs offer no one-click leaving (RFC 8058 §2)"
        yield error(ABOUT, message, do="let a proxy do TLS, and set MAILER_BASE_URL to https://…")
    else:
        yield ok(ABOUT, f"{url} answers")


def _silent(url: str, trouble: Exception, *, is_here: bool) -> Finding:
    why = getattr(trouble, "strerror", None) or str(trouble) or type(trouble).__name__
    message = f"{url} does not answer: {why}"
    if is_here:
        return warning(ABOUT, message, do="start `mailer run` or `mailer web`")
    return error(ABOUT, message, do="start `mailer web`, and see that name, proxy and firewall lead to it")


def _asked(url: str) -> tuple[int, str]:
    """The status, and where it leads on to."""
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    # With its port in any case: without one, http.client takes what is behind the last colon of an IPv6 address for it.
    connection = kind(parts.hostname or "", parts.port or kind.default_port, timeout=SECONDS)
    try:
        connection.request("GET", f"{parts.path}/healthz")
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Location", "")
    finally:
        connection.close()
