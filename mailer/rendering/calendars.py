"""An event as a calendar file (RFC 5545)."""

from datetime import UTC, date, datetime, time, timedelta

from icalendar import Calendar
from icalendar import Event as Entry

from mailer.content.issue import Event
from mailer.content.plain import plain

PRODUCT = "-//mailer//newsletter//EN"


def calendar(event: Event, *, host: str, issue: str = "", stamp: date | None = None) -> bytes:
    """The bytes of an .ics file, the same for the same event.

    Args:
        event: its `end` is inclusive where it lasts whole days; the file's is exclusive (RFC 5545 §3.6.1).
        host: the right side of the event's UID, such as the public address's host name.
        issue: the issue's slug, so that two issues' events of one name stay apart.
        stamp: the issue's date, from which the time stamp is made; the event's own start where it has none.
    """
    entry = Entry()
    entry.add("uid", f"{'.'.join(filter(None, (issue, event.slug)))}@{host}")
    entry.add("dtstamp", datetime.combine(stamp or _day(event.start), time(), UTC))
    entry.add("summary", plain(event.title))
    entry.add("dtstart", event.start)
    end = _end(event)
    if end is not None:
        entry.add("dtend", end)
    if event.where:
        entry.add("location", plain(event.where))
    if event.link:
        entry.add("url", event.link)
    made = Calendar()
    made.add("prodid", PRODUCT)
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add_component(entry)
    made.add_missing_timezones()
    return bytes(made.to_ical(sorted=True))


def _day(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _end(event: Event) -> date | None:
    if isinstance(event.start, datetime):
        return event.end if isinstance(event.end, datetime) and event.end > event.start else None
    return _day(event.end or event.start) + timedelta(days=1)
