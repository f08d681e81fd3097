"""One letter as one person would get it, in every format, without sending it: what `mailer render` prints."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Final, Literal

from mailer.base.tables import SubscriberId
from mailer.base.tokens import Keys, Purpose
from mailer.content import Issue
from mailer.delivery.ledger import Recipient
from mailer.delivery.message.headers import DATE, LEAVE_KEY, MESSAGE_ID, TO, message_headers
from mailer.delivery.message.personal import merge_values
from mailer.rendering import (
    Frame,
    Letter,
    LinkSlot,
    Sender,
    Slot,
    WebEdition,
    fill,
    html_of,
    render,
    skeleton,
    text_of,
    values_of,
    web_edition,
    with_picture_addresses,
)
from mailer.rendering.letter import LinkName

Format = Literal["html", "mjml", "text", "eml", "web"]
FILE_NAMES: Final[Mapping[Format, str]] = {
    "html": "letter.html",
    "mjml": "letter.mjml",
    "text": "letter.txt",
    "eml": "letter.eml",
    "web": "index.html",
}
PURPOSES: Final[Mapping[LinkName, Purpose]] = {
    "unsubscribe": Purpose.UNSUBSCRIBE,
    "preferences": Purpose.PREFERENCES,
    "view": Purpose.VIEW,
}
NOBODY: Final = SubscriberId(0)


@dataclass(frozen=True, slots=True)
class Specimen:
    """A letter with everything that one reader's copy holds; its links show their pages and change nothing."""

    issue: Issue
    letter: Letter
    edition: WebEdition
    frame: Frame
    reader: Recipient
    links: Mapping[LinkName, str]

    def content(self, format_: Format, *, beside: bool = False) -> bytes:
        """The letter in a format; `beside` refers to pictures that lie in the same folder."""
        values = values_of(self.letter, merge_values(self.reader, tuple(sorted(self.letter.audiences))), self.links)
        match format_:
            case "html":
                html = html_of(self.letter.html, values)
                return (_beside(html, self.letter, self.frame) if beside else html).encode()
            case "text":
                return text_of(self.letter.text, values).encode()
            case "mjml":
                return html_of(self.letter.mjml, values).encode()
            case "web":
                media = f"{self.frame.base_url}/media/"
                return (self.edition.html.replace(media, "") if beside else self.edition.html).encode()
            case "eml":
                return self._message(values)

    def pictures(self, format_: Format) -> dict[str, bytes]:
        """The pictures that the format refers to, by name."""
        if format_ == "html":
            return {picture.name: picture.content for picture in self.letter.pictures}
        if format_ == "web":
            return {picture.name: picture.content for picture in self.edition.pictures}
        return {}

    def _message(self, values: Mapping[Slot, str]) -> bytes:
        meta = self.issue.meta
        headers = message_headers(
            self.frame.sender, slug=meta.slug or "issue", written_from=meta.sender, reply_to=meta.reply_to
        )
        # The same input gives the same bytes: the date is the issue's own.
        date = datetime.combine(meta.date, time(), UTC) if meta.date else datetime.fromtimestamp(0, UTC)
        domain = self.frame.sender.address.rpartition("@")[2]
        own = {
            TO: f"{self.reader.name} <{self.reader.address}>" if self.reader.name else self.reader.address,
            DATE: format_datetime(date),
            MESSAGE_ID: f"<specimen@{domain}>",
            LEAVE_KEY: self.links["unsubscribe"].rpartition("/")[2],
        }
        filled: dict[Slot | str, str] = {LinkSlot(name): address for name, address in self.links.items()}
        filled.update((slot, value) for slot, value in values.items())
        filled.update(own)
        return fill(skeleton(self.letter, headers=headers), filled)


def make_specimen(
    issue: Issue,
    audiences: frozenset[str],
    frame: Frame,
    reader: Recipient,
    *,
    keys: Keys | None = None,
    formula_cache: Path | None = None,
) -> Specimen:
    """Render an issue for one reader.

    Args:
        keys: sign links that a running web part knows; without them the links are for the eye only.
    """
    tokens = {
        name: keys.sign(purpose, NOBODY, 0, *_mask(name)) if keys else "specimen" for name, purpose in PURPOSES.items()
    }
    return Specimen(
        issue=issue,
        letter=render(issue, audiences, frame, formula_cache=formula_cache),
        edition=web_edition(issue, audiences, frame, formula_cache=formula_cache),
        frame=frame,
        reader=reader,
        links={name: f"{frame.base_url}/{name}/{token}" for name, token in tokens.items()},
    )


def sample_frame() -> Frame:
    """What stands around a letter where there is no workspace."""
    return Frame(
        sender=Sender("Newsletter", "newsletter@example.org", "Postal address, as the law asks"),
        base_url="http://127.0.0.1:8000",
    )


def a_reader(address: str, name: str = "", attributes: Mapping[str, Any] | None = None) -> Recipient:
    """Somebody to render for; without an address, a reader of example.org."""
    return Recipient(
        number=0,
        subscriber_id=NOBODY,
        address=address or "reader@example.org",
        name=name,
        language="",
        attributes=dict(attributes or {}),
        mask=0,
        attempts=0,
    )


def _mask(name: LinkName) -> tuple[int, ...]:
    return (0,) if name == "view" else ()


def _beside(html: str, letter: Letter, frame: Frame) -> str:
    if letter.embedded:
        return with_picture_addresses(html, letter, "")
    return html.replace(f"{frame.base_url}/media/", "")
