"""App: settings, database, clock, keys, queue and relay, opened once per process and handed down; the only wiring."""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

import mailer.every_table  # noqa: F401 - whoever erases a person goes through all of them
from mailer import campaigns
from mailer.base.database import Database, Queue
from mailer.base.errors import WrongInput
from mailer.base.languages import Languages
from mailer.base.once import once
from mailer.base.schema import require_current_schema
from mailer.base.settings import Settings, read_settings
from mailer.base.tokens import Keys
from mailer.delivery import Composer, Journal, MailboxServer, Relay, SmtpRelay
from mailer.delivery.holders import this_process
from mailer.delivery.message.dkim import signers
from mailer.delivery.pacing.allowances import SharedBySql
from mailer.delivery.pacing.pace import Pace
from mailer.queues import CeleryQueue, make_celery
from mailer.rendering import Frame, Picture, Sender
from subscribers import public_slugs
from subscribers.audiences import audience_names

ADDRESS_FILE = "web.address"


class App:
    """What a process of ours has in hand.

    Args:
        settings: read once.
        queue: takes hints after a commit; None leaves them to the sweep of whoever works.
    """

    def __init__(self, settings: Settings, *, queue: Queue | None) -> None:
        self.settings = settings
        self.home = settings.home
        self.database = Database(settings.database_url, queue=queue)
        self.keys = Keys([key.get_secret_value() for key in settings.secret.keys])
        self.stopping = threading.Event()
        self.holder = this_process()

    @staticmethod
    def clock() -> datetime:
        """Now, in UTC; rules take it as a parameter."""
        return datetime.now(UTC)

    @property
    def base_url(self) -> str:
        """The public address in every link; where none is set, the address that the web part really bound."""
        if self.settings.base.url:
            return self.settings.base.url
        bound = self.home / ADDRESS_FILE
        return bound.read_text(encoding="utf-8").strip() if bound.exists() else "http://127.0.0.1:8000"

    def bind(self, address: str) -> None:
        """Write down which address the web part has bound, for every process of this workspace."""
        (self.home / ADDRESS_FILE).write_text(address, encoding="utf-8")

    @property
    def formula_cache(self) -> Path:
        """Where pictures of formulas are kept by their content."""
        return self.home / "cache" / "formulas"

    @once
    def languages(self) -> Languages:
        """What the subscriber's pages and notices speak: what is shipped, and the workspace's own catalogues.

        Raises:
            WrongInput: a catalogue cannot be used.
        """
        return Languages(self.home / "templates")

    @property
    def mailbox(self) -> Path:
        """Where the local mailbox keeps what it received."""
        return self.home / "mailbox"

    @property
    def sender(self) -> Sender:
        """Who writes, as letters show it."""
        section = self.settings.sender
        return Sender(section.name, section.from_, section.postal_address, section.reply_to)

    def frame(self, session: Session, *, slug: str = "") -> Frame:
        """What stands around the letters of the issue `slug`."""
        return Frame(
            sender=self.sender,
            base_url=self.base_url,
            archive_url=f"{self.base_url}/archive/{slug}" if slug else "",
            overrides=str(self.home / "templates"),
            pictures=self.settings.letter.pictures,
            budget_bytes=self.settings.limits.letter_bytes,
            audience_names=audience_names(session),
            archived_for=public_slugs(session),
            settings=str(self.home / "mailer.toml"),
        )

    def keep_pictures(self, pictures: Sequence[Picture]) -> None:
        """Put pictures under the public address, in a transaction of their own."""
        with self.database.begin() as session:
            campaigns.keep_pictures(session, pictures, self.clock())

    @once
    def relay(self) -> Relay:
        """The way out: the relays of the settings, or a local SMTP server that keeps the mail in the workspace.

        Raises:
            WrongInput: a placeholder sender or address would go out into the world.
        """
        self.settings.refuse_placeholders(self.base_url)
        relays = self.settings.smtp.relays or (self._mailbox_server.settings,)
        return SmtpRelay(relays, shared=SharedBySql(self.database, self.clock))

    @once
    def _mailbox_server(self) -> MailboxServer:
        server = MailboxServer(self.mailbox)
        server.start()
        return server

    @once
    def pace(self) -> Pace:
        """What holds back the mail that a recipient domain would not bear."""
        section = self.settings.pace
        deadline = self.settings.limits.deadline
        return Pace(self.database, ceilings=section.domains, learns=section.learns, deadline=deadline)

    @once
    def composer(self) -> Composer:
        """What makes a message of a letter and a recipient."""
        return Composer(keys=self.keys, base_url=lambda: self.base_url, settings=self.settings)

    def require_keys(self) -> None:
        """Be sure that messages can be signed, before there are any.

        Raises:
            WrongInput: a DKIM key of the settings cannot be read.
        """
        signers(self.settings.dkim, home=self.home, sender_domain=self.settings.sender.domain)

    @once
    def journal(self) -> Journal:
        """Where this process notes what leaves it."""
        return Journal(self.home / "journal", holder=self.holder)

    def close(self) -> None:
        """Let go of everything, in the reverse order of opening."""
        self.stopping.set()
        if "relay" in self.__dict__:
            self.relay.close()
        if "_mailbox_server" in self.__dict__:
            self._mailbox_server.stop()
        self.database.close()


def settings_of(home: Path) -> Settings:
    """The settings of a workspace that `mailer init` has made, or that the environment describes.

    Raises:
        WrongInput: there is no workspace, or a setting is wrong.
    """
    settings = read_settings(home)
    if not settings.secret.keys:
        raise WrongInput(
            f"{home} is no workspace, and no secret keys are set",
            do=f"run `mailer init {home}`, or set MAILER_SECRET_KEYS",
            place="MAILER_SECRET_KEYS",
        )
    return settings


def open_app(home: Path, *, works: bool = False) -> App:
    """Open a workspace.

    Args:
        home: the workspace.
        works: whether this process has a worker of its own, which an embedded queue can reach.

    Raises:
        WrongInput: there is no workspace, a setting is wrong, or the schema is not up to date.
        Unreachable: the database does not answer.
    """
    settings = settings_of(home)
    reachable = works or not settings.is_embedded
    app = App(settings, queue=CeleryQueue(make_celery(settings.broker.url)) if reachable else None)
    require_current_schema(app.database)
    return app
