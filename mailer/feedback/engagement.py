"""What people did with what they were sent, as fields of a segment's filter: `mailed < 90 days ago`, `clicked is empty`.

A field is the moment of the last time; empty where it never was. `opened` and `clicked` know only what is measured, which by
default is nothing.
"""

from collections.abc import Mapping

from sqlalchemy import func, select

from mailer.delivery import last_mailed
from mailer.feedback.models import KINDS, Event
from subscribers.filter_fields import Field, person_id, time_field


def engagement() -> Mapping[str, Field]:
    """The fields by name: `mailed`, and one for each kind of event."""
    fields = {"mailed": time_field(last_mailed(person_id()))}
    for kind in KINDS:
        last = select(func.max(Event.at)).where(Event.subscriber_id == person_id(), Event.kind == kind)
        fields[kind] = time_field(last.scalar_subquery())
    return fields
