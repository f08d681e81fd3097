"""One SMTP connection that never waits: it says what it has to say and takes in what comes (RFC 5321, 2920, 3207, 4954).

With PIPELINING one group carries `message · final dot · MAIL · RCPT · DATA` of the next, one round trip a message. The
next message's commands go out only once the final dot has been queued, so at most one message is in the uncertain moment
between its final dot and the answer, however fast the relay is.

With CHUNKING (RFC 3030) a whole message follows its commands without a wait, three messages deep. RSET stands between them:
a message that fails leaves a relay with half a transaction, into which the next one would run.

Answers are told apart by their order alone. A relay that gives one too many shows it by an answer to what was not said yet, to
nothing, to DATA by 2xx, or to RSET by anything else (RFC 5321 §4.1.1.5: 250): then nothing more is believed on that connection.
"""

import os
import socket
import ssl
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

from mailer.base.relay_url import RelaySettings
from mailer.delivery.outcomes import ANSWERED, KEPT, TAKEN, Accepted, Outcome, Stage, Unknown
from mailer.delivery.policy import meaning
from mailer.delivery.replies import NotSmtp, Reply, ReplyReader, expect_no_more, shown
from mailer.delivery.smtp.dialling import Address, dial, own_name
from mailer.delivery.smtp.exchange import UNASKED, Closed, Events, Expected, Patience, Transaction
from mailer.delivery.smtp.features import Features, is_unknown_command, stuffed
from mailer.delivery.smtp.opening import SECURED, Opening, OpeningFailed, opening
from mailer.delivery.smtp.writing import Outbox

RECEIVE_BYTES = 1 << 16


