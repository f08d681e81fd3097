"""A notice as a message: text, and HTML with a button, in the reader's language.

A notice is no hot path: it is made by the standard library's own message, whose headers cannot be broken out of.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mailer.base.domain_names import ascii_address
from mailer.base.languages import Language
from mailer.base.settings import templates_dir
from mailer.base.tokens import Purpose
from mailer.delivery.message.compose import Composer

LINK = "{link}"


@dataclass(frozen=True, slots=True)
class NoticeText:
    """What a notice says: `kind` names its phrases, `link` is what its button opens, `facts` fill the phrases.

    `mark` is what its Message-ID is made of: the same at every attempt.
    """

    kind: str
    to: str
    name: str
    link: str
    facts: Mapping[str, str]
    mark: tuple[int, ...]


def notice_message(composer: Composer, language: Language, notice: NoticeText, *, now: datetime) -> bytes:
    """The message of a notice."""
    sender = composer.sender
    facts = {"sender": sender.name, **notice.facts}
    hello = language["notice_hello"].format(name=notice.name) if notice.name else language["notice_hello_nobody"]
    # Paragraph by paragraph: a name that is filled in cannot begin one.
    paragraphs = [hello, *language[f"notice_{notice.kind}_body"].split("\n\n")]
    filled = [text if text == LINK else text.format(**facts) for text in paragraphs]
    text = "\n\n".join(notice.link if part == LINK else part for part in filled)
    message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))  # a signature does not survive a relay that changes it
    message["From"] = Address(sender.name, addr_spec=sender.address)
    message["To"] = Address(" ".join(notice.name.split()), addr_spec=ascii_address(notice.to))
    if sender.reply_to:
        message["Reply-To"] = sender.reply_to
    message["Subject"] = " ".join(language[f"notice_{notice.kind}_subject"].format(**facts).split())
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{composer.keys.sign(Purpose.MESSAGE_ID, *notice.mark)}@{composer.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    message.set_content(f"{text}\n\n-- \n{sender.name}\n{sender.postal_address}\n")
    page = _environment().get_template("notice.html")
    shown = {
        "language": language,
        "subject": message["Subject"],
        "paragraphs": filled,
        "link_mark": LINK,
        "link": notice.link,
        "button": language[f"notice_{notice.kind}_button"],
        "sender": sender,
    }
    message.add_alternative(page.render(shown), subtype="html")
    return composer.signed(message.as_bytes(), now)


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(templates_dir() / "email"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
