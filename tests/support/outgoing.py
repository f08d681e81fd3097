"""Messages for a relay alone, without an office behind it, and what comes of them."""

from mailer.delivery import Outcome, Outgoing, SmtpRelay

BODY = b"Subject: hello\r\n\r\nline one\r\n.leading dot\r\n..two\r\n" + b"x" * 70 + b"\r\n"


def messages(count: int, *, data: bytes = BODY) -> list[Outgoing]:
    """Messages to p0@x.test, p1@x.test and so on, numbered likewise."""
    return [Outgoing(number, "news@x.test", f"p{number}@x.test", data) for number in range(count)]


def send(relay: SmtpRelay, outgoing: list[Outgoing]) -> dict[int, Outcome]:
    """What came of each message by its number; none is answered twice."""
    outcomes: dict[int, Outcome] = {}
    for answer in relay.send(outgoing):
        if answer is not None:
            assert answer[0] not in outcomes, "two answers to one message"
            outcomes[answer[0]] = answer[1]
    return outcomes
