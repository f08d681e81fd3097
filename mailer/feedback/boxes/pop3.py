"""A mailbox on a POP3 server (RFC 1939): it knows no marks, so what was read is remembered by its unique id (UIDL), by us."""

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from poplib import POP3, error_proto
from socket import socket

import structlog

from mailer.base.bounce_url import BounceBox
from mailer.base.errors import WrongInput
from mailer.feedback.boxes.box import PLACE, Box, reason_of, refuse_login, speaking_to
from mailer.feedback.messages import LIMIT_BYTES

PIECE = 64 * 1024
log = structlog.get_logger()


@contextmanager
def open_pop3(box: BounceBox) -> Iterator[Box]:
    """The mailbox of a setting, for the time of the block; while it is open, the server lets no second reader in.

    Raises:
        WrongInput: the login is refused, or the server has no unique ids.
        Unreachable: the server does not answer, or not in the way of POP3.
    """
    with speaking_to(box, error_proto):
        connection = _Connection(box)
        try:
            try:
                connection.user(box.user)
                connection.pass_(box.password)
            except error_proto as error:
                refuse_login(box, error)
            yield _Mailbox(connection, _numbers(connection, box), deletes=box.deletes)
            connection.quit()  # only now does the server delete
        finally:
            connection.close()


class _Connection(POP3):
    """The library's, which leaves its socket open where the greeting is bad, and wants lines of at most 2,048 bytes."""

    def __init__(self, box: BounceBox) -> None:
        self._tls = ssl.create_default_context()
        self._is_tls = box.security == "tls"
        self._open: socket | None = None
        try:
            super().__init__(box.host, box.port, timeout=box.timeout)
            if box.security == "starttls":
                self.stls(self._tls)
        except BaseException:
            if self._open is not None:
                self._open.close()
            raise

    def _create_socket(self, timeout: float) -> socket:
        opened: socket = super()._create_socket(timeout)  # type: ignore[misc]
        self._open = opened
        return self._tls.wrap_socket(opened, server_hostname=self.host) if self._is_tls else opened

    def retrieve(self, number: int) -> bytes:
        """A message up to the limit; the rest of it is read and dropped (RFC 1939 §3: dots at the beginning are doubled)."""
        self._shortcmd(f"RETR {number}")  # type: ignore[attr-defined]
        kept: list[bytes] = []
        size, begins = 0, True
        while True:
            piece = self.file.readline(PIECE)
            if not piece:
                raise EOFError("the connection was cut within a message")
            if begins and piece.rstrip(b"\r\n") == b".":
                return b"".join(kept)[:LIMIT_BYTES]
            if size < LIMIT_BYTES:
                kept.append(piece[1:] if begins and piece.startswith(b".") else piece)
                size += len(piece)
            begins = piece.endswith(b"\n")

    def close(self) -> None:
        """Close the connection, whatever state it is in."""
        if getattr(self, "sock", None) is not None:
            with suppress(OSError):  # a TLS connection that was cut cannot be shut down any more
                super().close()


def _numbers(connection: _Connection, box: BounceBox) -> dict[str, int]:
    """Unique id to number, in this session."""
    try:
        lines = connection.uidl()[1]
    except error_proto as error:
        raise WrongInput(f"{box.name} has no unique ids (UIDL)", do="use IMAP instead", place=PLACE) from error
    pairs = [line.decode("ascii", "replace").split(maxsplit=1) for line in lines]
    return {pair[1]: int(pair[0]) for pair in pairs if len(pair) == 2 and pair[0].isdigit()}


class _Mailbox:
    keeps_marks = False

    def __init__(self, connection: _Connection, numbers: dict[str, int], *, deletes: bool) -> None:
        self.connection = connection
        self.numbers = numbers
        self.deletes = deletes

    def waiting(self) -> Sequence[str]:
        return list(self.numbers)

    def read(self, ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        for uid in ids:
            try:
                message = self.connection.retrieve(self.numbers[uid])
            except error_proto as error:
                if not isinstance(error.args[0], bytes):  # not the server's word: the connection is at its end
                    raise
                log.warning("message_not_given", uid=uid, error=reason_of(error))
                continue
            yield uid, message

    def mark(self, done: Sequence[str], for_people: Sequence[str]) -> None:
        if self.deletes:
            for uid in done:
                self.connection.dele(self.numbers[uid])
