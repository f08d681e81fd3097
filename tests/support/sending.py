"""A small office that sends: people, campaigns, a clock that is turned by hand, and a queue that is a list."""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from sqlalchemy.orm import Session

from mailer import campaigns
from mailer.base.database import Database
from mailer.base.hints import Hint
from mailer.base.settings import Settings, read_settings
from mailer.base.tables import BatchId, CampaignId, SubscriberId
from mailer.base.tokens import Keys
from mailer.content import StoredFiles, read_files
from mailer.delivery import (
    Composer,
    Counts,
    Journal,
    Relay,
    SmtpRelay,
    prepare,
    progress,
    recipients_page,
    send_batch,
    sweep,
)
from mailer.delivery.pacing.pace import Pace
from mailer.delivery.smtp.exchange import Patience
from mailer.feedback import note_refusal
from mailer.feedback.engagement import engagement
from mailer.rendering import Frame, Sender
from subscribers import add_audience, add_person, find_person, person_by_id, segments, unsubscribe
from tests.support.relay import RelayServer

BEGIN = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
GRACE = timedelta(hours=6)
HASTY = Patience(connect=2, greeting=2, command=2, data=2, dot=2)
ISSUE = """---
title: Winter
subject: "Winter, {{ name | default('dear reader') }}"
---

Dear {{ name | default("colleague") }}, this is for everybody.

::: audience academic
Only academics read this.
:::

::: audience industry
Only industry reads this.
:::
"""


