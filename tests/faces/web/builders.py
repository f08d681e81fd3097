"""What the tests of the web part make, and how they look at what came of it."""

import re
from datetime import datetime

from sqlalchemy.orm import Session

from mailer import accounts
from mailer.app import App
from mailer.base.tables import SubscriberId
from mailer.base.tokens import Purpose
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
