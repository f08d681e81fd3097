"""The address of a relay: `smtp://user:pass@host:587?connections=8&rate=100&weight=2&warmup=2027-01-04:500,1000`."""

from dataclasses import dataclass, replace
from datetime import date
from math import inf
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from mailer.base.notation import names_a_host, place_of

ALLOWED = (
    "mailbox:, smtp://USER:PASSWORD@HOST:587 or smtps://… with ?starttls=no, ?connections=N, ?rate=N, ?weight=N, "
    "?warmup=DAY:N,N,…; several separated by blanks"
)
SLOWEST = 0.001
"""Messages a second. What is slower than one in a quarter of an hour is a mistyped number; a warm-up counts by the day."""
OPTIONS = {"starttls", "connections", "rate", "weight", "warmup"}

Security = Literal["starttls", "tls", "none"]


@dataclass(frozen=True, slots=True)
class WarmUp:
    """How many messages a day a relay may be given from its first day on; after the last of them as many as there are.

    A day is one of UTC.
    """

    begins: date
    messages: tuple[int, ...]

    def limit_on(self, day: date) -> int | None:
        """How many on that day; None is without a limit."""
        index = (day - self.begins).days
        if index < 0:
            return 0
        return self.messages[index] if index < len(self.messages) else None


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """One SMTP server that takes our mail onward; `rate` is messages a second, 0 without a limit.

    `weight` is its share of the batches among those that answer; one with 0 is used only while no other answers.
    """

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = ""
    connections: int = 8
    rate: float = 0.0
    weight: int = 1
    warm_up: WarmUp | None = None
    shares_server: bool = False
    """Whether another relay of the settings is the same server with another user: each has its own rate and warm-up."""

    def __repr__(self) -> str:
        """Without the password."""
        return f"RelaySettings({self.name}, security={self.security!r}, user={self.user!r})"

    @property
    def name(self) -> str:
        """`host:port`, for messages, logs and what is counted; of several accounts there, `user@host:port`."""
        place = place_of(self.host, self.port)
        return f"{self.user}@{place}" if self.shares_server and self.user else place


def read_relay_urls(text: str) -> tuple[RelaySettings, ...]:
    """The relays of a setting, in order; an empty tuple stands for `mailbox:`.

    Raises:
        ValueError: what is allowed.
    """
    urls = text.split()
    if urls == ["mailbox:"]:
        return ()
    if not urls or not all(map(names_a_host, urls)):
        raise ValueError(ALLOWED)
    relays = _told_apart([_read_one(url) for url in urls])
    if any("weight" in _options(url) for url in urls):
        return relays
    # Without weights their order counts: the first is used, and the next while it is away.
    return (replace(relays[0], weight=1), *relays[1:])


def _told_apart(relays: list[RelaySettings]) -> tuple[RelaySettings, ...]:
    users = {name: {relay.user for relay in relays if relay.name == name} for name in {relay.name for relay in relays}}
    return tuple(replace(relay, shares_server=len(users[relay.name]) > 1) for relay in relays)


def _options(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def _read_one(url: str) -> RelaySettings:
    parts = urlsplit(url)
    options = _options(url)
    unknown = options.keys() - OPTIONS
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path.strip("/") or unknown:
        raise ValueError(ALLOWED)
    if options.get("starttls", "yes") not in ("yes", "no"):
        raise ValueError(ALLOWED)
    security: Security = "tls" if parts.scheme == "smtps" else "none" if options.get("starttls") == "no" else "starttls"
    try:
        port = parts.port or {"tls": 465, "starttls": 587, "none": 25}[security]
        connections, rate = int(options.get("connections", "8")), float(options.get("rate", "0"))
        weight = int(options.get("weight", "0"))
    except ValueError as error:
        raise ValueError(ALLOWED) from error
    bears = rate == 0 or SLOWEST <= rate < inf
    if not 1 <= connections <= 1000 or not bears or not 0 <= weight <= 1000:
        message = f"connections from 1 to 1000, a rate of 0 or from {SLOWEST} on and a weight from 0 to 1000"
        raise ValueError(message)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    warm_up = _read_warm_up(options["warmup"]) if "warmup" in options else None
    return RelaySettings(parts.hostname, port, security, user, password, connections, rate, weight, warm_up)


def _read_warm_up(text: str) -> WarmUp:
    day, _, numbers = text.partition(":")
    try:
        plan = WarmUp(date.fromisoformat(day), tuple(int(number) for number in numbers.split(",")))
    except ValueError as error:
        message = "a warm-up is its first day and the messages of each, such as 2027-01-04:500,1000,2000"
        raise ValueError(message) from error
    if min(plan.messages) < 1:
        message = "a warm-up has at least one message a day"
        raise ValueError(message)
    return plan
