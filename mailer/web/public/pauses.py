"""How long a pause lasts; pure."""

from calendar import monthrange
from datetime import datetime
from typing import Final

from mailer.base.errors import WrongInput

PAUSES: Final = (1, 3, 6)
"""The pauses that are offered, in months."""


def pause_end(now: datetime, months: int) -> datetime:
    """The same day so many months later, or the last of that month.

    Raises:
        WrongInput: such a pause is not offered.
    """
    if months not in PAUSES:
        raise WrongInput(f"a pause of {months} months is not offered", do="choose 1, 3 or 6 months")
    year, month = divmod(now.year * 12 + now.month - 1 + months, 12)
    return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))
