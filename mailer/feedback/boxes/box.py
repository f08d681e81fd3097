"""What every bounce mailbox can do, and what is told of one that cannot be read."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NoReturn, Protocol

from mailer.base.bounce_url import BounceBox
from mailer.base.errors import Unreachable, WrongInput

PLACE: Final = "MAILER_BOUNCE_URL"
_TRANSIENT: Final = ("[UNAVAILABLE]", "[INUSE]", "[IN-USE]", "[LIMIT]", "[SYS/TEMP]", "[LOGIN-DELAY]", "[SERVERBUG]")
"""Refusals of a login that are not the password's fault (RFC 5530, RFC 2449, RFC 3206)."""


class Box(Protocol):
    """An open mailbox. Its ids are the server's own, the same at every reading."""

    keeps_marks: bool
    """Whether the mailbox itself remembers what was marked; else whoever reads it has to."""

    def waiting(self) -> Sequence[str]:
        """The messages that were not marked yet, or all where no marks are kept; the oldest first."""
        ...

    def read(self, ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """These messages, of each as much as is looked at; without those that are gone or that the server does not give."""
        ...

    def mark(self, done: Sequence[str], for_people: Sequence[str]) -> None:
        """Remember that these were acted upon, and that those say nothing to a program: a person may want to read them."""
        ...


@contextmanager
def speaking_to(box: BounceBox, protocol_error: type[Exception]) -> Iterator[None]:
    """Tell of what goes wrong with the network, or by an error of the protocol, as of a mailbox that does not answer.

    Raises:
        Unreachable: it does not.
    """
    try:
        yield
    except (OSError, EOFError, protocol_error) as error:
        raise unreachable(box, reason_of(error)) from error


def unreachable(box: BounceBox, reason: str) -> Unreachable:
    """The error of a mailbox that does not answer."""
    return Unreachable(f"bounce mailbox {box.name}", reason, do="check [bounce] url and the mail server")


def refuse_login(box: BounceBox, error: Exception) -> NoReturn:
    """Tell of a refused login. Of the server's words only a known code is passed on: they could repeat what it was sent.

    Raises:
        Unreachable: it is not the password's fault, and may go better later.
        WrongInput: it is.
    """
    said = reason_of(error).upper()
    for code in _TRANSIENT:
        if code in said:
            raise unreachable(box, f"it lets nobody in at the moment {code}") from error
    raise WrongInput(
        f"{box.name} refuses the user name or the password", do="correct [bounce] url", place=PLACE
    ) from error


def reason_of(error: Exception) -> str:
    """What an error says, in one short line; libraries pass on the server's words as bytes."""
    said = error.args[0] if len(error.args) == 1 else getattr(error, "strerror", None) or str(error)
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return " ".join(text.split())[:200] or type(error).__name__
