"""What the relay of the tests keeps, and what can go wrong at which of its stages."""

from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Literal

Stage = Literal[
    "connect", "greeting", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "bdat", "body", "dot", "rset", "quit"
]
VERBS: dict[str, Stage] = {
    "EHLO": "ehlo",
    "HELO": "ehlo",
    "STARTTLS": "starttls",
    "AUTH": "auth",
    "MAIL": "mail",
    "RCPT": "rcpt",
    "DATA": "data",
    "BDAT": "bdat",
    "RSET": "rset",
    "QUIT": "quit",
}


@dataclass(frozen=True, slots=True)
class Received:
    """One message that the server took, dots unstuffed; `connection` counts the connections from 1."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes
    connection: int
    mail_parameters: str = ""

    @property
    def message(self) -> EmailMessage:
        """The message, parsed by the standard library."""
        parsed = message_from_bytes(self.data, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed


@dataclass(slots=True)
class Fault:
    """What goes wrong at a stage: at the recipients and the number of times that it is for.

    `body` is within a message, of which the server reads no more. `drop` cuts the connection instead of answering; at `dot`, `keep` tells whether the message was taken before.
    """

    stage: Stage
    reply: str = ""
    to: str = ""
    times: int | None = None
    delay: float = 0.0
    drop: bool = False
    keep: bool = False
    close: bool = False
    do: Callable[[], object] | None = None

    def is_for(self, stage: Stage, recipients: tuple[str, ...]) -> bool:
        """Whether it strikes now."""
        return self.stage == stage and self.times != 0 and (not self.to or self.to in recipients)
