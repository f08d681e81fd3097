"""What a message that came back says: the shapes of a verdict."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["bounce", "complaint", "autoreply", "unsubscribe", "none"]
Action = Literal["hard", "soft", "none"]


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a message is about, and what it says of them.

    `action`: `hard`, this address will never work; `soft`, it did not work this time; `none`, nothing is wrong with it.
    `status` is the most telling enhanced status code (RFC 3463), else the SMTP code, else empty. `diagnostic` is what the
    server said, in one line. `reason` is a word of `reasons.Reason`. `original` is the address as it was written on the
    envelope, where the report gives it and it differs (the recipient forwards their mail).
    """

    address: str
    action: Action
    status: str = ""
    diagnostic: str = ""
    reason: str = ""
    original: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a message that came back says.

    `original_message_id` is the Message-ID of the message that it answers, without the angle brackets, which are no part of
    it (RFC 5322 §3.6.4); empty where it is not told. `report` is a complaint's Feedback-Type (RFC 5965 §3.1), else empty.
    """

    kind: Kind
    recipients: tuple[Recipient, ...] = ()
    original_message_id: str = ""
    report: str = ""
