"""People: who they are, what they asked for, what they agreed to, and who is never to be mailed.

Takes: addresses, files of people, people's own decisions on the pages. Gives: conditions and queries over those who may
receive now, persons to show, exports. Knows: `mailer.base` and nothing else.
"""

from subscribers.addresses import Address, find_address, parse_address
from subscribers.audiences import (
    AudienceRow,
    CountedAudience,
    add_audience,
    archive_audience,
    audience_ids,
    count_audiences,
    edit_audience,
    exclusions,
    list_audiences,
    public_slugs,
    recipients,
)
from subscribers.consents import ConsentRow, list_consents
from subscribers.erasure import erase
from subscribers.export import export_people, write_csv, write_json_lines
from subscribers.importing import Report, import_file, look_at
from subscribers.joining import (
    NothingToSend,
    SignUp,
    ToConfirm,
    confirm,
    pause,
    set_preferences,
    subscribe,
    undo_leave,
    unpause,
    unsubscribe,
)
from subscribers.people import (
    Membership,
    Page,
    Person,
    add_person,
    count_people,
    find_person,
    find_suppressed,
    list_people,
    person_by_id,
)
from subscribers.suppression import is_suppressed, lift, list_suppressions, may_receive, suppress

__all__ = [
    "Address",
    "AudienceRow",
    "ConsentRow",
    "CountedAudience",
    "Membership",
    "NothingToSend",
    "Page",
    "Person",
    "Report",
    "SignUp",
    "ToConfirm",
    "add_audience",
    "add_person",
    "archive_audience",
    "audience_ids",
    "confirm",
    "count_audiences",
    "count_people",
    "edit_audience",
    "erase",
    "exclusions",
    "export_people",
    "find_address",
    "find_person",
    "find_suppressed",
    "import_file",
    "is_suppressed",
    "lift",
    "list_audiences",
    "list_consents",
    "list_people",
    "list_suppressions",
    "look_at",
    "may_receive",
    "parse_address",
    "pause",
    "person_by_id",
    "public_slugs",
    "recipients",
    "set_preferences",
    "subscribe",
    "suppress",
    "undo_leave",
    "unpause",
    "unsubscribe",
    "write_csv",
    "write_json_lines",
]
