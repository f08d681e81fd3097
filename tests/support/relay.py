"""A real SMTP server on a free port that keeps what it takes, and whose faults are set stage by stage.

Faults are put into the server, never into our own code: another reply, a delay, a dropped connection, before or after the
message was kept. With PIPELINING (RFC 2920) it answers a group of commands in order, as relays do.
"""

import select
import socket
import ssl
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import pytest

from mailer.base.relay_url import RelaySettings
from tests.support.relay_faults import VERBS, Fault, Received, Stage

POLL_SECONDS = 0.05

__all__ = ["Fault", "Received", "RelayServer", "Stage", "relay_server"]


class _Gone(Exception):
    """The connection is at its end."""


@dataclass
class RelayServer:
    """The server; `start` and `stop` are its fixture's."""

    features: tuple[str, ...] = ("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "SIZE 26214400")
    context: ssl.SSLContext | None = None
    """Given, STARTTLS is offered."""
    is_tls: bool = False
    """TLS from the first byte (smtps)."""
    unknown: tuple[str, ...] = ()
    """Commands that it does not know, whatever it says to EHLO."""
    user: str = ""
    password: str = ""
    mechanisms: str = "AUTH PLAIN LOGIN"
    """How to sign in, as the answer to EHLO says it."""
    messages: list[Received] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    open_now: int = 0
    most_open: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._listener: socket.socket | None = None
        self.host, self.port = "127.0.0.1", 0

    # --- what a test says and asks ---------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The server as MAILER_SMTP_URL names it."""
        scheme, options = ("smtps", "") if self.is_tls else ("smtp", "" if self.context else "?starttls=no")
        who = f"{self.user}:{self.password}@" if self.user else ""
        return f"{scheme}://{who}{self.host}:{self.port}{options}"

    def settings(self, *, connections: int = 2) -> RelaySettings:
        """The server as the code under test is given it."""
        security: Literal["starttls", "tls", "none"] = "tls" if self.is_tls else "starttls" if self.context else "none"
        return RelaySettings(self.host, self.port, security, self.user, self.password, connections)

    @property
    def recipients(self) -> list[str]:
        """Who got something, in the order in which it was taken."""
        with self._lock:
            return [address for received in self.messages for address in received.recipients]

    def fault(
        self,
        stage: Stage,
        reply: str = "",
        *,
        to: str = "",
        times: int | None = None,
        delay: float = 0.0,
        drop: bool = False,
        keep: bool = False,
        close: bool = False,
    ) -> Fault:
        """Let `stage` go wrong from now on; a 4xx or 5xx `reply` refuses, `close` closes after it (421)."""
        fault = Fault(stage, reply, to, times, delay, drop, keep, close)
        with self._lock:
            self.faults.insert(0, fault)
        return fault

    def before_answer(self, *, do: Callable[[], object], to: str = "", stage: Stage = "dot", times: int = 1) -> None:
        """Call `do` before the answer at `stage`: the message is taken, and whoever sent it does not know yet."""
        with self._lock:
            self.faults.append(Fault(stage, to=to, times=times, do=do))

    def heal(self) -> None:
        """End all faults."""
        with self._lock:
            self.faults.clear()

    def wait_for(self, count: int, *, seconds: float = 30.0) -> list[Received]:
        """Wait until `count` messages are there; fails when they do not come."""
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            with self._lock:
                if len(self.messages) >= count:
                    return list(self.messages)
            time.sleep(0.01)
        message = f"{len(self.messages)} of {count} messages came within {seconds} s"
        raise AssertionError(message)

    # --- the server ------------------------------------------------------------------------------------------------

    def start(self, port: int = 0) -> None:
        """Listen; `port` is for coming back where one was before."""
        self._stopping.clear()
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self._listener = socket.create_server((self.host, port), backlog=128, family=family)
        self.port = self._listener.getsockname()[1]
        self._spawn(self._accept, self._listener)

    def stop(self) -> None:
        """Close the listener and all connections, and wait for their threads."""
        self._stopping.set()
        for thread in list(self._threads):
            thread.join(timeout=10)
            assert not thread.is_alive(), "a connection of the test relay did not end"
        self._threads.clear()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _spawn(self, target: Callable[[socket.socket], None], argument: socket.socket) -> None:
        thread = threading.Thread(target=target, args=(argument,), name="relay_server", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while not self._stopping.is_set():
            if select.select([listener], [], [], POLL_SECONDS)[0]:
                connection, _address = listener.accept()
                self._spawn(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self.connections += 1
            self.open_now += 1
            self.most_open = max(self.most_open, self.open_now)
            number = self.connections
        session = _Session(self, connection, number)
        try:
            session.run()
        except (_Gone, OSError):
            pass  # the client went away, or a fault sent it away
        finally:
            session.connection.close()
            with self._lock:
                self.open_now -= 1

    def strike(self, stage: Stage, recipients: tuple[str, ...]) -> Fault | None:
        """The fault of this moment, counted down."""
        with self._lock:
            fault = next((fault for fault in self.faults if fault.is_for(stage, recipients)), None)
            if fault is not None and fault.times is not None:
                fault.times -= 1
            return fault

    def pause(self, seconds: float) -> None:
        """Wait, but not longer than the server runs."""
        if seconds and self._stopping.wait(seconds):
            raise _Gone

    def keep(self, received: Received) -> None:
        """Take a message."""
        with self._lock:
            self.messages.append(received)

    @property
    def is_stopping(self) -> bool:
        """Whether connections are to end."""
        return self._stopping.is_set()


class _Session:
    """One connection."""

    def __init__(self, server: RelayServer, connection: socket.socket, number: int) -> None:
        self.server, self.connection, self.number = server, connection, number
        self.sender: str | None = None
        self.parameters = ""
        self.recipients: tuple[str, ...] = ()
        self._buffer = b""
        self._is_signed_in = not server.user
        self._is_tls = False

    def run(self) -> None:
        if self._struck("connect"):
            return
        if self.server.is_tls:
            self._start_tls()
        self._answer("greeting", "220 relay.test ESMTP")
        while True:
            line = self._line()
            self.server.commands.append(line)
            verb = line.partition(" ")[0].upper()
            stage = VERBS.get(verb) if verb not in self.server.unknown else None
            if stage is None:
                self._say("250 2.0.0 OK" if verb == "NOOP" else "500 5.5.2 what?")
                continue
            getattr(self, f"_do_{stage}")(line)
            if stage == "quit":
                return

    # --- commands --------------------------------------------------------------------------------------------------

    def _do_ehlo(self, line: str) -> None:
        features = list(self.server.features) if line.upper().startswith("EHLO") else []
        if self.server.context and not self._is_tls and not self.server.is_tls:
            features.append("STARTTLS")
        elif self.server.user:
            features.append(self.server.mechanisms)
        lines = ["relay.test", *features]
        self._answer("ehlo", "\r\n".join([*(f"250-{it}" for it in lines[:-1]), f"250 {lines[-1]}"]))

    def _do_starttls(self, _line: str) -> None:
        if self._answer("starttls", "220 2.0.0 go ahead"):
            self._start_tls()

    def _do_auth(self, line: str) -> None:
        _verb, mechanism, *initial = line.split()
        if mechanism.upper() == "PLAIN":
            given = b64decode(initial[0] if initial else self._ask("")).split(b"\0")[1:]
        else:
            given = [b64decode(self._ask("VXNlcm5hbWU6")), b64decode(self._ask("UGFzc3dvcmQ6"))]
        is_right = given == [self.server.user.encode(), self.server.password.encode()]
        self._is_signed_in = self._answer("auth", "235 2.7.0 welcome" if is_right else "535 5.7.8 wrong password")

    def _do_mail(self, line: str) -> None:
        if not self._is_signed_in:
            self._say("530 5.7.0 sign in first")
            return
        if self.sender is not None:
            self._say("503 5.5.1 nested MAIL")
            return
        if self._answer("mail", "250 2.1.0 OK"):
            inside, _, self.parameters = line.partition("<")[2].partition(">")
            self.sender, self.recipients = inside, ()

    def _do_rcpt(self, line: str) -> None:
        address = line.partition("<")[2].partition(">")[0]
        if self.sender is None:
            self._say("503 5.5.1 MAIL first")
        elif self._answer("rcpt", "250 2.1.5 OK", to=(address,)):
            self.recipients = (*self.recipients, address)

    def _do_data(self, _line: str) -> None:
        if not self.recipients:
            self._say("503 5.5.1 no valid recipients")
            return
        if not self._answer("data", "354 go ahead"):
            return
        self._struck_within()
        # RFC 5321 §4.5.2: a line that begins with a dot loses it, whether or not the sender has doubled it.
        self._buffer = b"\r\n" + self._buffer
        stuffed = self._until(b"\r\n.\r\n")
        self._take((stuffed + b"\r\n").replace(b"\r\n.", b"\r\n").removeprefix(b"\r\n"))
        self.sender, self.recipients = None, ()

    def _do_bdat(self, line: str) -> None:
        """RFC 3030: the chunk is taken in whatever comes of it, and a failure leaves the transaction open until RSET."""
        _verb, size, *last = line.split()
        self._struck_within()
        while len(self._buffer) < int(size):
            self._buffer += self._receive()
        data, self._buffer = self._buffer[: int(size)], self._buffer[int(size) :]
        assert last == ["LAST"], "we send whole messages"
        if not self.recipients:
            self._say("503 5.5.1 no valid recipients")
        elif self._answer("data", "354 go ahead", is_silent=True) and self._take(data):
            self.sender, self.recipients = None, ()

    def _take(self, data: bytes) -> bool:
        received = Received(self.sender or "", self.recipients, data, self.number, self.parameters.strip())
        fault = self.server.strike("dot", self.recipients)
        if fault is None or fault.keep or not (fault.drop or fault.reply[:1] in ("4", "5")):
            self.server.keep(received)
        return self._carry_out(fault, "250 2.0.0 queued")

    def _do_rset(self, _line: str) -> None:
        self.sender, self.recipients = None, ()
        self._answer("rset", "250 2.0.0 OK")

    def _do_quit(self, _line: str) -> None:
        self._answer("quit", "221 2.0.0 bye")

    # --- the line --------------------------------------------------------------------------------------------------

    def _answer(self, stage: Stage, reply: str, *, to: tuple[str, ...] | None = None, is_silent: bool = False) -> bool:
        """Say `reply`, or what a fault has instead; whether it was a yes. Where it `is_silent`, only faults speak."""
        fault = self.server.strike(stage, self.recipients if to is None else to)
        return (is_silent and fault is None) or self._carry_out(fault, reply)

    def _struck(self, stage: Stage) -> bool:
        fault = self.server.strike(stage, ())
        if fault is not None:
            self.server.pause(fault.delay)
        return fault is not None and fault.drop

    def _struck_within(self) -> None:
        fault = self.server.strike("body", self.recipients)
        if fault is not None:
            self._receive()
            # Else the answer would wait for an acknowledgement, and go down with the connection.
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._carry_out(fault, "")

    def _carry_out(self, fault: Fault | None, reply: str) -> bool:
        if fault is not None:
            self.server.pause(fault.delay)
            if fault.do is not None:
                fault.do()
            if fault.drop:
                raise _Gone
            reply = fault.reply or reply
        self._say(reply)
        if fault is not None and fault.close:
            raise _Gone
        return reply[:1] in ("2", "3")

    def _ask(self, challenge: str) -> str:
        self._say(f"334 {challenge}")
        return self._line()

    def _say(self, reply: str) -> None:
        self.connection.sendall(reply.encode() + b"\r\n")

    def _line(self) -> str:
        return self._until(b"\r\n").decode("utf-8", "surrogateescape")

    def _until(self, end: bytes) -> bytes:
        searched = 0
        while (at := self._buffer.find(end, searched)) < 0:
            searched = max(0, len(self._buffer) - len(end))
            self._buffer += self._receive()
        before, self._buffer = self._buffer[:at], self._buffer[at + len(end) :]
        return before

    def _receive(self) -> bytes:
        pending = self.connection.pending() if isinstance(self.connection, ssl.SSLSocket) else 0
        while not pending and not select.select([self.connection], [], [], POLL_SECONDS)[0]:
            if self.server.is_stopping:
                raise _Gone
        data = self.connection.recv(1 << 16)
        if not data:
            raise _Gone
        return data

    def _start_tls(self) -> None:
        assert self.server.context is not None
        # RFC 3207 §4.2: what came before the handshake is forgotten.
        self._buffer, self._is_tls = b"", True
        self.connection = self.server.context.wrap_socket(self.connection, server_side=True)


@pytest.fixture
def relay_server() -> Iterator[RelayServer]:
    """A plain SMTP server on loopback, fresh for the test."""
    yield from _started()


@pytest.fixture
def other_server() -> Iterator[RelayServer]:
    """One more, where a test is about several."""
    yield from _started()


def _started() -> Iterator[RelayServer]:
    server = RelayServer()
    server.start()
    yield server
    server.stop()
