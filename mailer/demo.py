"""The demo: a fresh workspace, the sample issue, sample people of three audiences, and a real send over SMTP."""

import tempfile
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from threading import Event

from sqlalchemy.orm import Session

from mailer import campaigns
from mailer.app import App, open_app
from mailer.base.errors import Unreachable
from mailer.base.tables import CampaignId
from mailer.content import read_issue
from mailer.delivery import received
from mailer.workspace import FIRST_AUDIENCES, SAMPLE_PEOPLE, init_workspace
from subscribers import add_person, find_person

TOO_LONG = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Got:
    """One person of the demo and what arrived at the address."""

    email: str
    name: str
    audiences: tuple[str, ...]
    status: str
    mails: int
    subject: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the demo."""

    workspace: str
    mailbox: str
    campaign: str
    state: str
    people: tuple[Got, ...]

    @property
    def is_right(self) -> bool:
        """Whether everyone who asked got exactly one mail, and nobody else any."""
        return self.state == "sent" and all(
            person.mails == (1 if person.status == "subscribed" else 0) for person in self.people
        )

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def make_workspace(more_people: int) -> Path:
    """A fresh workspace in the system's folder for temporary files; it is kept."""
    home = Path(tempfile.mkdtemp(prefix="mailer-demo-"))
    init_workspace(home, sample_people=True)
    app = open_app(home)
    try:
        with app.database.begin() as session:
            for slug, _name, _description in FIRST_AUDIENCES:
                for number in range(more_people):
                    _add_generated(session, app, slug, number)
    finally:
        app.close()
    return home


def _add_generated(session: Session, app: App, slug: str, number: int) -> None:
    add_person(
        session,
        f"{slug}{number}@example.org",
        name=f"{slug.title()} reader {number + 1}",
        audience_slugs=(slug,),
        status="subscribed",
        consent="Made by `mailer demo`",
        source="demo",
        now=app.clock(),
    )


def send_sample(app: App, stopped: Event) -> Outcome:
    """Have whoever works send the sample issue to its three audiences, and look into the mailbox: at once if it is `stopped`.

    Raises:
        Unreachable: it was not done within ten minutes.
    """
    issue = read_issue(app.home / "issues" / "sample")
    slugs = [slug for slug, _name, _description in FIRST_AUDIENCES]
    now = app.clock()
    with app.database.begin() as session:
        revision_id = campaigns.store_revision(session, issue, now=now, author="demo", origin="issues/sample")
        campaign_id = campaigns.create(session, revision_id, audiences=slugs, now=now, actor="demo")
        slug = campaigns.row(session, campaign_id).slug
    with app.database.begin() as session:
        campaigns.schedule(
            session,
            campaign_id,
            send_at=now,
            zone=app.settings.sender.zone,
            now=now,
            actor="demo",
            frame=app.frame(session, slug=slug),
            accept_warnings=True,
            formula_cache=app.formula_cache,
        )
    _wait_for_end(app, campaign_id, stopped)
    return _outcome(app, campaign_id)


def _wait_for_end(app: App, campaign_id: CampaignId, stopped: Event) -> None:
    give_up = app.clock() + TOO_LONG
    while app.clock() < give_up:
        with app.database.read() as session:
            if campaigns.row(session, campaign_id).state in ("sent", "failed", "paused"):
                return
        if stopped.wait(0.1):
            return
    raise Unreachable("demo", "it was not sent within ten minutes", do=f"look into {app.home}")


def _outcome(app: App, campaign_id: CampaignId) -> Outcome:
    mails = received(app.mailbox)
    with app.database.read() as session:
        row = campaigns.row(session, campaign_id)
        people = []
        for sample in SAMPLE_PEOPLE:
            person = find_person(session, sample.email, now=app.clock())
            theirs = [mail for mail in mails if sample.email in mail.recipients]
            subject = theirs[0].subject if theirs else ""
            people.append(Got(sample.email, sample.name, sample.audiences, person.status, len(theirs), subject))
    return Outcome(str(app.home), str(app.mailbox), row.slug, row.state, tuple(people))


def as_text(outcome: Outcome) -> str:
    """The outcome for a terminal: by audience, who got what."""
    lines = [f"Campaign {outcome.campaign}: {outcome.state}", ""]
    for slug, name, _description in FIRST_AUDIENCES:
        lines.append(name)
        for person in outcome.people:
            if slug in person.audiences:
                got = f"{person.mails} mail: {person.subject}" if person.mails else f"no mail, {person.status}"
                both = f"   (one mail for {' and '.join(person.audiences)})" if len(person.audiences) > 1 else ""
                lines.append(f"  {person.name} <{person.email}>   {got}{both}")
        lines.append("")
    lines += [
        f"The mail lies in {outcome.mailbox}",
        f"Look at it: mailer run --workspace {outcome.workspace}, then /mailbox",
    ]
    return "\n".join(lines)
