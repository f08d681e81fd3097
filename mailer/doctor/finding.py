"""What a check finds."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `do` is what to do about it, empty where it is well."""

    about: str
    level: Level
    message: str
    do: str = ""


def ok(about: str, message: str) -> Finding:
    """It is well."""
    return Finding(about, "ok", message)


def warning(about: str, message: str, *, do: str) -> Finding:
    """Mail leaves, but something is lacking."""
    return Finding(about, "warning", message, do)


def error(about: str, message: str, *, do: str) -> Finding:
    """Mail does not leave, or is not taken, as long as this is so."""
    return Finding(about, "error", message, do)
