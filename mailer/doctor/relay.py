"""The relays: whether each lets us in over TLS and with our password, and how large a message may be."""

import ssl
from collections.abc import Iterator

from mailer.app import App
from mailer.base.errors import Unreachable, WrongInput
from mailer.base.relay_url import RelaySettings
from mailer.base.settings import LOOPBACK
from mailer.delivery.smtp.features import Features
from mailer.delivery.smtp.trial import try_relay
from mailer.doctor.finding import Finding, error, ok, warning
from mailer.doctor.names import Names

ABOUT = "relay"
LARGE_LETTER_BYTES = 2_000_000
"""A megabyte of embedded pictures, in base64, and the letter."""


def check(app: App, _names: Names) -> Iterator[Finding]:
    """Open a connection to each, as a sender does, and close it again."""
    relays = app.settings.smtp.relays
    if not relays:
        message = "mailbox: mail stays in the local mailbox and reaches nobody"
        yield warning(ABOUT, message, do="set [smtp] url to your relay when you want to send")
        return
    context = ssl.create_default_context()
    for relay in relays:
        yield _of_one(relay, context)
    try:
        app.settings.refuse_placeholders(app.base_url)
    except WrongInput as refused:
        yield error("sender", refused.message, do=refused.do)


def _of_one(relay: RelaySettings, context: ssl.SSLContext) -> Finding:
    about = f"{ABOUT} {relay.name}"
    try:
        offered = try_relay(relay, context=context)
    except Unreachable as trouble:
        return error(about, trouble.message.removeprefix(f"{about}: "), do=trouble.do)
    limit = offered.size_limit_bytes
    if 0 < limit < LARGE_LETTER_BYTES:
        message = f"takes messages up to {limit:,} bytes; a letter with pictures in it may have {LARGE_LETTER_BYTES:,}"
        return warning(about, message, do="ask for more, or let pictures be hosted")
    if relay.security == "none" and relay.host not in LOOPBACK:
        return warning(about, "lets us in without TLS", do="leave out ?starttls=no")
    return ok(about, ", ".join(_said(relay, offered)))


def _said(relay: RelaySettings, offered: Features) -> Iterator[str]:
    yield "lets us in" if relay.security == "none" else "lets us in over TLS"
    if relay.user:
        yield f"as {relay.user}"
    yield f"up to {offered.size_limit_bytes:,} bytes" if offered.size_limit_bytes else "any size"
    names = {"CHUNKING": offered.chunking, "PIPELINING": offered.pipelining, "SMTPUTF8": offered.other_scripts}
    yield " ".join(name for name, is_offered in names.items() if is_offered) or "one message at a time"
