"""The bounce mailbox: what is new in it is acted upon, one transaction a message, and then marked.

A message is marked after its transaction: a kill between the two lets it be read again, which changes nothing. For the same
reason two who read at once do no harm.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final, assert_never

import structlog
from sqlalchemy.exc import SQLAlchemyError

from mailer.base.bounce_url import BounceBox
from mailer.base.database import Database
from mailer.base.errors import MailerError, Unreachable
from mailer.base.tokens import Keys
from mailer.feedback import memory
from mailer.feedback.apply import apply_message
from mailer.feedback.boxes.box import Box
from mailer.feedback.boxes.imap import open_imap
from mailer.feedback.boxes.maildir import open_maildir
from mailer.feedback.boxes.pop3 import open_pop3

GROUP: Final = 10
"""Messages that are fetched, and marked, in one go: of at most 2 MB each."""
BROKEN: Final = "broken"
FAULTS: Final = (
    SQLAlchemyError, MailerError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError,
)  # fmt: skip
"""What the database, a rule or a fault of ours may say to one message, and what must not keep the others waiting for ever."""
log = structlog.get_logger()


def open_box(box: BounceBox, *, home: Path) -> AbstractContextManager[Box]:
    """The mailbox of a setting, for the time of the block.

    Raises:
        WrongInput: the setting is wrong: no such folder, or the login is refused.
        Unreachable: the server does not answer.
    """
    match box.protocol:
        case "maildir":
            return open_maildir(box, home=home)
        case "imap":
            return open_imap(box)
        case "pop3":
            return open_pop3(box)
        case _:
            assert_never(box.protocol)


def collect(
    database: Database,
    box: Box,
    *,
    key: str,
    keys: Keys,
    clock: Callable[[], datetime],
    goes_on: Callable[[], bool] = lambda: True,
) -> Counter[str]:
    """Do what every new message of a mailbox asks for; how many there were of each kind.

    Args:
        key: by which the mailbox is remembered, where it keeps no marks itself.
        goes_on: is asked before each group; on a no, the rest is left for the next time.
    """
    counts: Counter[str] = Counter()
    waiting = box.waiting()
    if not box.keeps_marks:
        waiting = memory.unread(database, key, waiting)
    for ids in _groups(waiting):
        if not goes_on():
            break
        done: list[str] = []
        for_people: list[str] = []
        for uid, message in box.read(ids):
            kind = _act(database, message, remember=None if box.keeps_marks else (key, uid), keys=keys, now=clock())
            counts[kind] += 1
            if kind != BROKEN:
                (for_people if kind == "none" else done).append(uid)
        box.mark(done, for_people)
    return counts


def _act(database: Database, message: bytes, *, remember: tuple[str, str] | None, keys: Keys, now: datetime) -> str:
    """Act upon one message; its kind, or `broken` where that fails: it stays unmarked, and the others have their turn."""
    try:
        with database.begin() as session:
            verdict, effect = apply_message(session, message, keys=keys, now=now)
            if remember is not None:
                memory.remember(session, *remember, now=now)
    except Unreachable:
        raise
    except FAULTS:
        log.exception("message_not_understood")
        return BROKEN
    log.info("message_came_back", kind=verdict.kind, effect=effect)
    return verdict.kind


def _groups(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    rest = iter(ids)
    while group := list(islice(rest, GROUP)):
        yield group
