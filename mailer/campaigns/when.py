"""When a campaign leaves: what the manager wrote, as a moment in UTC and the zone it was meant in."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mailer.base.errors import NotAllowed, WrongInput

JUST_NOW = timedelta(minutes=2)
"""How old a wished time may be and still count as now: a page was open for a while."""
EXAMPLE = 'write now, an ISO time with its offset, or "2027-01-05 09:00 Europe/London"'


def parse_when(text: str, *, zone: str, now: datetime) -> tuple[datetime, str]:
    """The moment in UTC and the IANA zone of `now`, an ISO time or a local time, each with or without a zone's name.

    An hour that the end of summer time repeats is taken the first time.

    Args:
        zone: the zone of a time that names none.

    Raises:
        WrongInput: it is no time, the zone is unknown, or that local time does not exist.
    """
    words = text.split()
    if len(words) > 1 and words[-1][:1].isalpha():
        zone = words.pop()
    place = _place(zone)
    if words == ["now"]:
        return now, zone
    try:
        moment = datetime.fromisoformat(" ".join(words))
        utc = moment.astimezone(UTC) if moment.tzinfo else _in_utc(moment, place)
        utc.astimezone(place)  # as it will be shown
    except (ValueError, OverflowError) as error:
        raise WrongInput(f"{text!r} is no time", do=EXAMPLE) from error
    return utc, zone


def leaving_at(wished: datetime, *, now: datetime, cooling_off: timedelta = timedelta()) -> datetime:
    """When it leaves that is released `now` for a wished time: not before the cooling-off is over.

    Raises:
        NotAllowed: the time is past. It was mistyped, or meant for another day: nobody wants it to leave at once.
    """
    if wished < now - JUST_NOW:
        raise NotAllowed(f"{wished:%d %B %Y %H:%M %Z} is past", do="choose a later time")
    return max(wished, now + cooling_off)


def _place(zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise WrongInput(f"{zone!r} is no zone", do="write an IANA name such as Europe/London") from error


def _in_utc(local: datetime, place: ZoneInfo) -> datetime:
    utc = local.replace(tzinfo=place, fold=0).astimezone(UTC)
    back = utc.astimezone(place)
    if back.replace(tzinfo=None) != local:
        raise WrongInput(
            f"{local:%Y-%m-%d %H:%M} does not exist in {place.key}: the clocks skip it",
            do=f"write {back:%H:%M} or a time before the change",
        )
    return utc
