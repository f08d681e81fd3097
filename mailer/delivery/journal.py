"""What has left and what was answered, a byte a delivery: after a kill nearly everybody's outcome is still known.

A page is a file for one lease of one batch, mapped into memory: what is written there outlives the process (not the
machine), and costs no call of the system. Whoever takes the batch over reads it, but only where its writer certainly sends
nothing any more: a process of this machine, since its last start, that is dead or has said so. Elsewhere, all that was
marked as being sent counts as uncertain.
"""

import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mailer.base.tables import BatchId
from mailer.delivery.holders import is_dead, is_here
from mailer.delivery.leases import Lease
from mailer.delivery.ledger import Known
from mailer.delivery.outcomes import ANSWERED, KEPT, LEFT, TAKEN

HEAD_BYTES: Final = 512
_ENDED: Final = HEAD_BYTES - 1


@dataclass(slots=True)
class Page:
    """The page of a lease that is being worked on."""

    path: Path
    first: int
    marks: mmap.mmap
    is_open: bool = True

    def mark(self, number: int, mark: int) -> None:
        """Note of a delivery that it is about to leave, or what was answered."""
        self.marks[HEAD_BYTES + number - self.first] = mark

    def end(self) -> None:
        """Leave it to the next: nothing more is sent under this lease."""
        if self.is_open:
            self.marks[_ENDED] = 1
            self._close()

    def remove(self) -> None:
        """Everything on it stands in the ledger."""
        self._close()
        self.path.unlink(missing_ok=True)

    def _close(self) -> None:
        self.is_open = False
        self.marks.close()


class Journal:
    """The pages of a workspace.

    Args:
        holder: who writes, see `holders.this_process`.
    """

    def __init__(self, folder: Path, *, holder: str) -> None:
        self._folder = folder
        self._holder = holder
        folder.mkdir(parents=True, exist_ok=True)

    def open(self, lease: Lease) -> Page:
        """A fresh page."""
        path = self._path(lease.batch_id, lease.fence)
        size = HEAD_BYTES + lease.last - lease.first + 1
        with path.open("w+b") as file:
            # Written and not only made long: a disk that is full says so here, and not by a signal in the middle of a send.
            file.write(_head(self._holder, lease).ljust(size, b"\0"))
            file.flush()
            return Page(path, lease.first, mmap.mmap(file.fileno(), size))

    def known(self, lease: Lease) -> Known | None:
        """What is known of the lease before this one; None where there is no page of it that can be trusted."""
        try:
            page = self._path(lease.batch_id, lease.fence - 1).read_bytes()
        except FileNotFoundError:
            return None
        holder, _, _ = page.partition(b"\n")
        written_by = holder.decode("utf-8", "replace")
        if not page.startswith(_head(written_by, lease)) or len(page) != HEAD_BYTES + lease.last - lease.first + 1:
            return None
        has_ended = bool(page[_ENDED]) and is_here(written_by)
        if not has_ended and not is_dead(written_by):
            return None
        found: dict[int, list[int]] = {KEPT: [], LEFT: [], TAKEN: [], ANSWERED: []}
        for number, mark in enumerate(page[HEAD_BYTES:], lease.first):
            found.get(mark, found[LEFT]).append(number)
        return Known(kept=found[KEPT], taken=found[TAKEN], answered=found[ANSWERED])

    def has_ended(self, lease: Lease) -> bool:
        """Whether a process of this machine has written that it sends nothing more under this lease."""
        try:
            with self._path(lease.batch_id, lease.fence).open("rb") as file:
                page = file.read(HEAD_BYTES)
        except FileNotFoundError:
            return False
        written_by = page.partition(b"\n")[0].decode("utf-8", "replace")
        return (
            page.startswith(_head(written_by, lease))
            and bool(page[_ENDED:])
            and page[_ENDED] == 1
            and is_here(written_by)
        )

    def forget(self, batch_id: BatchId, fence: int) -> None:
        """Remove the page of a lease that was taken over."""
        self._path(batch_id, fence).unlink(missing_ok=True)

    def _path(self, batch_id: BatchId, fence: int) -> Path:
        return self._folder / f"{batch_id}.{fence}"


def _head(holder: str, lease: Lease) -> bytes:
    """Who writes, and of which rows: a database that was restored may count its batches anew."""
    text = f"{holder}\n{lease.campaign_id} {lease.first} {lease.last}\n".encode()
    return text if len(text) < HEAD_BYTES else text[:_ENDED]
