"""A campaign as the command line shows it: in words, and as JSON for scripts."""

import dataclasses
from datetime import datetime

from mailer import campaigns, delivery
from mailer.app import App
from mailer.base.tables import CampaignId
from mailer.campaigns import CampaignRow
from mailer.cli.output import show, show_json


def show_campaign(app: App, campaign_id: CampaignId, *, json_: bool) -> None:
    """Print a campaign, its counts and its pace."""
    with app.database.read() as session:
        row, counts = campaigns.row(session, campaign_id), delivery.progress(session, campaign_id)
        pace = delivery.throughput(session, row, counts, now=app.clock())
        held = delivery.held_back(session, row, now=app.clock())
    if json_:
        twice = counts.might_have_got_it_twice
        show_json(
            {
                **as_json(row),
                "counts": counts.as_dict(),
                "might_have_got_it_twice": twice,
                **dataclasses.asdict(pace),
                "held_back": dataclasses.asdict(held) if held else None,
            }
        )
        return
    why = f" ({row.reason}{': ' + row.detail if row.detail else ''})" if row.reason else ""
    show(f"campaign {row.id} {row.slug}: {row.state}{why}, time {when_in_utc(row.scheduled_at)}")
    if row.detail and not row.reason:
        show(f"held up: {row.detail}")
    if narrowed := _narrowed(row):
        show(narrowed)
    show("  ".join(f"{name} {count:,}" for name, count in counts.as_dict().items() if count))
    if held:
        show(held_line(held))
    if pace.rate:
        done = f", done at about {pace.finishes_at:%Y-%m-%d %H:%M} UTC" if pace.finishes_at else ""
        show(f"{pace.rate:,.1f} messages a second{done}")
    if counts.might_have_got_it_twice:
        show(
            f"{counts.might_have_got_it_twice:,} might have got it twice: the relay's answer to the first copy was lost"
        )


def held_line(held: delivery.HeldBack) -> str:
    """Whom the pace of their domains holds back, in one line."""
    return f"held back: {held.count:,}, the first until {when_in_utc(held.until)} UTC: {held.why}"


def _narrowed(row: CampaignRow) -> str:
    """By which segments, in words; empty where by none."""
    sides = (("only people in", row.segments), ("nobody in", row.excluded))
    return "; ".join(f"{words} {', '.join(slugs)}" for words, slugs in sides if slugs)


def as_json(row: CampaignRow) -> dict[str, object]:
    """What scripts are told of a campaign."""
    return {
        "id": row.id,
        "slug": row.slug,
        "title": row.title,
        "state": row.state,
        "reason": row.reason,
        "detail": row.detail,
        "scheduled_at": row.scheduled_at,
        "zone": row.zone,
        "audiences": row.audiences,
        "segments": row.segments,
        "exclude": row.excluded,
        "release_hash": row.release_hash,
        "uncertain_rule": row.uncertain_rule,
        "canary": row.canary,
        "canary_until": row.canary_until,
        "despite_refusals": row.despite_refusals,
        "started_at": row.started_at,
        "finished_at": row.finished_at,
    }


def when_in_utc(moment: datetime | None) -> str:
    """A time in UTC to the minute, for tables."""
    return moment.strftime("%Y-%m-%d %H:%M") if moment else "not set"
