"""A new workspace: settings, secrets, database, the first audiences, the sample issue and, for a trial, sample people."""

import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from mailer.app import App, open_app
from mailer.base.database import Database
from mailer.base.errors import WrongInput
from mailer.base.schema import upgrade_schema
from mailer.base.settings import read_settings, templates_dir
from mailer.campaigns import store_revision
from mailer.content import read_issue
from subscribers import add_audience, add_person, list_audiences, suppress, unsubscribe

SETTINGS_FILE = "mailer.toml"

FIRST_AUDIENCES = (
    ("academic", "Academic", "Research, publications and workshops"),
    ("industry", "Industry", "Partnerships, applications and events"),
    ("outreach", "Outreach", "Stories, talks and activities for everyone"),
)

SETTINGS_TEXT = """\
# The settings of this workspace. Every one can also be given as an environment variable MAILER_SECTION_KEY.
# The values below are placeholders: they may send to the local mailbox only.

[sender]
from = "newsletter@example.org"
name = "Research newsletter"
postal_address = "Department of Mathematics, 1 Example Street, Exampletown"
reply_to = ""
zone = "Europe/London"

[smtp]
# mailbox: keeps mail under mailbox/ and shows it in the web; else smtp://USER:PASSWORD@HOST:587
url = "mailbox:"

[bounce]
# Where mail that cannot be delivered comes back, and who reads it: imaps://USER:PASSWORD@HOST/FOLDER, pop3s://… or
# maildir:PATH, best set as MAILER_BOUNCE_URL, for it holds a password. It is read every five minutes.
address = ""
url = ""

[letter]
# embed: pictures travel in the message, up to 1 MB in all; host: they are fetched from the public address when it is read
pictures = "embed"

[release]
cooling_off = "5 min"
canary = 0
grace = "6 h"
"""


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """Somebody to try things with; addresses under example.org reach nobody."""

    email: str
    name: str
    audiences: tuple[str, ...]
    fate: str = ""


SAMPLE_PEOPLE = (
    SamplePerson("ada@example.org", "Ada Ashworth", ("academic",)),
    SamplePerson("bela@example.org", "Béla Kovács", ("academic", "industry")),
    SamplePerson("chioma@example.org", "Chioma Eze", ("industry",)),
    SamplePerson("dai@example.org", "Dai Probert", ("outreach",)),
    SamplePerson("elif@example.org", "Elif Şahin", ("outreach",)),
    SamplePerson("farid@example.org", "Farid Noor", ("academic",), "suppressed"),
    SamplePerson("greta@example.org", "Greta Lindqvist", ("industry",), "unsubscribed"),
)


def init_workspace(home: Path, *, sample_people: bool) -> Path:
    """Make a workspace; what an interrupted attempt has left is completed.

    Gives the folder of the sample issue. `mailer.toml` is written last: where it stands, the workspace is whole.

    Raises:
        WrongInput: there is a workspace already, or the folder cannot be made.
    """
    settings_file = home / SETTINGS_FILE
    if settings_file.exists():
        raise WrongInput("there is a workspace already", do="use it, or name another folder", place=str(home))
    home.mkdir(parents=True, exist_ok=True)
    _write_secrets(home / "secrets.toml")
    issue_folder = home / "issues" / "sample"
    if not issue_folder.exists():
        copy_sample(issue_folder)
    database = Database(read_settings(home).database_url)
    try:
        upgrade_schema(database)
    finally:
        database.close()
    app = open_app(home)
    try:
        with app.database.begin() as session:
            _first_rows(session, app, issue_folder, sample_people=sample_people)
    finally:
        app.close()
    settings_file.write_text(SETTINGS_TEXT, encoding="utf-8")
    return issue_folder


def copy_sample(folder: Path) -> None:
    """Copy the sample issue into a new folder.

    Raises:
        WrongInput: the folder exists.
    """
    if folder.exists():
        raise WrongInput("it exists already", do="name a new folder", place=str(folder))
    shutil.copytree(templates_dir() / "sample", folder)


def _write_secrets(path: Path) -> None:
    if path.exists():
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(
            "# Signs the links in every letter: keep it, or all links of sent letters die. Newest first.\n"
            f'[secret]\nkeys = ["{secrets.token_urlsafe(32)}"]\n'
        )


def _first_rows(session: Session, app: App, issue_folder: Path, *, sample_people: bool) -> None:
    if list_audiences(session):
        return
    now = app.clock()
    for slug, name, description in FIRST_AUDIENCES:
        add_audience(session, slug, name, description=description)
    store_revision(session, read_issue(issue_folder), now=now, author="mailer", origin=str(issue_folder))
    for person in SAMPLE_PEOPLE if sample_people else ():
        subscriber_id = add_person(
            session,
            person.email,
            name=person.name,
            audience_slugs=person.audiences,
            status="subscribed",
            consent="Sample person, made by `mailer init --sample`",
            source="init --sample",
            now=now,
        )
        if person.fate == "suppressed":
            suppress(session, person.email, reason="bounced", source="init --sample", now=now)
        elif person.fate == "unsubscribed":
            unsubscribe(session, subscriber_id, audience_slugs=None, now=now, source="init --sample")
