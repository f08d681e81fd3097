"""What a relay has said it can do, and what follows for a message: its commands, its parameters, its end (RFC 5321 §4.1.1.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from mailer.delivery.outcomes import Outgoing, Refused
from mailer.delivery.replies import Reply

CHUNKS_DEEP = 3
"""With CHUNKING, so many messages may be beyond recall on a connection that is lost."""


@dataclass(frozen=True, slots=True)
class Features:
    """What the answer to EHLO offers; looked at once for a connection, asked for every message."""

    pipelining: bool = False
    chunking: bool = False
    eight_bit: bool = False
    other_scripts: bool = False
    takes_size: bool = False
    size_limit_bytes: int = 0
    depth: int = 1
    """How many messages may be under way on one connection."""

    @classmethod
    def of(cls, offered: Mapping[str, str], *, chunking: bool = True) -> Self:
        """Read the keywords and their parameters; without `chunking`, it is left where it is offered."""
        limit = offered.get("SIZE", "")
        pipelining = "PIPELINING" in offered
        # Without PIPELINING a chunk could not follow its commands at once, and nothing would be gained.
        chunking = chunking and "CHUNKING" in offered and pipelining
        return cls(
            pipelining=pipelining,
            chunking=chunking,
            eight_bit="8BITMIME" in offered,
            other_scripts="SMTPUTF8" in offered,
            takes_size="SIZE" in offered,
            size_limit_bytes=int(limit) if limit.isdigit() else 0,
            depth=CHUNKS_DEEP if chunking else 2 if pipelining else 1,
        )

    def unsuited(self, message: Outgoing) -> Refused | None:
        """A message that this relay has said it does not take."""
        if not (self.other_scripts or (message.recipient.isascii() and message.sender.isascii())):
            return Refused(550, "5.6.7", "the relay does not carry addresses in other scripts (SMTPUTF8)")
        if 0 < self.size_limit_bytes < len(message.data):
            text = f"the message has {len(message.data)} bytes, the relay takes {self.size_limit_bytes}"
            return Refused(552, "5.3.4", text, "campaign", "mail")
        return None

    def mail(self, message: Outgoing) -> str:
        """The command that begins its transaction."""
        parameters = f" SIZE={len(message.data)}" if self.takes_size else ""
        if self.eight_bit and not message.is_plain and not message.data.isascii():
            parameters += " BODY=8BITMIME"
        if self.other_scripts and not (message.recipient.isascii() and message.sender.isascii()):
            parameters += " SMTPUTF8"
        return f"MAIL FROM:<{message.sender}>{parameters}\r\n"


def is_unknown_command(reply: Reply) -> bool:
    """Whether it is said that the command is not recognized, or not implemented (RFC 5321 §4.2.4), and not what it carried."""
    enhanced, _ = reply.parts()
    return reply.code in (500, 502) and (not enhanced or enhanced.startswith("5.5."))


def stuffed(message: Outgoing) -> tuple[bytes, bytes]:
    """The message with every leading dot doubled, and the end that it needs (RFC 5321 §4.5.2)."""
    data = message.data
    if not message.is_plain and (b"\r\n." in data or data.startswith(b".")):
        data = (b"\r\n" + data).replace(b"\r\n.", b"\r\n..")[2:]
    return data, b".\r\n" if data.endswith(b"\r\n") else b"\r\n.\r\n"
