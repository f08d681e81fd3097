"""The dialogue up to the first message: greeting, EHLO, STARTTLS, signing in (RFC 5321 §3.1, 3207, 4954, 4616)."""

from base64 import b64encode
from collections.abc import Generator

from mailer.base.relay_url import RelaySettings
from mailer.delivery.replies import Reply, shown

Opening = Generator[bytes | None, Reply, None]
"""What is yielded is sent, None makes the channel secure; the reply comes back."""

LISTEN = b""
SECURED = Reply(220, (b"",))
"""What comes back once the channel is secure."""


class OpeningFailed(Exception):
    """The relay does not open, and whether it never will."""

    def __init__(self, text: str, *, for_good: bool = False) -> None:
        super().__init__(text)
        self.for_good = for_good


def opening(settings: RelaySettings, features: dict[str, str], *, own_name: str) -> Opening:
    """Open a session; `features` is filled with what the relay offers, keyword to parameters.

    Raises:
        OpeningFailed: the relay refuses, or lacks what the settings require.
    """
    greeting = yield LISTEN
    if greeting.kind != 2:
        raise OpeningFailed(f"it greets with {shown(greeting)}")
    needs_more = bool(settings.user) or settings.security == "starttls"
    yield from _introduce(features, own_name, needs_more=needs_more)
    if settings.security == "starttls":
        if "STARTTLS" not in features:
            raise OpeningFailed("it does not offer STARTTLS (set ?starttls=no to send without)")
        reply = yield b"STARTTLS\r\n"
        if reply.kind != 2:
            raise OpeningFailed(f"it refuses STARTTLS with {shown(reply)}")
        yield None
        yield from _introduce(features, own_name, needs_more=needs_more)
    if settings.user:
        yield from _sign_in(features.get("AUTH", "").split(), settings.user.encode(), settings.password.encode())


def _introduce(features: dict[str, str], own_name: str, *, needs_more: bool) -> Opening:
    """Who knows only HELO has nothing of what we may need: then its words to EHLO are what keeps us out."""
    features.clear()  # what was said before STARTTLS counts no longer (RFC 3207 §4.2)
    reply = yield f"EHLO {own_name}\r\n".encode()
    if reply.kind == 5 and not needs_more:
        reply = yield f"HELO {own_name}\r\n".encode()
        if reply.kind == 2:
            return
    if reply.kind != 2:
        raise OpeningFailed(f"it answers EHLO with {shown(reply)}")
    for line in reply.texts[1:]:
        keyword, _, parameters = line.upper().replace("=", " ", 1).partition(" ")
        features[keyword] = f"{features[keyword]} {parameters}" if keyword in features else parameters


def _sign_in(offered: list[str], user: bytes, password: bytes) -> Opening:
    if "PLAIN" in offered:
        reply = yield b"AUTH PLAIN " + b64encode(b"\0" + user + b"\0" + password) + b"\r\n"
    elif "LOGIN" in offered:
        reply = yield b"AUTH LOGIN\r\n"
        for secret in (user, password):
            if reply.kind == 3:
                reply = yield b64encode(secret) + b"\r\n"
    else:
        raise OpeningFailed("it offers no way to sign in that we know (PLAIN, LOGIN)", for_good=True)
    if reply.kind != 2:
        raise OpeningFailed(f"it refuses our sign-in with {shown(reply)}", for_good=reply.kind == 5)
