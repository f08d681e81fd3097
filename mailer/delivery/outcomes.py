"""What goes to a relay, and the five things that can come of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

KEPT: Final = 0
LEFT: Final = 1
TAKEN: Final = 2
ANSWERED: Final = 3
"""What can be noted of a message: it has not left us; its last bytes are about to; the relay took it; it said otherwise."""

Trace = Callable[[int, int], None]
"""Notes of a message, by its number, one of these; must be done when it returns."""


@dataclass(slots=True)
class Outgoing:
    """One message for one recipient; `number` is the sender's own mark for it.

    `sender` and `recipient` are the envelope's. `data` is the whole message with CRLF line ends, not dot-stuffed. `is_plain`
    promises that it is ASCII and that no line begins with a dot: to look for oneself takes 45 µs for 55 KB, a quarter of
    what it takes to send them. `trace` is told before the last bytes leave, and what was answered.
    """

    number: int
    sender: str
    recipient: str
    data: bytes
    is_plain: bool = False
    trace: Trace | None = None


Scope = Literal["recipient", "campaign"]
Stage = Literal["connect", "mail", "rcpt", "data", "dot"]


@dataclass(frozen=True, slots=True)
class Accepted:
    """The relay has taken charge of the message (2xx to the final dot); what it says besides tells nobody anything."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """Not now: 4xx, or the connection was lost before the message was handed over.

    At `mail` it is the relay's word about us or about itself, and not about the recipient (RFC 5321 §4.2.3: 451, 452).
    """

    code: int
    enhanced: str
    text: str
    stage: Stage = "rcpt"


@dataclass(frozen=True, slots=True)
class Refused:
    """Never: 5xx. `scope` tells whether it is about this recipient, or about all of us: sender, content, sign-in."""

    code: int
    enhanced: str
    text: str
    scope: Scope = "recipient"
    stage: Stage = "rcpt"


@dataclass(frozen=True, slots=True)
class Unknown:
    """The connection was lost after the final dot and before its answer: the message may be there, or not."""

    text: str


@dataclass(frozen=True, slots=True)
class NotTried:
    """The relay could not be reached, or would not talk to us: nothing was handed over, and no attempt counts.

    `until`: when it takes mail again, where that is known.
    """

    text: str
    until: datetime | None = None


Outcome = Accepted | Deferred | Refused | Unknown | NotTried


def reason_of(outcome: Outcome) -> str:
    """The outcome in one line, as the ledger keeps it and the manager reads it."""
    if isinstance(outcome, Accepted):
        return "accepted"
    if isinstance(outcome, Unknown | NotTried):
        return outcome.text
    return " ".join(part for part in (str(outcome.code or ""), outcome.enhanced, outcome.text) if part)
