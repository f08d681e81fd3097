"""What is over when a letter leaves: by choice such events are marked or dropped.

A letter must be the same whenever it is rendered, so the clock is never asked. The moment is the issue's `date`; where a
campaign has a time, it is that time, which is part of its release: what was approved stays as it is, also if the sending
is late or goes on for hours.
"""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mailer.content.issue import Block, Blocks, Event, Issue
from mailer.content.select import kept


def as_sent_at(issue: Issue, moment: datetime) -> Issue:
    """The issue as it is for a letter that leaves at that moment."""
    return replace(issue, blocks=at_moment(issue.blocks, moment))


def at_date_of(issue: Issue) -> Issue:
    """The issue as it is on its own date; where it has none, nothing is over."""
    day = issue.meta.date
    return as_sent_at(issue, datetime.combine(day, time(), UTC)) if day else issue


def at_moment(blocks: Blocks, moment: datetime) -> Blocks:
    """The blocks without the events that are over and to be dropped, nor the headings of nothing else."""

    def now(block: Block) -> Block | None:
        if not isinstance(block, Event) or block.past == "keep" or end_of(block) > moment:
            return block
        return replace(block, is_past=True) if block.past == "mark" else None

    return kept(blocks, now)


def end_of(event: Event) -> datetime:
    """The moment at which it is over; an event without an end is over when it begins, one of whole days after the last."""
    end = event.end or event.start
    if isinstance(end, datetime):
        return end
    return datetime.combine(end + timedelta(days=1), time(), ZoneInfo(event.zone))
