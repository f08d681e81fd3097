"""/mailbox: what the local SMTP server received; a letter's HTML is shown in a sandbox, without scripts."""

import email
import re
from base64 import b64encode
from email.message import EmailMessage
from email.policy import default as modern
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from mailer import delivery
from mailer.app import App
from mailer.base.errors import NotFound
from mailer.web.dependencies import AppOf
from mailer.web.pages import page
from mailer.web.security import LETTER_POLICY

router = APIRouter(include_in_schema=False)

PAGE = 50


@router.get("/mailbox")
def show(
    request: Request,
    app: AppOf,
    search: Annotated[str, Query(max_length=200)] = "",
    start: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """The newest mail."""
    _require_mailbox(app)
    wanted = search.strip().casefold()
    entries = [
        entry
        for entry in delivery.received(app.mailbox)
        if not wanted or wanted in f"{entry.subject} {' '.join(entry.recipients)}".casefold()
    ]
    return page(
        request,
        "manager/mailbox.html",
        entries=entries[start : start + PAGE],
        total=len(entries),
        start=start,
        size=PAGE,
        search=search,
    )


@router.get("/mailbox/{name}")
def message(request: Request, name: str, app: AppOf, view: str = "html") -> Response:
    """One message: its HTML, its text, its headers, or all of it."""
    raw = _raw(app, name)
    parsed = _parsed(raw)
    text = parsed.get_body(("plain",))
    return page(
        request,
        "manager/message.html",
        name=name,
        view=view if view in ("html", "text", "headers", "raw") else "html",
        subject=str(parsed.get("subject", "")),
        headers=[(key, str(value)) for key, value in parsed.items()],
        text=str(text.get_content()) if isinstance(text, EmailMessage) else "",
        has_html=parsed.get_body(("html",)) is not None,
        size_bytes=len(raw),
        raw=raw.decode("utf-8", "replace")[:200_000],
    )


@router.get("/mailbox/{name}/html")
def html(name: str, app: AppOf) -> Response:
    """The HTML part with its embedded pictures."""
    parsed = _parsed(_raw(app, name))
    body = parsed.get_body(("html",))
    if not isinstance(body, EmailMessage):
        raise NotFound("this message has no HTML", do="look at its text")
    # Within the page: the frame's sandbox has no origin, so its requests for pictures would carry no cookie.
    pictures = _pictures(parsed)
    shown = re.sub(r"cid:([^\"')\s>]+)", lambda found: pictures.get(found[1], ""), str(body.get_content()))
    return HTMLResponse(shown, headers={"content-security-policy": LETTER_POLICY})


def _pictures(message: EmailMessage) -> dict[str, str]:
    """The embedded pictures as data, by their Content-ID (RFC 2392)."""
    found = {}
    for part in message.walk():
        if part.get_content_maintype() == "image":
            payload = part.get_payload(decode=True)
            content = b64encode(payload if isinstance(payload, bytes) else b"").decode()
            found[str(part.get("content-id", "")).strip("<> ")] = f"data:{part.get_content_type()};base64,{content}"
    return found


@router.get("/mailbox/{name}/raw")
def raw(name: str, app: AppOf) -> Response:
    """The message as it was received."""
    headers = {"content-disposition": 'attachment; filename="message.eml"'}
    return PlainTextResponse(_raw(app, name), media_type="message/rfc822", headers=headers)


def _require_mailbox(app: App) -> None:
    if app.settings.smtp.relays:
        raise NotFound("mail goes to a relay, not into the local mailbox", do="see MAILER_SMTP_URL")


def _raw(app: App, name: str) -> bytes:
    _require_mailbox(app)
    found: bytes = delivery.read_message(app.mailbox, name)
    return found


def _parsed(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=modern)
