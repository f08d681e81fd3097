"""Writing what there is to say: a message, its end and the next one's commands, in as few calls of the system as can be."""

import socket
import ssl
from collections.abc import Sequence
from itertools import islice

from mailer.delivery.smtp.exchange import Transaction

MOST_PIECES = 16
RECORD_BYTES = 1 << 14

Piece = tuple[bytes | memoryview, Transaction | None]
"""What is to be said, and whose last bytes these are."""


def write(connected: socket.socket, pieces: Sequence[Piece]) -> int:
    """Write as much as goes; how many bytes that were.

    Raises:
        OSError: nothing can be written now, or ever more.
    """
    if isinstance(connected, ssl.SSLSocket):
        return connected.send(_record(pieces))
    return connected.sendmsg([data for data, _ in islice(pieces, MOST_PIECES)])


def _record(pieces: Sequence[Piece]) -> bytes:
    """As much as one record of TLS holds, which is what one call writes at most."""
    gathered, room = [], RECORD_BYTES
    for data, _ in pieces:
        gathered.append(memoryview(data)[:room])
        room -= len(gathered[-1])
        if not room:
            break
    return b"".join(gathered)
