"""The address of the bounce mailbox: `imap://user:pass@host:143/Folder`, `imaps://…`, `pop3://…`, `pop3s://…`, `maildir:PATH`."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from mailer.base.notation import names_a_host
from mailer.base.relay_url import Security

Protocol = Literal["maildir", "imap", "pop3"]

ALLOWED: Final = (
    "maildir:PATH, imap://USER:PASSWORD@HOST:143/FOLDER, imaps://…, pop3://USER:PASSWORD@HOST:110 or pop3s://…, "
    "with ?starttls=no, ?delete=yes, ?timeout=SECONDS (1 to 60); signs such as @ : / ? # in a name or a password are written as %40 %3A %2F %3F %23"
)
_PORTS: Final[dict[tuple[Protocol, bool], int]] = {
    ("imap", False): 143,
    ("imap", True): 993,
    ("pop3", False): 110,
    ("pop3", True): 995,
}


@dataclass(frozen=True, slots=True)
class BounceBox:
    """Where bounces lie: a Maildir at `folder`, or a mailbox on a server and, with IMAP, the folder in it.

    `deletes` tells whether a message is taken out once it was acted upon; else it is only marked. `timeout`
    is how many seconds the server may be silent at each step.
    """

    protocol: Protocol
    folder: str = ""
    host: str = ""
    port: int = 0
    security: Security = "none"
    user: str = ""
    password: str = ""
    deletes: bool = False
    timeout: float = 15.0

    def __repr__(self) -> str:
        """Without the password."""
        return f"BounceBox({self.name}, security={self.security!r}, user={self.user!r})"

    @property
    def name(self) -> str:
        """`imap host:port/FOLDER`, for messages and logs: neither the user, who may be an address, nor the password."""
        if self.protocol == "maildir":
            return f"maildir {self.folder}"
        return f"{self.protocol} {self.host}:{self.port}" + (f"/{self.folder}" if self.folder else "")

    @property
    def key(self) -> str:
        """By which what was read from this mailbox is remembered."""
        return sha256(f"{self.protocol} {self.user} {self.host} {self.port} {self.folder}".encode()).hexdigest()


def read_bounce_url(text: str) -> BounceBox | None:
    """The bounce mailbox of a setting; None where none is set.

    Raises:
        ValueError: what is allowed.
    """
    if not text:
        return None
    if text.startswith("maildir:") and text != "maildir:":
        return BounceBox("maildir", folder=text.removeprefix("maildir:"))
    if not names_a_host(text):
        raise ValueError(ALLOWED)
    parts = urlsplit(text)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if (
        parts.scheme not in ("imap", "imaps", "pop3", "pop3s")
        or not (parts.hostname and parts.username and parts.password)
        or parts.fragment
        or options.keys() - {"starttls", "delete", "timeout"}
        or any(options.get(name, "no") not in ("yes", "no") for name in ("starttls", "delete"))
        or any(ord(sign) < 32 for sign in unquote(text))  # the protocols are made of lines
    ):
        raise ValueError(ALLOWED)
    protocol: Protocol = "imap" if parts.scheme.startswith("imap") else "pop3"
    is_tls = parts.scheme.endswith("s")
    folder = unquote(parts.path.strip("/"))
    if protocol == "pop3" and folder:  # a POP3 mailbox has no folders
        raise ValueError(ALLOWED)
    try:
        port, timeout = parts.port or _PORTS[protocol, is_tls], float(options.get("timeout", "15"))
    except ValueError as error:
        raise ValueError(ALLOWED) from error
    if not 1 <= timeout <= 60:
        raise ValueError(ALLOWED)
    return BounceBox(
        protocol,
        folder=folder or ("INBOX" if protocol == "imap" else ""),
        host=parts.hostname,
        port=port,
        security="tls" if is_tls else "none" if options.get("starttls") == "no" else "starttls",
        user=unquote(parts.username),
        password=unquote(parts.password),
        deletes=options.get("delete") == "yes",
        timeout=timeout,
    )
