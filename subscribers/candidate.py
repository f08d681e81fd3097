"""What one row of a file says of one person, while it is read."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from subscribers.addresses import HIDDEN
from subscribers.standing import Standing


class Candidate:
    """What one row says of one person; filled in while the row is read. What is not said stays with the class.

    Args:
        line: where the row begins.
        consented_at: when they agreed, as the file tells it.
        written: the address as written; `key` makes it one person.
        standing: the worst that the row says of the person's will to be mailed; `reason` why, where that is suppressed.
        audiences: those that the row itself names.
        has_status: a column of its own tells the standing in a word.
    """

    written: str = ""
    key: str = ""
    name: str = ""
    first_name: str = ""
    last_name: str = ""
    language: str = ""
    zone: str = ""
    reason: str = ""
    paused_until: datetime | None = None
    consented_at: datetime | None = None
    created_at: datetime | None = None
    audiences: tuple[tuple[str, Standing], ...] = ()
    has_status: bool = False

    def __init__(self, line: int, standing: Standing) -> None:
        self.line = line
        self.standing = standing
        self.attributes: dict[str, Any] = {}


class Unusable(Exception):
    """A row with a value that must not be guessed at; what reads the row tells it."""


Setter = Callable[[Candidate, str, Any], None]


def clean_text(value: object) -> str:
    """A cell as text, blanks of every kind made plain."""
    text = value if isinstance(value, str) else str(value)
    return " ".join((text if text.isascii() else text.translate(HIDDEN)).split())


def set_attribute(candidate: Candidate, name: str, value: Any) -> None:
    """What is known of them beside; an empty value says nothing."""
    kept = clean_text(value) if isinstance(value, str) else value
    if kept != "":
        candidate.attributes[name] = kept
