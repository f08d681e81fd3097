"""A campaign as the command line shows it: in words, and as JSON for scripts."""

from datetime import datetime

from mailer import campaigns, delivery
from mailer.app import App
from mailer.base.tables import CampaignId
from mailer.campaigns import CampaignRow
from mailer.cli.output import show, show_json


def show_campaign(app: App, campaign_id: CampaignId, *, json_: bool) -> None:
    """Print a campaign, its counts and its pace."""
    with app.database.read() as session:
        row = campaigns.row(session, campaign_id)
        now = delivery.standing(session, row, relays=app.settings.smtp.relays, now=app.clock())
    if json_:
        show_json({**row.as_dict(), **now.as_dict()})
        return
    counts, pace, held = now.counts, now.pace, now.held
    why = f" ({row.reason}{': ' + row.detail if row.detail else ''})" if row.reason else ""
    show(f"campaign {row.id} {row.slug}: {row.state}{why}, time {when_in_utc(row.scheduled_at)}")
    if row.detail and not row.reason:
        show(f"held up: {row.detail}")
    if narrowed := _narrowed(row):
        show(narrowed)
    show("  ".join(f"{name} {count:,}" for name, count in counts.as_dict().items() if count))
    if held:
        show(held_line(held))
    rate = f"{pace.rate:,.1f} messages a second" if pace.rate else ""
    done = f"done at about {pace.finishes_at:%Y-%m-%d %H:%M} UTC" if pace.finishes_at else ""
    if rate or done:
        show(", ".join(filter(None, (rate, done))))
    if twice := counts.might_have_got_it_twice:
        show(f"{twice:,} might have got it twice: the relay's answer to the first copy was lost")


def held_line(held: delivery.HeldBack) -> str:
    """Whom the pace of their domains holds back, in one line."""
    return f"held back: {held.count:,}, the first until {when_in_utc(held.until)} UTC: {held.why}"


def _narrowed(row: CampaignRow) -> str:
    """By which segments, in words; empty where by none."""
    sides = (("only people in", row.segments), ("nobody in", row.excluded))
    return "; ".join(f"{words} {', '.join(slugs)}" for words, slugs in sides if slugs)


def when_in_utc(moment: datetime | None) -> str:
    """A time in UTC to the minute, for tables."""
    return moment.strftime("%Y-%m-%d %H:%M") if moment else "not set"
