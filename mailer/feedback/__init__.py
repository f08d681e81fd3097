"""What comes back: bounces, complaints, automatic replies, opt-outs.

Takes: messages as bytes, and the decisions that people make on the pages. Gives: a verdict on each message, events that are
recorded once and acted upon, the report of a campaign. Knows `subscribers`, `delivery` and `campaigns` by their public
functions; the reading of messages is pure and knows none of them.
"""

from mailer.feedback.apply import apply_message
from mailer.feedback.bounces import classify
from mailer.feedback.canary import Limits, watch_first_waves
from mailer.feedback.events import record, record_opt_out
from mailer.feedback.polling import LastReading, last_reading
from mailer.feedback.refusals import note_refusal
from mailer.feedback.report import Report, report
from mailer.feedback.verdicts import Action, Kind, Recipient, Verdict

__all__ = [
    "Action",
    "Kind",
    "LastReading",
    "Limits",
    "Recipient",
    "Report",
    "Verdict",
    "apply_message",
    "classify",
    "last_reading",
    "note_refusal",
    "record",
    "record_opt_out",
    "report",
    "watch_first_waves",
]
