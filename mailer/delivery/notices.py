"""Notices: single messages to one person, such as the one that asks to confirm. A row waits until the relay took it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from mailer.base.database import Database
from mailer.base.errors import Unreachable
from mailer.base.hints import wake
from mailer.base.languages import Language, Languages
from mailer.base.tables import SubscriberId
from mailer.base.tokens import Purpose
from mailer.delivery.compose import Composer, envelope_address
from mailer.delivery.models import Notice
from mailer.delivery.outcomes import Accepted, Outcome, Outgoing, Refused, reason_of
from mailer.delivery.run import Relay
from subscribers import Person, person_by_id

JOB = "send_notice"
HELD = timedelta(minutes=2)
"""How long a worker has for one notice before another may take it."""
MOST_ATTEMPTS = 12

log = structlog.get_logger()


def queue(session: Session, kind: str, subscriber_id: SubscriberId, *, now: datetime) -> None:
    """Let a notice be sent after the commit; one that waits already is not doubled."""
    waiting = select(Notice.id).where(Notice.kind == kind, Notice.subscriber_id == subscriber_id)
    if session.scalar(waiting) is not None:
        return
    notice = Notice(kind=kind, subscriber_id=subscriber_id, due_at=now, created_at=now)
    session.add(notice)
    session.flush()
    wake(session, JOB, notice.id)


def sweep(database: Database, *, clock: Callable[[], datetime]) -> None:
    """Call out the notices that are due: their hint may have been lost."""
    with database.begin() as session:
        for notice_id in session.scalars(select(Notice.id).where(Notice.due_at <= clock()).limit(100)):
            wake(session, JOB, notice_id)


def send(
    database: Database,
    relay: Relay,
    notice_id: int,
    *,
    composer: Composer,
    languages: Languages,
    clock: Callable[[], datetime],
) -> None:
    """Send a notice, if it is due and nobody else has it; a relay that says later, or nothing, is asked again."""
    now = clock()
    with database.begin() as session:
        taken = session.execute(
            update(Notice)
            .where(Notice.id == notice_id, Notice.due_at <= now)
            .values(due_at=now + HELD, attempts=Notice.attempts + 1)
            .returning(Notice.kind, Notice.subscriber_id, Notice.attempts)
        ).one_or_none()
        person = person_by_id(session, taken.subscriber_id, now=now) if taken else None
    if taken is None:
        return
    outcome = _send_to(relay, _message(composer, languages, taken.kind, person, now), person.email) if person else None
    with database.begin() as session:
        if outcome is None or isinstance(outcome, Accepted | Refused) or taken.attempts >= MOST_ATTEMPTS:
            session.execute(delete(Notice).where(Notice.id == notice_id))
        else:
            wait = timedelta(minutes=1) * 2 ** min(taken.attempts, 8)
            session.execute(update(Notice).where(Notice.id == notice_id).values(due_at=now + wait))
    log.info("notice_sent", kind=taken.kind, outcome=type(outcome).__name__ if outcome else "nobody")


def send_login_link(
    relay: Relay, composer: Composer, languages: Languages, *, to: str, name: str, link: str, now: datetime
) -> None:
    """Mail a manager's sign-in link at once.

    Raises:
        Unreachable: the relay did not take it.
    """
    message = _compose(composer, languages.best(), "login", to=to, name=name, facts={"link": link}, now=now)
    outcome = _send_to(relay, message, to)
    if not isinstance(outcome, Accepted):
        raise Unreachable("relay", reason_of(outcome), do="check MAILER_SMTP_URL; `mailer user reset` prints a link")


def _message(composer: Composer, languages: Languages, kind: str, person: Person, now: datetime) -> bytes:
    token = composer.keys.sign(Purpose.CONFIRM, person.id, 0)
    waiting = [membership.name for membership in person.audiences if membership.state == "unconfirmed"]
    facts = {
        "link": f"{composer.base_url}/confirm/{token}",
        "audiences": "\n".join(f"- {name}" for name in waiting),
    }
    language = languages.best(person.language)
    return _compose(composer, language, kind, to=person.email, name=person.name, facts=facts, now=now)


def _compose(
    composer: Composer, language: Language, kind: str, *, to: str, name: str, facts: dict[str, str], now: datetime
) -> bytes:
    """A notice is no hot path: the standard library's own message, whose headers cannot be broken out of."""
    sender = composer.sender
    facts = {"sender": sender.name, **facts}
    hello = language["notice_hello"].format(name=name) if name else language["notice_hello_nobody"]
    body = language[f"notice_{kind}_body"].format(**facts)
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(sender.name, addr_spec=sender.address)
    message["To"] = Address(" ".join(name.split()), addr_spec=envelope_address(to))
    message["Subject"] = " ".join(language[f"notice_{kind}_subject"].format(**facts).split())
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{composer.keys.sign(Purpose.MESSAGE_ID, int(now.timestamp() * 1e6))}@{composer.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    message.set_content(f"{hello}\n\n{body}\n\n-- \n{sender.name}\n{sender.postal_address}\n")
    return message.as_bytes()


def _send_to(relay: Relay, data: bytes, to: str) -> Outcome:
    sender = ""  # a bounce of a notice wants no answer (RFC 3834 §3.3)
    answers = [answer for answer in relay.send([Outgoing(0, sender, envelope_address(to), data)]) if answer is not None]
    return answers[0][1]
