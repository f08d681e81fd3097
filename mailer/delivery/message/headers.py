"""The headers of every message (CONTRACT, "Every message sent"): what is fixed at release, and what is filled for each.

`Subject`, `MIME-Version` and `Content-Type` are the letter's own.
"""

from typing import Final
from urllib.parse import quote

from mailer.base.domain_names import ascii_domain
from mailer.rendering import HeaderValue, Key, LinkSlot, Sender

TO: Final = "to"
DATE: Final = "date"
MESSAGE_ID: Final = "message_id"
LEAVE_KEY: Final = "leave"
"""The keys that delivery fills for each message."""


def message_headers(
    sender: Sender, *, slug: str, written_from: str = "", reply_to: str = "", bounce_address: str = ""
) -> list[tuple[str, HeaderValue]]:
    """The headers of a campaign's messages, in order.

    Args:
        slug: the campaign's, told to the mailbox providers so that complaints can be counted by campaign.
        written_from: the issue's own `from`: an address, a name, or `Name <address>`.
        reply_to: the issue's own.
        bounce_address: where a bounce mailbox is set, leaving by mail goes there too (RFC 2369).
    """
    from_value = _from(sender, written_from)
    domain = ascii_domain(from_value.rpartition("@")[2].strip(" >"))
    leave: list[str | Key | LinkSlot] = ["<", LinkSlot("unsubscribe"), ">"]
    if bounce_address:
        leave[-1:] = [f">, <mailto:{quote(bounce_address, safe='@+')}?subject=unsubscribe%20", Key(LEAVE_KEY), ">"]
    headers: list[tuple[str, HeaderValue]] = [("From", from_value), ("To", Key(TO))]
    if reply_to or sender.reply_to:
        headers.append(("Reply-To", reply_to or sender.reply_to))
    return [
        *headers,
        ("Date", Key(DATE)),
        ("Message-ID", Key(MESSAGE_ID)),
        ("List-ID", f"<newsletter.{domain}>"),  # RFC 2919
        ("List-Unsubscribe", leave),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),  # RFC 8058
        ("Feedback-ID", f"{slug[:60]}:newsletter:{domain}"),
        # RFC 3834 and its unruly kin: without these an out-of-office reply comes back for many a message.
        ("Auto-Submitted", "auto-generated"),
        ("Precedence", "bulk"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
    ]


def _from(sender: Sender, written: str) -> str:
    if "<" in written or not written:
        return written or f"{sender.name} <{sender.address}>"
    return f"{sender.name} <{written}>" if "@" in written else f"{written} <{sender.address}>"
