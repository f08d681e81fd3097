"""The signed time-stamp in our own form, by which a robot is told from somebody who types; pure."""

from datetime import UTC, datetime, timedelta
from typing import Final

from mailer.base.errors import NotFound
from mailer.base.tokens import Keys, Purpose

HUMAN: Final = timedelta(seconds=1)
LIFETIME: Final = timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Not seconds: a form of this moment would seem to be up to one of them old.
_UNIT: Final = timedelta(milliseconds=1)


def stamp(keys: Keys, *, now: datetime) -> str:
    """What a form shown at this moment carries."""
    return keys.sign(Purpose.FORM, (now - _EPOCH) // _UNIT)


def is_fresh(keys: Keys, written: str, *, now: datetime) -> bool:
    """Whether a form was filled by hand and lately; one without a stamp is embedded in somebody's own page."""
    if not written:
        return True
    try:
        (shown_at,) = keys.read(Purpose.FORM, written)
        age = now - (_EPOCH + shown_at * _UNIT)
    except (NotFound, ValueError):
        return False
    return HUMAN <= age <= LIFETIME
