"""When a campaign leaves: what the manager wrote, as a moment in UTC and the zone it was meant in."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mailer.base.errors import WrongInput

EXAMPLE = 'write now, an ISO time with its offset, or "2027-01-05 09:00 Europe/London"'


def parse_when(text: str, *, zone: str, now: datetime) -> tuple[datetime, str]:
    """The moment in UTC and the IANA zone of `now`, an ISO time, or a local time with or without a zone's name.

    An hour that the end of summer time repeats is taken the first time.

    Args:
        zone: the zone of a time that names none.

    Raises:
        WrongInput: it is no time, the zone is unknown, or that local time does not exist.
    """
    words = text.strip().split()
    if words == ["now"]:
        return now, zone
    named = words[-1] if len(words) > 1 and _is_zone_name(words[-1]) else ""
    try:
        moment = datetime.fromisoformat(" ".join(words[:-1] if named else words))
    except ValueError as error:
        raise WrongInput(f"{text!r} is no time", do=EXAMPLE) from error
    if moment.tzinfo is not None:
        return moment.astimezone(UTC), named or zone
    return _in_zone(moment, named or zone), named or zone


def _is_zone_name(word: str) -> bool:
    return word[:1].isalpha()


def _in_zone(local: datetime, zone: str) -> datetime:
    try:
        moment = local.replace(tzinfo=ZoneInfo(zone), fold=0)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise WrongInput(f"{zone!r} is no zone", do="write an IANA name such as Europe/London") from error
    utc = moment.astimezone(UTC)
    back = utc.astimezone(ZoneInfo(zone))
    if back.replace(tzinfo=None) != local:
        raise WrongInput(
            f"{local:%Y-%m-%d %H:%M} does not exist in {zone}: the clocks skip it",
            do=f"write {back:%H:%M} or a time before the change",
        )
    return utc
