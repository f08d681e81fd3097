"""Moments, numbers and states in words that the manager reads; pure."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

SAID: Final = {
    "saved": "Saved.",
    "asked-anew": "Saved. A campaign was released with the filter as it was: it waits for your decision.",
    "created": "The campaign was made. Look at every letter, then release it.",
    "changed": "The draft was changed. Look it over again.",
    "newest": "The campaign has the newest text now. Look at its letters again.",
    "scheduled": "Released. Until it leaves, it can be recalled.",
    "paused": "Paused. What was already handed to the relay cannot be called back.",
    "resumed": "It goes on.",
    "cancelled": "Cancelled. Nobody else gets it.",
    "recalled": "Recalled. It is a draft again.",
    "tested": "The test copies were sent.",
    "added": "Added.",
    "suppressed": "Suppressed: nothing is mailed there any more.",
    "lifted": "The suppression was lifted.",
    "unsubscribed": "Unsubscribed.",
    "erased": "Erased. Only a keyed hash of the address is left.",
    "archived": "Archived.",
    "disabled": "That person can no longer sign in.",
    "revoked": "The token was revoked.",
    "signed-out": "You are signed out.",
}
"""What a page says after a deed, by the name in its address."""

STATES: Final = {
    "draft": "Draft",
    "scheduled": "Scheduled",
    "preparing": "Preparing",
    "sending": "Sending",
    "paused": "Paused",
    "sent": "Sent",
    "cancelled": "Cancelled",
    "failed": "Failed",
}


def moment(at: datetime | None, zone: str) -> str:
    """A moment in words with its zone and offset: `Tuesday 5 January 2027, 09:00 GMT (UTC+00:00)`."""
    if at is None:
        return "no time set"
    local = at.astimezone(ZoneInfo(zone or "UTC"))
    return f"{local:%A} {local.day} {local:%B %Y, %H:%M} {zone_words(local, zone)}"


def zone_words(local: datetime, zone: str) -> str:
    """`GMT (UTC+00:00)`, or `Asia/Kathmandu (UTC+05:45)` where the zone has no letters of its own."""
    offset = f"{local:%z}"
    name = local.tzname() or ""
    return f"{name if name.isalpha() else zone} (UTC{offset[:3]}:{offset[3:5]})"


def short(at: datetime | None, zone: str) -> str:
    """A moment for a table: `5 Jan 2027, 09:00`, which breaks before the time only; nothing where there is none."""
    if at is None:
        return ""
    local = at.astimezone(ZoneInfo(zone or "UTC"))
    return f"{local.day}\u00a0{local:%b\u00a0%Y, %H:%M}"


DEEDS = {
    "asked": "Signed up, not yet confirmed",
    "reminded": "Reminded once",
    "agreed": "Agreed",
    "withdrew": "Left",
    "declined": "Left without having confirmed",
    "paused": "Paused",
    "unpaused": "Ended the pause",
    "moved": "Moved to another address",
}
REASONS = {
    "bounce": "Mail to it came back for good",
    "bounced": "Mail to it came back for good",
    "complaint": "They reported a letter as unwanted",
    "complained": "They reported a letter as unwanted",
    "manual": "A manager said so",
    "import": "It came so from another system",
}


HELD: Final = {
    "manager": "A manager paused it",
    "missed": "It missed its time",
    "changed": "What is kept is not what was approved",
    "segment": "A segment is not what was approved",
    "letter": "Its letter cannot be read",
    "relay": "The mail server refuses it",
    "canary": "Too much of the first wave came back",
    "restored": "The database was restored from a backup",
}


def held(name: str) -> str:
    """Why a campaign waits for a decision."""
    return HELD.get(name, name)


def deed(name: str) -> str:
    """What a line of the log of consent means."""
    return DEEDS.get(name, name)


def reason(name: str) -> str:
    """Why an address is never mailed."""
    return REASONS.get(name, name)


def count(number: int) -> str:
    """A number with its thousands apart."""
    return f"{number:,}"


def state(name: str) -> str:
    """A campaign's state as a word."""
    return STATES.get(name, name)


def size(length_bytes: int) -> str:
    """A size in kilobytes (1024 bytes), as mail clients count."""
    return f"{length_bytes / 1024:,.1f} KB"
