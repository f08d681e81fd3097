"""The judge's ears: an SMTP server that writes down, before it answers, whom each message was for and its Message-ID.

    python benchmarks/chaos/sink.py PORT FILE [--answer-after SECONDS]

It is a process of its own, so that it can be killed (the relay is cut) and started again; the file goes on. An address whose
name ends with `-refused` is refused for good. A line of the file is `address message-id`.
"""

import argparse
import asyncio
import os
import re
import socket

MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^>]+>)", re.IGNORECASE | re.MULTILINE)


class Session(asyncio.Protocol):
    """One connection; commands of a group are answered in order (RFC 2920)."""

    def __init__(self, file: int, answer_after: float) -> None:
        self.file, self.answer_after = file, answer_after
        self.buffer = b""
        self.recipient = b""
        self.in_data = False
        self.waits = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Take bytes in."""
        self.buffer += data
        self.go_on()

    def go_on(self) -> None:
        """Take what is complete; an answer that is waited for holds up what comes behind it."""
        while not self.waits:
            end = b"\r\n.\r\n" if self.in_data else b"\r\n"
            at = self.buffer.find(end)
            if at < 0:
                return
            taken, self.buffer = self.buffer[:at], self.buffer[at + len(end) :]
            self.message(taken) if self.in_data else self.command(taken)

    def message(self, data: bytes) -> None:
        """Write it down, then answer."""
        self.in_data = False
        found = MESSAGE_ID.search(data)
        os.write(self.file, self.recipient + b" " + (found[1] if found else b"none") + b"\n")
        if self.answer_after:
            self.waits = True
            asyncio.get_running_loop().call_later(self.answer_after, self.answer)
        else:
            self.transport.write(b"250 2.0.0 kept\r\n")

    def answer(self) -> None:
        """Say that it was taken, and see what came meanwhile."""
        self.waits = False
        self.transport.write(b"250 2.0.0 kept\r\n")
        self.go_on()

    def command(self, line: bytes) -> None:
        """Answer a command."""
        verb = line[:4].upper()
        if verb == b"EHLO":
            answer = b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8"
        elif verb == b"RCPT":
            self.recipient = line.partition(b"<")[2].partition(b">")[0]
            is_refused = b"-refused@" in self.recipient
            answer = b"550 5.1.1 no such person" if is_refused else b"250 2.1.5 ok"
            self.recipient = b"" if is_refused else self.recipient
        elif verb == b"DATA" and not self.recipient:
            answer = b"503 5.5.1 nobody to send it to"
        elif verb == b"DATA":
            self.in_data, answer = True, b"354 go ahead"
        elif verb == b"QUIT":
            self.transport.write(b"221 2.0.0 bye\r\n")
            self.transport.close()
            return
        else:
            self.recipient = b"" if verb in (b"MAIL", b"RSET") else self.recipient
            answer = b"250 2.0.0 ok"
        self.transport.write(answer + b"\r\n")


async def serve(port: int, path: str, answer_after: float) -> None:
    """Serve until killed."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    server = await asyncio.get_running_loop().create_server(
        lambda: Session(file, answer_after),
        "127.0.0.1",
        port,
        backlog=512,
        reuse_address=True,
    )
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("file")
    parser.add_argument("--answer-after", type=float, default=0.0)
    given = parser.parse_args()
    asyncio.run(serve(given.port, given.file, given.answer_after))
