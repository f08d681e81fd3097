"""Notices: single messages to one person, such as the one that asks to confirm. A row waits until the relay took it."""

from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from mailer.base.database import Database
from mailer.base.domain_names import ascii_address
from mailer.base.errors import NotFound, Unreachable
from mailer.base.hints import wake
from mailer.base.languages import Languages
from mailer.base.tables import SubscriberId
from mailer.base.tokens import Purpose
from mailer.delivery.message.compose import Composer
from mailer.delivery.message.notice import NoticeText, notice_message
from mailer.delivery.models import Notice
from mailer.delivery.outcomes import Accepted, NotTried, Outcome, Outgoing, Refused, reason_of
from mailer.delivery.run import Ending, Relay
from subscribers import Person, consents, find_address, is_suppressed, joining, list_audiences, moving, person_by_id
from subscribers.addresses import masked
from subscribers.joining import SignUp, ToConfirm
from subscribers.moving import Moved, ToConfirmAddress

JOB = "send_notice"
HELD = timedelta(minutes=2)
"""How long after a worker was last heard of another may take its notice."""
RENEWED = HELD / 4
MOST_ATTEMPTS = 12

log = structlog.get_logger()


def ask_to_confirm(session: Session, asked: SignUp, *, remind_after: timedelta, now: datetime) -> None:
    """Ask whether it was really this person, if there is anything to ask; and let them be reminded once.

    Args:
        remind_after: when; 0 is never. Who was reminded before, of anything, is not reminded again.
    """
    if not isinstance(asked, ToConfirm):
        return
    queue(session, "confirm", asked.subscriber_id, now=now)
    if remind_after and not consents.was_reminded(session, asked.subscriber_id):
        queue(session, "remind", asked.subscriber_id, now=now, due_at=now + remind_after)


def ask_to_move(session: Session, asked: ToConfirmAddress, *, now: datetime) -> None:
    """Ask at the new address whether it is theirs."""
    queue(session, "move", asked.subscriber_id, now=now, change_id=asked.change_id)


def tell_moved(session: Session, moved: Moved, *, now: datetime) -> None:
    """Tell the old address that letters go elsewhere."""
    queue(session, "moved", moved.subscriber_id, now=now, change_id=moved.change_id, address=moved.old)


def queue(
    session: Session,
    kind: str,
    subscriber_id: SubscriberId,
    *,
    now: datetime,
    due_at: datetime | None = None,
    change_id: int = 0,
    address: str = "",
) -> None:
    """Let a notice be sent after the commit, or at `due_at`; one that waits already is not doubled."""
    same = (Notice.kind == kind, Notice.subscriber_id == subscriber_id, Notice.change_id == change_id)
    if session.scalar(select(Notice.id).where(*same)) is not None:
        return
    notice = Notice(
        kind=kind,
        subscriber_id=subscriber_id,
        change_id=change_id,
        address=address,
        due_at=due_at or now,
        created_at=now,
    )
    session.add(notice)
    session.flush()
    if due_at is None:
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
    stopping: Callable[[], bool] = lambda: False,
) -> None:
    """Send a notice, if it is due and nobody else has it; a relay that says later, or nothing, is asked again.

    Args:
        stopping: True where the process is to end: then a relay that says nothing is not waited for.
    """
    now = clock()
    with database.begin() as session:
        taken = session.execute(
            update(Notice)
            .where(Notice.id == notice_id, Notice.due_at <= now)
            .values(due_at=now + HELD, attempts=Notice.attempts + 1)
            .returning(
                Notice.kind,
                Notice.subscriber_id,
                Notice.change_id,
                Notice.address,
                Notice.attempts,
                Notice.id,
                Notice.created_at,
            )
        ).one_or_none()
        if taken is None:
            return
        written = _written(session, composer, languages, Waiting(*taken), now)
    held = _Held(database, notice_id, taken.attempts, clock, since=now)
    outcome = _send_to(relay, *written, meanwhile=held.keep, ending=Ending(stopping)) if written else None
    with database.begin() as session:
        if outcome is None or _is_final(outcome) or taken.attempts >= MOST_ATTEMPTS:
            session.execute(delete(Notice).where(*held.is_ours))
        else:
            wait = timedelta(minutes=1) * 2 ** min(taken.attempts, 8)
            session.execute(update(Notice).where(*held.is_ours).values(due_at=clock() + wait))
    log.info("notice_sent", kind=taken.kind, outcome=type(outcome).__name__ if outcome else "nobody")