class Office:
    """Everything that is needed to send, in one process and without a queue; time stands still unless it is moved."""

    def __init__(
        self, database: Database, relay: Relay, *, settings: Settings | None = None, pace: Pace | None = None
    ) -> None:
        self.database = database
        self.relay = relay
        self.pace = pace
        self.now = BEGIN
        self.settings = settings or office_settings()
        self.keys = Keys(["a key for tests, long enough"])
        self.composer = Composer(keys=self.keys, base_url=lambda: "https://news.test", settings=self.settings)
        self.hints: deque[Hint] = deque()
        self.journal: Journal | None = None
        database.queue = self.hints.extend
        with database.begin() as session:
            for slug in ("academic", "industry"):
                add_audience(session, slug, slug.title(), now=self.now, actor="test")

    def clock(self) -> datetime:
        """The time that the hand shows."""
        return self.now

    def later(self, **duration: float) -> None:
        """Turn the hand forward."""
        self.now += timedelta(**duration)

    # --- people -------------------------------------------------------------------------------------------------------

    def add(self, address: str, *slugs: str, name: str = "") -> SubscriberId:
        """A subscribed person; by default in the audience `academic`."""
        with self.database.begin() as session:
            return self._add(session, address, slugs, name)

    def people(self, count: int) -> list[str]:
        """So many subscribed academics; their addresses, in order."""
        addresses = [f"p{number:05}@x.test" for number in range(count)]
        with self.database.begin() as session:
            for address in addresses:
                self._add(session, address, (), "")
        return addresses

    def _add(self, session: Session, address: str, slugs: Sequence[str], name: str) -> SubscriberId:
        return add_person(
            session,
            address,
            name=name,
            audience_slugs=slugs or ("academic",),
            status="subscribed",
            consent="for a test",
            source="test",
            now=self.now,
        )

    def person(self, address: str) -> SubscriberId:
        """The id of a person."""
        with self.database.read() as session:
            return find_person(session, address, now=self.now).id

    def leave(self, address: str) -> None:
        """Let a person unsubscribe from everything."""
        with self.database.begin() as session:
            person = find_person(session, address, now=self.now)
            unsubscribe(session, person.id, audience_slugs=None, now=self.now, source="test")

    # --- campaigns ----------------------------------------------------------------------------------------------------

    def release(
        self,
        *audiences: str,
        issue: str = ISSUE,
        send_at: datetime | None = None,
        rule: Literal["resend", "leave"] = "resend",
        canary: int = 0,
        wanted: Sequence[str] = (),
        excluded: Sequence[str] = (),
    ) -> CampaignId:
        """A released campaign; by default to `academic` and for now."""
        read = read_files(StoredFiles({"issue.md": issue.encode()}), "issue.md")
        with self.database.begin() as session:
            campaign_id = campaigns.create(
                session,
                campaigns.store_revision(session, read, now=self.now, author="test"),
                audiences=audiences or ("academic",),
                wanted=wanted,
                excluded=excluded,
                now=self.now,
                actor="test",
                uncertain_rule=rule,
            )
            self.schedule(session, campaign_id, send_at=send_at, canary=canary)
        return campaign_id

    def schedule(
        self, session: Session, campaign_id: CampaignId, *, send_at: datetime | None = None, canary: int = 0
    ) -> None:
        """Release a draft; by default for now."""
        campaigns.schedule(
            session,
            campaign_id,
            send_at=send_at or self.now,
            zone="UTC",
            now=self.now,
            actor="test",
            frame=Frame(Sender("News", "news@news.test", "1 Street, Town"), "https://news.test"),
            accept_warnings=True,
            canary=canary,
            more=engagement(),
        )

    def segment(self, slug: str, text: str) -> None:
        """Save a filter, or change the one that is there."""
        with self.database.begin() as session:
            if slug in {row.slug for row in segments.list_segments(session)}:
                campaigns.edit_segment(session, slug, filter_text=text, now=self.now, actor="test", more=engagement())
            else:
                segments.add_segment(session, slug, "", text, now=self.now, actor="test", more=engagement())

    def plan(self, campaign_id: CampaignId) -> campaigns.Plan:
        """Who would get it now, and why others would not."""
        with self.database.read() as session:
            return campaigns.plan(session, campaign_id, now=self.now, more=engagement())

    def decide(self, decision: str, campaign_id: CampaignId, **more: bool) -> None:
        """`pause`, `resume`, `recall` or `cancel`."""
        with self.database.begin() as session:
            getattr(campaigns, decision)(session, campaign_id, now=self.now, actor="test", **more)

    def state(self, campaign_id: CampaignId) -> campaigns.CampaignRow:
        """The campaign as it stands."""
        with self.database.read() as session:
            return campaigns.row(session, campaign_id)

    # --- work ---------------------------------------------------------------------------------------------------------

    def sweep(self) -> None:
        """What beat does every second."""
        sweep(self.database, clock=self.clock, grace=GRACE, journal=self.journal)

    def prepare(self, campaign_id: CampaignId, *, batch: int = 200) -> list[BatchId]:
        """Freeze the list and forget the hints; the batches."""
        self.sweep()
        prepare(self.database, campaign_id, clock=self.clock, batch=batch, more=engagement())
        found = [BatchId(subject) for job, subject in self.hints if job == "send_batch"]
        self.hints.clear()
        return list(dict.fromkeys(found))

    def send(self, batch_id: BatchId, *, holder: str = "test", relay: Relay | None = None) -> None:
        """Send a batch, and what else is due."""
        send_batch(
            self.database,
            relay or self.relay,
            batch_id,
            composer=self.composer,
            clock=self.clock,
            holder=holder,
            journal=self.journal,
            pace=self.pace,
            on_refusal=note_refusal,
        )

    def work(self) -> None:
        """Sweep, and do what the hints say, until they say nothing new."""
        self.sweep()
        while self.hints:
            job, subject = self.hints.popleft()
            if job == "prepare":
                prepare(self.database, CampaignId(subject), clock=self.clock, more=engagement())
            elif job == "send_batch":
                self.send(BatchId(subject))

    def send_everything(self, campaign_id: CampaignId, *, hours: float = 100) -> None:
        """Work and let time pass, until the campaign is over or stands still."""
        end = self.now + timedelta(hours=hours)
        while self.now < end:
            self.work()
            if self.state(campaign_id).state not in ("scheduled", "preparing", "sending"):
                return
            self.later(hours=1)

    # --- what came of it ----------------------------------------------------------------------------------------------

    def counts(self, campaign_id: CampaignId) -> Counts:
        """How far it is."""
        with self.database.read() as session:
            return progress(session, campaign_id)

    def states(self, campaign_id: CampaignId) -> dict[str, str]:
        """What became of whom; a reason that is one word stands behind the state."""
        found = {}
        with self.database.read() as session:
            for row in recipients_page(session, campaign_id, limit=10_000):
                person = None if row.subscriber_id is None else person_by_id(session, row.subscriber_id, now=self.now)
                name = person.email if person else "(erased)"
                found[name] = f"{row.state} {row.reason}" if row.reason and " " not in row.reason else row.state
        return found


def office_settings(**environ: str) -> Settings:
    """Settings as a workspace has them; `SENDER_NAME="News"` and the like set others."""
    given = {
        "SENDER_FROM": "news@news.test",
        "SENDER_NAME": "News",
        "SENDER_POSTAL_ADDRESS": "1 Street, Town",
    } | environ
    return read_settings(Path("/nonexistent"), {f"MAILER_{name}": value for name, value in given.items()})


def relay_to(*servers: RelayServer, connections: int = 2, patience: Patience = HASTY) -> SmtpRelay:
    """A relay that speaks to these servers, without much patience."""
    return SmtpRelay([server.settings(connections=connections) for server in servers], patience=patience)


@contextmanager
def relaying(*servers: RelayServer, connections: int = 2, patience: Patience = HASTY) -> Iterator[SmtpRelay]:
    """The same, closed at the end of the block."""
    with closing(relay_to(*servers, connections=connections, patience=patience)) as relay:
        yield relay
