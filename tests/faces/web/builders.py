"""What the tests of the web part make, and how they look at what came of it."""

import re
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from mailer import accounts, campaigns, delivery
from mailer.app import App
from mailer.base.tables import CampaignId, SubscriberId
from mailer.base.tokens import Purpose
from mailer.content import StoredFiles, read_files
from mailer.delivery.models import Batch, Delivery
from mailer.every_table import EVERY_TABLE
from subscribers import people

SETTINGS = """
[database]
url = "{url}"
[base]
url = "http://testserver"
[sender]
from = "news@maths.test"
name = "Maths News"
postal_address = "1 Gauss Street, Göttingen"
[release]
cooling_off = "0 s"
"""


def a_token(app: App, *scopes: str, expires_at: datetime | None = None) -> str:
    """A token's secret, good for these scopes or for all."""
    with app.database.begin() as session:
        account = accounts.add_user(session, "robot@maths.test", now=app.clock())
        return accounts.add_token(
            session,
            account.id,
            name="ci",
            scopes=scopes or accounts.SCOPES,
            expires_at=expires_at,
            now=app.clock(),
        )


def a_person(app: App, email: str = "ada@maths.test", *slugs: str, name: str = "Ada") -> SubscriberId:
    """A person who is subscribed to these audiences, or to academic and industry."""
    with app.database.begin() as session:
        return people.add_person(
            session,
            email,
            name=name,
            audience_slugs=slugs or ("academic", "industry"),
            status="subscribed",
            consent="asked us at a workshop",
            source="tests",
            keys=app.keys,
            now=app.clock(),
            actor="tests",
        )


def a_frozen_campaign(app: App, people_count: int, *, now: datetime) -> CampaignId:
    """A campaign whose time has come, to so many people of one audience, each of whom has a place in it."""
    for number in range(people_count):
        a_person(app, f"p{number}@x.test", "academic")
    with app.database.begin() as session:
        issue = read_files(StoredFiles({"issue.md": b"---\ntitle: Winter\n---\n\nHello, everybody.\n"}), "issue.md")
        revision_id = campaigns.store_revision(session, issue, now=now, author="tests")
        campaign_id = campaigns.create(session, revision_id, audiences=["academic"], now=now, actor="tests")
        campaigns.schedule(
            session, campaign_id, send_at=now, zone="UTC", now=now, actor="tests",
            frame=app.frame(session), accept_warnings=True,
        )  # fmt: skip
        campaigns.due(session, now=now, grace=timedelta(hours=6))
    delivery.prepare(app.database, campaign_id, clock=app.clock)
    return campaign_id


def hold_back_all_but_one(app: App, *, now: datetime) -> None:
    """As it is after a first turn of a batch whose domain takes nothing more."""
    with app.database.begin() as session:
        session.execute(update(Batch).values(fence=1))
        held = update(Delivery).where(Delivery.number > 1)
        session.execute(held.values(reason="held: x.test takes nothing: 451 later", due_at=now + timedelta(minutes=9)))


def states(app: App, subscriber_id: SubscriberId) -> dict[str, str]:
    """A person's audiences and the states that are shown."""
    with app.database.read() as session:
        person = people.person_by_id(session, subscriber_id, now=app.clock())
    assert person is not None
    return {membership.slug: membership.state for membership in person.audiences}


def everything(session: Session) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, to show that nothing was changed."""
    return {table.name: [tuple(row) for row in session.execute(table.select())] for table in EVERY_TABLE.sorted_tables}


def link(app: App, purpose: Purpose, *ids: int) -> str:
    """The address of a subscriber's link."""
    return f"/{purpose.name.lower()}/{app.keys.sign(purpose, *ids)}"


def text_of(html: str) -> str:
    """A page's words, without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())
