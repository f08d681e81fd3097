r"""A folder on an IMAP server (RFC 9051): a message that was acted upon gets a keyword of ours, and nothing is deleted unasked.

The keyword and not the flag `\Seen` tells what was read by us, because people read the mailbox too. A server that keeps no
keywords is told `\Seen`, and then what a person has opened is passed over.
"""

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import structlog
from imapclient import DELETED, SEEN, IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from mailer.base.bounce_url import BounceBox
from mailer.base.errors import WrongInput
from mailer.feedback.boxes.box import PLACE, Box, reason_of, refuse_login, speaking_to
from mailer.feedback.messages import LIMIT_BYTES

KEYWORD = b"$MailerRead"
BLOCK = 50_000  # of so many numbers a search's answer stays far below a megabyte, the longest line that is read
_PEEK, _PEEKED = f"BODY.PEEK[]<0.{LIMIT_BYTES}>", b"BODY[]<0>"
log = structlog.get_logger()


@contextmanager
def open_imap(box: BounceBox) -> Iterator[Box]:
    """The folder of a setting, for the time of the block.

    Raises:
        WrongInput: the login is refused, or there is no such folder.
        Unreachable: the server does not answer, or not in the way of IMAP.
    """
    context = ssl.create_default_context()
    timeout = SocketTimeout(connect=box.timeout, read=box.timeout)
    is_tls = box.security == "tls"
    with (
        speaking_to(box, IMAPClientError),
        IMAPClient(box.host, box.port, ssl=is_tls, ssl_context=context if is_tls else None, timeout=timeout) as client,
    ):
        if box.security == "starttls":
            client.starttls(context)
        try:
            _log_in(client, box)
        except LoginError as error:
            refuse_login(box, error)
        try:
            selected = client.select_folder(box.folder)
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            raise WrongInput(
                f"{box.name} cannot be opened: {reason_of(error)}", do="correct the folder in [bounce] url", place=PLACE
            ) from error
        keeps_keywords = b"\\*" in selected.get(b"PERMANENTFLAGS", ()) or KEYWORD in selected.get(b"PERMANENTFLAGS", ())
        yield _Folder(client, exists=selected[b"EXISTS"], keeps_keywords=keeps_keywords, deletes=box.deletes)


def _log_in(client: IMAPClient, box: BounceBox) -> None:
    """By LOGIN where that can be; it takes neither other letters than ASCII's nor, at some servers, anything (RFC 9051 §6.2.3)."""
    capabilities = client.capabilities()
    if b"LOGINDISABLED" in capabilities or not (box.user + box.password).isascii():
        client.plain_login(box.user, box.password)
    else:
        client.login(box.user, box.password)


class _Folder:
    keeps_marks = True

    def __init__(self, client: IMAPClient, *, exists: int, keeps_keywords: bool, deletes: bool) -> None:
        self.client = client
        self.exists = exists
        self.keeps_keywords = keeps_keywords
        self.deletes = deletes

    def waiting(self) -> Sequence[str]:
        unmarked = ["UNDELETED", *(["UNKEYWORD", KEYWORD] if self.keeps_keywords else ["UNSEEN"])]
        if self.exists <= BLOCK:
            return [str(uid) for uid in sorted(self.client.search(unmarked))]
        found: list[int] = []
        for first in range(1, self.exists + 1, BLOCK):
            numbers = f"{first}:{min(first + BLOCK - 1, self.exists)}"
            found += self.client.search([numbers, *unmarked])
        return [str(uid) for uid in sorted(found)]

    def read(self, ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        try:
            found = self.client.fetch(ids, [_PEEK])
        except IMAPClientAbortError:  # the connection is of no more use
            raise
        except IMAPClientError as error:
            if len(ids) == 1:
                log.warning("message_not_given", uid=ids[0], error=reason_of(error))
                return
            for uid in ids:  # one of them the server cannot give; the others it can
                yield from self.read([uid])
            return
        for uid in ids:
            message = found.get(int(uid), {}).get(_PEEKED)
            if message is not None:
                yield uid, message

    def mark(self, done: Sequence[str], for_people: Sequence[str]) -> None:
        if self.deletes and done:
            self.client.add_flags(done, [DELETED], silent=True)
            if self.client.has_capability("UIDPLUS"):  # else EXPUNGE would take along what others have marked
                self.client.uid_expunge(done)
        elif done:
            self.client.add_flags(done, [KEYWORD, SEEN] if self.keeps_keywords else [SEEN], silent=True)
        if for_people:
            self.client.add_flags(for_people, [KEYWORD] if self.keeps_keywords else [SEEN], silent=True)