@dataclass(slots=True)
class _Held:
    """A notice that is being sent. It is ours while nobody else has begun an attempt, which none may while it is kept."""

    database: Database
    notice_id: int
    attempt: int
    clock: Callable[[], datetime]
    since: datetime

    @property
    def is_ours(self) -> tuple[ColumnElement[bool], ...]:
        """True in SQL of the notice while it is."""
        return Notice.id == self.notice_id, Notice.attempts == self.attempt

    def keep(self) -> None:
        """Hold it for longer: a relay may take ten minutes for its answer to the final dot (RFC 5321 §4.5.3.2.6)."""
        now = self.clock()
        if now - self.since < RENEWED:
            return
        with suppress(Unreachable), self.database.begin() as session:  # the message is on its way all the same
            session.execute(update(Notice).where(*self.is_ours).values(due_at=now + HELD))
            self.since = now


def _is_final(outcome: Outcome) -> bool:
    """Whether nothing is to be waited for: a relay that refuses us, and not the person, may be mended."""
    return isinstance(outcome, Accepted) or (isinstance(outcome, Refused) and outcome.scope == "recipient")


def send_login_link(
    relay: Relay, composer: Composer, languages: Languages, *, to: str, name: str, link: str, now: datetime
) -> None:
    """Mail a manager's sign-in link at once.

    Raises:
        Unreachable: the relay did not take it.
    """
    notice = NoticeText("login", to, name, link, {}, (_microseconds(now),))
    outcome = _send_to(relay, notice_message(composer, languages.best(), notice, now=now), to)
    if not isinstance(outcome, Accepted):
        raise Unreachable("relay", reason_of(outcome), do="check MAILER_SMTP_URL; `mailer user reset` prints a link")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice that was taken to be sent now."""

    kind: str
    subscriber_id: SubscriberId
    change_id: int
    address: str
    attempts: int
    id: int
    created_at: datetime

    @property
    def mark(self) -> tuple[int, ...]:
        """What tells it from every other, at each of its attempts the same; three ids, for a delivery's are two."""
        return self.subscriber_id, self.id, _microseconds(self.created_at)


def _microseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1e6)


def _written(
    session: Session, composer: Composer, languages: Languages, waiting: Waiting, now: datetime
) -> tuple[bytes, str] | None:
    """The message and where it goes; None where there is nobody to tell any more, or nothing."""
    person = person_by_id(session, waiting.subscriber_id, now=now)
    notice = _notice(session, composer, waiting, person, now) if person else None
    if person is None or notice is None:
        return None
    if is_suppressed(session, find_address(notice.to).key, keys=composer.keys):
        return None
    return notice_message(composer, languages.best(person.language), notice, now=now), notice.to


def _notice(session: Session, composer: Composer, waiting: Waiting, person: Person, now: datetime) -> NoticeText | None:
    def link(page: str, purpose: Purpose, *ids: int) -> str:
        return f"{composer.base_url()}/{page}/{composer.keys.sign(purpose, person.id, *ids)}"

    if waiting.kind == "move":
        try:
            new = moving.address_to_confirm(session, person.id, waiting.change_id, now=now)
        except NotFound:  # replaced by a newer wish before it was sent
            return None
        facts = {"old": masked(person.email)}
        where = link("address", Purpose.CHANGE_ADDRESS, waiting.change_id)
        return NoticeText("move", new, person.name, where, facts, waiting.mark)
    if waiting.kind == "moved":
        facts = {"new": masked(person.email)}
        where = link("preferences", Purpose.PREFERENCES, 0)
        return NoticeText("moved", waiting.address, person.name, where, facts, waiting.mark)
    names = {row.slug: row.name for row in list_audiences(session, archived=True)}
    wanted = [names[slug] for slug in joining.waiting_for_confirmation(session, person.id)]
    if not wanted or (waiting.kind == "remind" and not _may_remind(session, waiting, now)):
        return None
    facts = {"audiences": "\n".join(f"- {name}" for name in wanted)}
    # Without the name: a stranger who signs others up would otherwise write what he likes into their mailboxes.
    return NoticeText(waiting.kind, person.email, "", link("confirm", Purpose.CONFIRM, 0), facts, waiting.mark)


def _may_remind(session: Session, waiting: Waiting, now: datetime) -> bool:
    """Whether this is the one reminder. It is written down before it is sent and tried once: rather none than two."""
    if waiting.attempts > 1 or consents.was_reminded(session, waiting.subscriber_id):
        return False
    consents.record(session, waiting.subscriber_id, "reminded", source="reminder", now=now)
    return True


def _send_to(
    relay: Relay, data: bytes, to: str, *, meanwhile: Callable[[], None] = lambda: None, ending: Ending | None = None
) -> Outcome:
    """What came of it; `meanwhile` is called about once a second until then, or until the process has to end."""
    sender = ""  # a bounce of a notice wants no answer (RFC 3834 §3.3)
    outcome: Outcome = NotTried("")
    with closing(relay.send([Outgoing(0, sender, ascii_address(to), data)])) as answers:  # type: ignore[type-var]
        for answer in answers:
            if answer is not None:
                outcome = answer[1]
            elif ending is not None and ending.is_overdue():
                return NotTried("the process had to end")
            else:
                meanwhile()
    return outcome
