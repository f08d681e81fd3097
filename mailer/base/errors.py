"""The whole error tree.

    MailerError
    ├── WrongInput      what was given cannot be used: a file, a setting, an address, an option (knows its place)
    ├── NotFound        there is no such campaign, subscriber, audience, issue, file
    ├── NotAllowed      the state of things forbids it now: a campaign already sent, a list already frozen
    ├── NotPermitted    this person may not do it
    ├── Spoilt          what was kept cannot be read any more: a disk, or a database, is damaged
    └── Unreachable     a service that is needed does not answer: database, broker, relay

Each says what is wrong and what to do about it, in one line. What an HTTP or exit code means is the faces' affair.
"""


class MailerError(Exception):
    """Something that a person can understand and mend.

    Args:
        message: what is wrong, without a full stop.
        do: what to do about it.
    """

    def __init__(self, message: str, *, do: str) -> None:
        super().__init__(message)
        self.message = message
        self.do = do

    def __str__(self) -> str:
        return f"{self.message}; {self.do}"


class WrongInput(MailerError):
    """What was given cannot be used.

    Args:
        place: where it stands, such as `issue.md:12:3`, `people.csv:4` or `MAILER_SMTP_URL`.
    """

    def __init__(self, message: str, *, do: str, place: str = "") -> None:
        super().__init__(message, do=do)
        self.place = place

    def __str__(self) -> str:
        return f"{self.place}: {super().__str__()}" if self.place else super().__str__()


class NotFound(MailerError):
    """What was asked for does not exist."""


class NotAllowed(MailerError):
    """The state of things forbids it now."""


class NotPermitted(MailerError):
    """This person may not do it."""


class Spoilt(MailerError):
    """What was kept cannot be read any more."""


class Unreachable(MailerError):
    """A service that is needed does not answer.

    Args:
        service: its name and address without secrets, such as `relay smtp.example.org:587`.
    """

    def __init__(self, service: str, message: str, *, do: str) -> None:
        super().__init__(f"{service}: {message}", do=do)
        self.service = service
