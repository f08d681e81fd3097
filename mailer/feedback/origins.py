"""Whose message came back: the delivery that a bounce, a complaint or a wish to leave is about.

Only what we signed ourselves counts, the address that it came back to (VERP) or our Message-ID: whoever can write to the
bounce mailbox could otherwise end the mail of anybody.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from mailer.base.errors import NotFound
from mailer.base.tables import CampaignId, SubscriberId
from mailer.base.tokens import Keys, Purpose
from mailer.feedback.messages import read_message
from mailer.feedback.transcripts import addresses_in
from mailer.feedback.verdicts import Verdict

_CAME_TO = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "original-recipient", "to", "cc")


@dataclass(frozen=True, slots=True)
class Origin:
    """One delivery: the campaign and the recipient's number in it."""

    campaign_id: CampaignId
    number: int


def origin_of(message: bytes, verdict: Verdict, *, keys: Keys) -> Origin | None:
    """The delivery that a message is about; None where it proves none.

    Args:
        message: what came back, as it lies in the bounce mailbox.
        verdict: what was read from it.
    """
    for purpose, token in _tokens(message, verdict):
        try:
            ids = keys.read(purpose, token)
        except NotFound:
            continue  # somebody else's address, or a forged one
        if len(ids) == 2:
            return Origin(CampaignId(ids[0]), ids[1])
    return None


def leaver_of(message: bytes, *, keys: Keys) -> tuple[SubscriberId, CampaignId] | None:
    """Who wishes to leave by the address in their letter's List-Unsubscribe header: its subject carries the link's token.

    It holds when the campaign is long gone, and whatever address the message comes from (RFC 2369 §3.2).
    """
    for word in read_message(message).headers.get("subject").split():
        try:
            subscriber_id, campaign_id = keys.read(Purpose.UNSUBSCRIBE, word)
        except (NotFound, ValueError):
            continue
        return SubscriberId(subscriber_id), CampaignId(campaign_id)
    return None


def _tokens(message: bytes, verdict: Verdict) -> Iterator[tuple[Purpose, str]]:
    headers = read_message(message).headers
    for name in _CAME_TO:
        for value in headers.all(name):
            for address in addresses_in(value):
                yield Purpose.BOUNCE, address.rpartition("@")[0].partition("+")[2]
    yield Purpose.MESSAGE_ID, verdict.original_message_id.partition("@")[0]
