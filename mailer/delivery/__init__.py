"""Delivery: recipients → ledger → batches → SMTP → results.

Takes a released campaign and a list. Gives every recipient an outcome, once, and the counts. Knows the relay's protocol, the
ledger and its leases; knows no template and no queue.
"""

from mailer.delivery.copies import test_copies
from mailer.delivery.figures import Figures, figures
from mailer.delivery.held import HeldBack, held_back
from mailer.delivery.journal import Journal
from mailer.delivery.mailbox import MailboxServer, Received, read_message, received
from mailer.delivery.message.compose import Composer
from mailer.delivery.outcomes import Accepted, Deferred, Outcome, Outgoing, Refused, Unknown, reason_of
from mailer.delivery.progress import Counts, RecipientRow, last_mailed, progress, recipients_page
from mailer.delivery.reach import require_relay
from mailer.delivery.run import Relay, prepare, send_batch, sweep
from mailer.delivery.smtp.relay import SmtpRelay
from mailer.delivery.standing import Standing, standing
from mailer.delivery.throughput import Throughput, throughput

__all__ = [
    "Accepted",
    "Composer",
    "Counts",
    "Deferred",
    "Figures",
    "HeldBack",
    "Journal",
    "MailboxServer",
    "Outcome",
    "Outgoing",
    "Received",
    "RecipientRow",
    "Refused",
    "Relay",
    "SmtpRelay",
    "Standing",
    "Throughput",
    "Unknown",
    "figures",
    "held_back",
    "last_mailed",
    "prepare",
    "progress",
    "read_message",
    "reason_of",
    "received",
    "recipients_page",
    "require_relay",
    "send_batch",
    "standing",
    "sweep",
    "test_copies",
    "throughput",
]
