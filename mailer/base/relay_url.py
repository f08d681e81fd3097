"""The address of a relay: `smtp://user:pass@host:587?connections=8&rate=100`."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

ALLOWED = "mailbox:, smtp://USER:PASSWORD@HOST:587 or smtps://… with ?starttls=no, ?connections=N, ?rate=N; several separated by blanks"

Security = Literal["starttls", "tls", "none"]


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """One SMTP server that takes our mail onward; `rate` is messages a second, 0 without a limit."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = ""
    connections: int = 8
    rate: float = 0.0

    def __repr__(self) -> str:
        """Without the password."""
        return f"RelaySettings({self.name}, security={self.security!r}, user={self.user!r})"

    @property
    def name(self) -> str:
        """`host:port`, for messages and logs."""
        return f"{self.host}:{self.port}"


def read_relay_urls(text: str) -> tuple[RelaySettings, ...]:
    """The relays of a setting, in order; an empty tuple stands for `mailbox:`.

    Raises:
        ValueError: what is allowed.
    """
    urls = text.split()
    if urls == ["mailbox:"]:
        return ()
    if not urls:
        raise ValueError(ALLOWED)
    return tuple(_read_one(url) for url in urls)


def _read_one(url: str) -> RelaySettings:
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = options.keys() - {"starttls", "connections", "rate"}
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path.strip("/") or unknown:
        raise ValueError(ALLOWED)
    if options.get("starttls", "yes") not in ("yes", "no"):
        raise ValueError(ALLOWED)
    security: Security = "tls" if parts.scheme == "smtps" else "none" if options.get("starttls") == "no" else "starttls"
    try:
        port = parts.port or {"tls": 465, "starttls": 587, "none": 25}[security]
        connections, rate = int(options.get("connections", "8")), float(options.get("rate", "0"))
    except ValueError as error:
        raise ValueError(ALLOWED) from error
    if not 1 <= connections <= 1000 or rate < 0:
        message = "connections from 1 to 1000 and a rate from 0"
        raise ValueError(message)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return RelaySettings(parts.hostname, port, security, user, password, connections, rate)
