"""What connections and those who use them hand to each other: messages on their way, and what is told about them."""

from dataclasses import dataclass, field
from enum import Enum
from math import inf
from typing import Final

from mailer.delivery.outcomes import LEFT, Outcome, Outgoing, Stage


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for what, in seconds (RFC 5321 §4.5.3.2)."""

    connect: float = 30.0
    greeting: float = 300.0
    command: float = 300.0
    data: float = 180.0
    dot: float = 600.0


class Closed(Enum):
    """Why a connection is no longer one."""

    QUIET = "closed while nothing was under way"
    LOST = "lost"
    REFUSED = "refused for good"


@dataclass(slots=True)
class Transaction:
    """One message on its way.

    `tries` counts the connections that it was given to; `is_handed_over`: its bytes have been queued, up to the final dot;
    `is_gone`: that dot has left us, so that the relay may have taken the message.
    """

    message: Outgoing
    tries: int = 1
    refused: Outcome | None = None
    is_handed_over: bool = False
    is_gone: bool = False

    def hand_over(self) -> None:
        """Its bytes are queued now, up to the final dot."""
        self.is_handed_over = True
        self.note(LEFT)

    def note(self, mark: int) -> None:
        """Tell who traces the message: it leaves, it was kept, or what was answered."""
        if self.message.trace is not None:
            self.message.trace(self.message.number, mark)


Expected = tuple[Stage | None, Transaction | None, float]
"""A command whose reply has not come, and at which byte of all that we say it, or what it stands with, begins."""
UNASKED: Final[Expected] = (None, None, inf)


@dataclass(slots=True)
class Events:
    """What a connection has to tell its owner since it was last asked."""

    answers: list[tuple[Transaction, Outcome]] = field(default_factory=list)
    returned: list[Transaction] = field(default_factory=list)
    """Not handed over: they can go over another connection."""

    def __bool__(self) -> bool:
        """Whether there is anything to tell: such a connection is nobody else's yet."""
        return bool(self.answers or self.returned)
