"""A Maildir: what is in `new` is waiting; a message that was acted upon goes to `cur`, marked as seen (maildir(5))."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mailer.base.bounce_url import BounceBox
from mailer.base.errors import WrongInput
from mailer.feedback.boxes.box import PLACE, Box
from mailer.feedback.messages import LIMIT_BYTES

SEEN, UNSEEN = ":2,S", ":2,"


@contextmanager
def open_maildir(box: BounceBox, *, home: Path) -> Iterator[Box]:
    """The Maildir of a setting; a relative path is the workspace's.

    Raises:
        WrongInput: there is none.
    """
    folder = home / box.folder
    if not (folder / "new").is_dir() or not (folder / "cur").is_dir():
        raise WrongInput(f"{folder} is no Maildir: it has no folders `new` and `cur`", do="check the path", place=PLACE)
    yield _Maildir(folder, deletes=box.deletes)


class _Maildir:
    keeps_marks = True

    def __init__(self, folder: Path, *, deletes: bool) -> None:
        self.folder = folder
        self.deletes = deletes

    def waiting(self) -> Sequence[str]:
        return sorted(path.name for path in (self.folder / "new").iterdir() if not path.name.startswith("."))

    def read(self, ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        for name in ids:
            path = self.folder / "new" / name
            if path.is_file():
                try:
                    with path.open("rb") as file:
                        message = file.read(LIMIT_BYTES)
                except FileNotFoundError:  # somebody else has just read it
                    continue
                yield name, message

    def mark(self, done: Sequence[str], for_people: Sequence[str]) -> None:
        for names, flags in ((done, SEEN), (for_people, UNSEEN)):
            for name in names:
                try:
                    (self.folder / "new" / name).rename(self.folder / "cur" / (name.partition(":")[0] + flags))
                except FileNotFoundError:  # whoever read it at the same time has marked it
                    continue
