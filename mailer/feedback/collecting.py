"""The bounce mailbox, a Maildir: what is new in it is acted upon, one transaction a message, and then marked as seen."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import structlog

from mailer.base.database import Database
from mailer.base.errors import WrongInput
from mailer.base.tokens import Keys
from mailer.feedback.apply import apply_message
from mailer.feedback.messages import LIMIT_BYTES

SCHEME = "maildir:"
SEEN = ":2,S"
log = structlog.get_logger()


def maildir_of(url: str, *, home: Path) -> Path:
    """The folder of a setting `maildir:PATH`; a relative path is the workspace's.

    Raises:
        WrongInput: it is none, or the folder is no Maildir.
    """
    place = "MAILER_BOUNCE_URL"
    if not url.startswith(SCHEME):
        shown = url.partition(":")[0] or "nothing"
        raise WrongInput(f"{shown} is no Maildir", do="set [bounce] url to maildir:PATH", place=place)
    folder = home / url.removeprefix(SCHEME)
    if not (folder / "new").is_dir() or not (folder / "cur").is_dir():
        raise WrongInput(f"{folder} is no Maildir: it has no folders `new` and `cur`", do="check the path", place=place)
    return folder


def collect(database: Database, folder: Path, *, keys: Keys, clock: Callable[[], datetime]) -> Counter[str]:
    """Do what every new message of a Maildir asks for; how many there were of each kind.

    A message is moved after its transaction: a kill between the two lets it be read again, which changes nothing.
    """
    counts: Counter[str] = Counter()
    for path in sorted((folder / "new").iterdir()):
        if path.name.startswith(".") or not path.is_file():
            continue
        with path.open("rb") as file:
            message = file.read(LIMIT_BYTES)
        with database.begin() as session:
            verdict, effect = apply_message(session, message, keys=keys, now=clock())
        path.rename(folder / "cur" / (path.name.partition(":")[0] + SEEN))
        counts[verdict.kind] += 1
        log.info("message_came_back", kind=verdict.kind, effect=effect)
    return counts
