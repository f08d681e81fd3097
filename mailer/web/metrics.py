"""The metrics, in Prometheus' text format: each with its kind, its labels and its meaning, in one table."""

from collections.abc import Iterator, Sequence

from sqlalchemy.orm import Session

from mailer import campaigns, delivery, feedback
from mailer.app import App
from mailer.campaigns import CampaignRow
from mailer.web import words

METRICS = {
    "mailer_campaigns": ("gauge", "Campaigns, by state."),
    "mailer_deliveries": ("gauge", "Recipients of campaigns under way and of the last five, by campaign and state."),
    "mailer_campaign_rate": ("gauge", "Messages a second that relays answered in the last minutes, by campaign."),
    "mailer_messages_total": (
        "counter",
        "What came of messages, by outcome; a killed worker takes its last second along.",
    ),
    "mailer_batches_waiting": ("gauge", "Batches that are due and that nobody works on."),
    "mailer_batches_leased": ("gauge", "Batches that a worker holds."),
    "mailer_batches_late_seconds": (
        "gauge",
        "How long batches have been due that nobody works off; 0 while a worker sends.",
    ),
    "mailer_notices_waiting": ("gauge", "Single messages, such as confirmations, that wait to be sent."),
    "mailer_bounce_mailbox_failing_seconds": (
        "gauge",
        "How long the bounce mailbox could not be read; 0 while it can. Absent where none is read.",
    ),
    "mailer_domain_rate": ("gauge", "Messages a second for a domain that has deferred us, by domain; 0 while closed."),
    "mailer_warmup_taken": ("gauge", "Messages of today's warm-up that are taken, by relay."),
}
"""Name to kind and meaning. Labels: `campaign` is a slug, `state` as in `campaign show --json`, `relay` is host:port,
of several accounts there user@host:port,
`outcome` one of accepted, deferred, refused, uncertain, skipped; `domain` is a recipients' domain, never an address."""

Labels = tuple[tuple[str, str], ...]
Samples = list[tuple[str, Labels, float]]
RECENT = 5


def metrics(app: App) -> str:
    """Everything, as it stands in SQL: any process can be asked, and all say the same."""
    with app.database.read() as session:
        samples = [*_of_campaigns(app, session), *_of_delivery(app, session)]
    return "".join(_written(samples))


def _of_campaigns(app: App, session: Session) -> Iterator[tuple[str, Labels, float]]:
    rows = campaigns.list_campaigns(session)
    for name in words.STATES:
        yield "mailer_campaigns", (("state", name),), sum(row.state == name for row in rows)
    for row in _shown(rows):
        counts = delivery.progress(session, row.id)
        for name, number in counts.as_dict().items():
            yield "mailer_deliveries", (("campaign", row.slug), ("state", name)), number
        if row.is_at_work:
            pace = delivery.throughput(session, row, counts, relays=app.settings.smtp.relays, now=app.clock())
            yield "mailer_campaign_rate", (("campaign", row.slug),), pace.rate


def _shown(rows: Sequence[CampaignRow]) -> list[CampaignRow]:
    live = [row for row in rows if row.is_at_work or row.state == "paused"]
    return [*live, *[row for row in rows if row.is_over][:RECENT]]


def _of_delivery(app: App, session: Session) -> Iterator[tuple[str, Labels, float]]:
    found = delivery.figures(session, now=app.clock())
    for outcome, number in found.outcomes.items():
        yield "mailer_messages_total", (("outcome", outcome),), number
    yield "mailer_batches_waiting", (), found.waiting
    yield "mailer_batches_leased", (), found.leased
    yield "mailer_batches_late_seconds", (), round(found.late_seconds, 1)
    yield "mailer_notices_waiting", (), found.notices
    standing = feedback.last_reading(session, app.settings.bounce.box) if app.settings.bounce.box else None
    if standing is not None:
        since = standing.failing_since
        yield "mailer_bounce_mailbox_failing_seconds", (), (app.clock() - since).total_seconds() if since else 0
    for domain, rate in found.domain_rates.items():
        yield "mailer_domain_rate", (("domain", domain),), rate
    for relay, taken in found.warm_up_taken.items():
        yield "mailer_warmup_taken", (("relay", relay),), taken


def _written(samples: Samples) -> Iterator[str]:
    for name, (kind, meaning) in METRICS.items():
        yield f"# HELP {name} {meaning}\n# TYPE {name} {kind}\n"
        for of, labels, value in samples:
            if of == name:
                inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
                yield f"{name}{{{inside}}} {value:.15g}\n" if inside else f"{name} {value:.15g}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
