"""A real name server on a free port of loopback (UDP), whose zone is a test's own."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest


@dataclass
class NameServer:
    """What is in `zone` it answers, of all else it says that there is no such name; `is_silent`: it says nothing."""

    zone: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    is_silent: bool = False

    def __post_init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def address(self) -> str:
        """As `--nameserver` takes it."""
        host, port = self._socket.getsockname()
        return f"{host}:{port}"

    def publish(self, name: str, kind: str, *values: str) -> None:
        """Records; TXT values are given without quotes."""
        self.zone[name, kind] = [_quoted(value) if kind == "TXT" else value for value in values]

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no longer."""
        host, port = self._socket.getsockname()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", (host, port))
        self._thread.join(timeout=10)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            data, client = self._socket.recvfrom(65535)
            if not data:
                return
            if not self.is_silent:
                self._socket.sendto(self._answer(dns.message.from_wire(data)).to_wire(), client)

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.AA | dns.flags.RA
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        if (name, kind) in self.zone:
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *self.zone[name, kind]))
        elif not any(known == name for known, _ in self.zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer


def _quoted(value: str) -> str:
    return " ".join(f'"{value[start : start + 255]}"' for start in range(0, len(value), 255))


@pytest.fixture
def name_server() -> Iterator[NameServer]:
    """A name server, fresh for the test."""
    server = NameServer()
    server.start()
    yield server
    server.stop()
