"""Relays in memory, for where nothing is asked of the wire; the real one is in tests/servers."""

from collections.abc import Iterable, Iterator

from mailer.delivery.outcomes import Accepted, Outcome, Outgoing


class Recorder:
    """Accepts everything, and remembers each message's recipient and Message-ID."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    @property
    def recipients(self) -> list[str]:
        """To whom messages went, sorted; somebody who got two stands there twice."""
        return sorted(recipient for recipient, _ in self.sent)

    def send(self, messages: Iterable[Outgoing]) -> Iterator[tuple[int, Outcome] | None]:
        """Take each message as it is made."""
        for message in messages:
            message_id = next(line for line in message.data.split(b"\r\n") if line.lower().startswith(b"message-id"))
            self.sent.append((message.recipient, message_id.decode()))
            yield message.number, Accepted()

    def close(self) -> None:
        """Nothing is open."""


class NoRelay:
    """Is never asked: the test plays the relay itself."""

    def send(self, messages: Iterable[Outgoing]) -> Iterator[tuple[int, Outcome] | None]:
        """Fail the test."""
        raise AssertionError

    def close(self) -> None:
        """Nothing is open."""
