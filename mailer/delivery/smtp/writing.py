"""Writing what there is to say: a message, its end and the next one's commands, in as few calls of the system as can be."""

import socket
import ssl
from collections import deque
from collections.abc import Sequence
from itertools import islice

from mailer.delivery.smtp.exchange import Transaction

MOST_PIECES = 16
RECORD_BYTES = 1 << 14

Piece = tuple[bytes | memoryview, Transaction | None]
"""What is to be said, and whose last bytes these are."""


class Outbox:
    """What there is to say, how many bytes there were until now, and how many of them were said."""

    def __init__(self) -> None:
        self.pieces: deque[Piece] = deque()
        self.queued = self.written = 0

    def add(self, data: bytes, last: bytes = b"", last_of: Transaction | None = None) -> int:
        """Have something more to say, and `last` the last bytes of somebody's message; gives at which byte it begins."""
        begins = self.queued
        self.queued = begins + len(data) + len(last)
        self.pieces.append((data, None))
        if last_of is not None:
            self.pieces.append((last, last_of))
        return begins

    def write(self, connected: socket.socket) -> None:
        """Write as much as goes, and note whose last bytes have left.

        Raises:
            OSError: nothing can be written now, or ever more.
        """
        pieces = self.pieces
        if isinstance(connected, ssl.SSLSocket):
            sent = connected.send(_record(pieces))
        else:
            sent = connected.sendmsg([data for data, _ in islice(pieces, MOST_PIECES)])
        self.written += sent
        while sent:
            data, transaction = pieces[0]
            if sent < len(data):
                pieces[0] = memoryview(data)[sent:], transaction
                break
            sent -= len(data)
            pieces.popleft()
            if transaction is not None:
                transaction.is_gone = True


def _record(pieces: Sequence[Piece]) -> bytes:
    """As much as one record of TLS holds, which is what one call writes at most."""
    gathered, room = [], RECORD_BYTES
    for data, _ in pieces:
        gathered.append(memoryview(data)[:room])
        room -= len(gathered[-1])
        if not room:
            break
    return b"".join(gathered)