class Connection:
    """A connection to one relay; `step` is called whenever its socket can be read or written.

    Args:
        context: how to judge the relay's certificate.
        chunking: whether to use CHUNKING where it is offered; see `has_no_chunks`.
    """

    def __init__(
        self,
        settings: RelaySettings,
        address: "Address",
        *,
        context: ssl.SSLContext,
        patience: Patience,
        chunking: bool = True,
    ) -> None:
        self.settings = settings
        self.address = address
        self.patience = patience
        self.events = Events()
        self.closed: Closed | None = None
        self.failure = ""
        self.is_ready = False
        self.was_ready = False
        self.has_no_chunks = False
        """It was lost because the relay offers CHUNKING and does not know it."""
        self.was_cut_short = False
        """The relay took a message and closed, without a word, over others that had left by CHUNKING."""
        self.lost_step = False
        """It was lost because of an answer that is none to what was said, with CHUNKING: there, it is seldom noticed."""
        self.delivered = 0
        self.idle_since = monotonic()
        self._context = context
        self._may_chunk = chunking
        self._offered: dict[str, str] = {}
        self._features = Features()
        self._reader = ReplyReader()
        self._out = Outbox()
        self._expected: deque[Expected] = deque()
        self._transactions: deque[Transaction] = deque()
        self._opening: Opening | None = None
        self._handshake_then: Callable[[], None] | None = None
        self._wants_write = True
        self._needs_reset = False
        self.is_connected = False
        self._deadline = monotonic() + patience.connect
        self.socket = dial(address)

    # --- what the owner asks and tells -----------------------------------------------------------------------------

    @property
    def features(self) -> Features:
        """What the relay offers, once the connection is ready."""
        return self._features

    @property
    def in_flight(self) -> int:
        """How many messages have no answer yet."""
        return len(self._transactions)

    @property
    def has_room(self) -> bool:
        """Whether another message can be given now."""
        if not self.is_ready:
            return False
        under_way = self._transactions
        if not under_way:
            return not self._expected or self._features.pipelining
        return len(under_way) < self._features.depth and under_way[-1].is_handed_over

    @property
    def wants_write(self) -> bool:
        """Whether `step` should be called when the socket can be written."""
        return bool(self._out.pieces) or self._wants_write

    @property
    def deadline(self) -> float:
        """When patience ends, by the monotonic clock; never while nothing is awaited."""
        awaits = bool(self._expected or self._out.pieces) or not self.is_ready
        return self._deadline if awaits and self.closed is None else float("inf")

    def give(self, transaction: Transaction) -> None:
        """Send a message, or as much of the dialogue as the relay lets us; the answer comes through `events`."""
        message, features = transaction.message, self._features
        unsuited = features.unsuited(message)
        if unsuited is not None:
            self.events.answers.append((transaction, unsuited))
            return
        self._transactions.append(transaction)
        mail = features.mail(message)
        if features.chunking:
            self._give_whole(transaction, mail)
            return
        if not features.pipelining:
            self._say(mail.encode(), "mail", transaction)
            return
        begins = self._out.add(f"{mail}RCPT TO:<{message.recipient}>\r\nDATA\r\n".encode())
        self._expected += (("mail", transaction, begins), ("rcpt", transaction, begins), ("data", transaction, begins))

    def _give_whole(self, transaction: Transaction, mail: str) -> None:
        message = transaction.message
        reset = ""
        if self._needs_reset:
            reset = "RSET\r\n"
            self._expected.append((None, None, self._out.queued))
        self._needs_reset = True
        commands = f"{reset}{mail}RCPT TO:<{message.recipient}>\r\nBDAT {len(message.data)} LAST\r\n"
        transaction.hand_over()
        begins = self._out.add(commands.encode(), message.data, transaction)
        self._expected += (("mail", transaction, begins), ("rcpt", transaction, begins), ("dot", transaction, begins))

    def step(self) -> None:
        """Take in what has come; what there is to say waits for `push`, so that one call of the system says it all."""
        self._guarded(self._step)

    def push(self) -> None:
        """Write what can be written."""
        if self._out.pieces and self.is_connected and self._handshake_then is None:
            self._guarded(self._flush)

    def _step(self) -> None:
        if not self.is_connected:
            self._connected()
        if self._handshake_then is not None:
            self._shake_hands()
        self._receive()

    def _guarded(self, act: Callable[[], None]) -> None:
        """Do what may find the connection gone, or nothing to read or no room to write."""
        if self.closed is not None:
            return
        try:
            act()
        except (BlockingIOError, ssl.SSLWantReadError):
            self._wants_write = False
        except ssl.SSLWantWriteError:
            self._wants_write = True
        except (NotSmtp, OpeningFailed) as fault:
            self.lost_step = self.is_ready and self._features.chunking
            for_good = isinstance(fault, OpeningFailed) and fault.for_good
            self._lose(str(fault), Closed.REFUSED if for_good else Closed.LOST)
        except ssl.SSLCertVerificationError as fault:
            self._lose(f"its certificate is not trusted: {fault.verify_message}")
        except OSError as fault:
            self._hear_out()
            unheard = any(transaction.is_gone for transaction in self._transactions)
            self.was_cut_short = bool(self._features.chunking and self.delivered and unheard)
            self._lose(fault.strerror or str(fault))

    def _hear_out(self) -> None:
        """Take in what came before the connection broke: a relay that has heard enough of a message says why, and closes."""
        with suppress(OSError, NotSmtp):
            while self.is_ready and (data := self.socket.recv(RECEIVE_BYTES)):
                self._take_all(data)

    def expire(self) -> None:
        """Give up waiting."""
        self._lose("no answer in time")

    def quit(self) -> None:
        """Say goodbye, without waiting for the answer, and close."""
        if self.closed is None and self.is_ready and not self._expected:
            self._out.add(b"QUIT\r\n")
            self._guarded(self._flush)
        self.abort()

    def abort(self) -> None:
        """Close at once; what was under way is told through `events`."""
        self._lose("closed by us", Closed.QUIET)

    # --- opening -----------------------------------------------------------------------------------------------------

    def _connected(self) -> None:
        error = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise OSError(error, os.strerror(error))
        self.socket.getpeername()  # raises where the connection is still being made
        self.is_connected = True
        self._wants_write = False
        self._deadline = monotonic() + self.patience.greeting
        self._opening = opening(self.settings, self._offered, own_name=own_name(self.socket))
        if self.settings.security == "tls":
            self._secure(lambda: self._advance(None))
        else:
            self._advance(None)

    def _advance(self, reply: Reply | None) -> None:
        assert self._opening is not None  # noqa: S101 - only called while opening
        try:
            said = next(self._opening) if reply is None else self._opening.send(reply)
        except StopIteration:
            self._opening, self.is_ready, self.was_ready, self.idle_since = None, True, True, monotonic()
            self._features = Features.of(self._offered, chunking=self._may_chunk)
            return
        if said is None:
            self._secure(lambda: self._advance(SECURED))
        elif said:
            self._say(said, None, None)
        else:
            self._expected.append((None, None, -1))

    def _secure(self, then: Callable[[], None]) -> None:
        # Anything that came in the clear after the answer to STARTTLS may be an attacker's (CVE-2011-0411).
        self._reader = ReplyReader()
        self.socket = self._context.wrap_socket(
            self.socket, server_hostname=self.settings.host, do_handshake_on_connect=False
        )
        self._handshake_then = then
        self._shake_hands()

    def _shake_hands(self) -> None:
        assert isinstance(self.socket, ssl.SSLSocket)  # noqa: S101 - set together with `_handshake_then`
        self.socket.do_handshake()
        then, self._handshake_then = self._handshake_then, None
        self._wants_write = False
        if then is not None:
            then()

    # --- messages ----------------------------------------------------------------------------------------------------

    def _replied(self, stage: Stage | None, transaction: Transaction | None, reply: Reply) -> None:
        if reply.code == 421:
            self._said_goodbye(stage, transaction, reply)
        elif stage is None and reply.kind != 2:  # one answer too many was given: this one belongs to what was before
            raise NotSmtp(f"it answers RSET with {shown(reply)}")
        elif transaction is None or stage is None:  # the answer to RSET, or to the dot that ended a refused message
            expect_no_more(reply)
        elif stage in ("mail", "rcpt"):
            self._envelope_answered(stage, transaction, reply)
        elif stage == "data":
            self._data_answered(transaction, reply)
        elif reply.kind == 2 and not transaction.is_gone:
            raise NotSmtp(f"it says {shown(reply)} to a message that it does not have")
        elif self._features.chunking and not self.delivered and is_unknown_command(reply):
            # Such a relay, or what stands before it, takes a message for commands: nothing of it was taken, nor will be.
            self.has_no_chunks = True
            self._hear_no_more(f"it offers CHUNKING and says {shown(reply)} to BDAT")
        else:
            expect_no_more(reply)
            # A chunk is answered even if nobody was there to get it.
            self._finish(transaction, transaction.refused or meaning(reply, "dot"))

    def _envelope_answered(self, stage: Stage, transaction: Transaction, reply: Reply) -> None:
        if reply.kind != 2:  # after a refused MAIL, that of RCPT says nothing new
            expect_no_more(reply)
            transaction.refused = transaction.refused or meaning(reply, stage)
        if self._features.pipelining:
            return
        if transaction.refused is not None:
            self._give_up(transaction)
        elif stage == "mail":
            self._say(f"RCPT TO:<{transaction.message.recipient}>\r\n".encode(), "rcpt", transaction)
        else:
            self._say(b"DATA\r\n", "data", transaction)

    def _data_answered(self, transaction: Transaction, reply: Reply) -> None:
        if reply.kind == 2:  # one answer too many was given: the true one may be 354, and our next commands a message
            raise NotSmtp(f"it answers DATA with {shown(reply)}")
        if reply.kind == 3 and transaction.refused is None:
            transaction.hand_over()
            # Who has heard enough of it says so before the end.
            begins = self._out.add(*stuffed(transaction.message), transaction)
            self._expected.append(("dot", transaction, begins))
            return
        if transaction.refused is None:
            transaction.refused = meaning(reply, "data")
        if reply.kind == 3:  # RFC 2920 §3.1: nobody is left to receive it, and the relay must still be given an end
            self._say(b".\r\n", "dot", None)
        self._give_up(transaction)

    def _give_up(self, transaction: Transaction) -> None:
        self._say(b"RSET\r\n", None, None)
        if transaction.refused is not None:
            self._finish(transaction, transaction.refused)

    def _finish(self, transaction: Transaction, outcome: Outcome) -> None:
        transaction.note(TAKEN if isinstance(outcome, Accepted) else ANSWERED)
        self._transactions.remove(transaction)
        self.delivered += 1
        self.events.answers.append((transaction, outcome))
        self.idle_since = monotonic()

    def _said_goodbye(self, stage: Stage | None, transaction: Transaction | None, reply: Reply) -> None:
        """421 can come at any time, and the connection ends with it (RFC 5321 §3.8)."""
        if stage == "dot" and transaction is not None:
            self._finish(transaction, transaction.refused or meaning(reply, "dot"))
        self._hear_no_more(shown(reply))

    def _hear_no_more(self, why: str) -> None:
        """Lose a relay that does not hear any more what was said to it: answers come in order."""
        for transaction in self._transactions:
            transaction.is_gone = False
        self._lose(why)

    # --- bytes -------------------------------------------------------------------------------------------------------

    def _say(self, data: bytes, stage: Stage | None, transaction: Transaction | None) -> None:
        self._expected.append((stage, transaction, self._out.add(data)))

    def _receive(self) -> None:
        while self.closed is None:
            try:
                data = self.socket.recv(RECEIVE_BYTES)
            except (BlockingIOError, ssl.SSLWantReadError):
                return
            if not data:
                raise OSError(0, "the relay closed the connection")
            self._deadline = monotonic() + self._patience_for_next()
            self._take_all(data)
            if len(data) < RECEIVE_BYTES and self.settings.security == "none":
                return  # nothing more has come: the next look at the socket would be in vain

    def _take_all(self, data: bytes) -> None:
        reader, expected = self._reader, self._expected
        for reply in reader.feed(data):
            stage, transaction, begins = expected.popleft() if expected else UNASKED
            if begins >= self._out.written and reply.code != 421:
                raise NotSmtp(f"it says {shown(reply)} unasked")
            if self._opening is not None:
                self._advance(reply)
            else:
                self._replied(stage, transaction, reply)
            if self.closed is not None or reader is not self._reader:
                return

    def _flush(self) -> None:
        while self._out.pieces and self.closed is None:
            self._out.write(self.socket)
            self._deadline = monotonic() + self._patience_for_next()
        self._wants_write = False

    def _patience_for_next(self) -> float:
        stage = self._expected[0][0] if self._expected else None
        if stage == "dot":
            return self.patience.dot
        return self.patience.data if stage == "data" or self._out.pieces else self.patience.command

    def _lose(self, why: str, how: Closed = Closed.LOST) -> None:
        if self.closed is not None:
            return
        self.closed, self.failure, self.is_ready = how, why, False
        self.socket.close()
        for transaction in self._transactions:
            if transaction.is_gone:
                self.events.answers.append((transaction, Unknown(f"after the final dot: {why}")))
            elif transaction.refused is not None:
                self.events.answers.append((transaction, transaction.refused))
            else:
                transaction.note(KEPT)
                self.events.returned.append(transaction)
        self._transactions.clear()
        self._expected.clear()
        self._out.pieces.clear()
