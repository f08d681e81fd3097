"""A released letter and a recipient become the bytes of a message: slots, addresses, envelope, signature."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache, partial
from itertools import chain

from mailer import campaigns
from mailer.base.database import Database
from mailer.base.domain_names import ascii_address
from mailer.base.settings import Settings
from mailer.base.tables import CampaignId
from mailer.base.tokens import Keys, Purpose
from mailer.campaigns import CampaignRow
from mailer.content.issue import FrontMatter
from mailer.delivery.ledger import Recipient
from mailer.delivery.message.ahead import AHEAD, HANDFUL, THREADS, UNSIGNED, Ahead, in_handfuls
from mailer.delivery.message.dkim import ToSign, relaxed_body, signatures, signers
from mailer.delivery.message.headers import message_headers
from mailer.delivery.message.mould import Mould
from mailer.delivery.message.personal import Occasion, Origin, Personal
from mailer.delivery.outcomes import Outgoing
from mailer.delivery.policy import GroupSize
from mailer.rendering import Letter, Sender, skeleton

LETTERS_KEPT = 64
"""As many as one campaign has at most, to six audiences. One with pictures takes up to 1.4 MB."""


class Composer:
    """Makes messages; one for each process.

    Args:
        base_url: asked for the public address that stands in every link, without a slash at its end: it is bound, and may be
            bound anew, while this process works.
    """

    def __init__(self, *, keys: Keys, base_url: Callable[[], str], settings: Settings) -> None:
        self.keys = keys
        self.base_url = base_url
        self._sender_address = ascii_address(settings.sender.from_)
        self.sender = Sender(
            settings.sender.name, self._sender_address, settings.sender.postal_address, settings.sender.reply_to
        )
        self._letters: dict[tuple[CampaignId, str, int], Mould] = {}
        self.domain = settings.sender.domain
        self._bounce_address = ascii_address(settings.bounce.address)
        self._signers = signers(settings.dkim, home=settings.home, sender_domain=self.domain)
        # With lanes one thread signs more than the loop sends; more would only take the interpreter from each other.
        self._ahead = Ahead(1 if all(signer.lanes for signer in self._signers) else THREADS)
        self.deadline = settings.limits.deadline
        self.group = GroupSize(settings.limits.group, ahead=AHEAD * HANDFUL)

    def letter(self, database: Database, campaign: CampaignRow, mask: int) -> Mould:
        """The encoded letter of a release for one set of audiences; read and encoded once in this process."""
        key = (campaign.id, campaign.release_hash, mask)
        found = self._letters.get(key)
        if found is None:
            with database.read() as session:
                letter = campaigns.released_letter(session, campaign.id, mask)
                meta = campaigns.read_front(session, campaign.revision_id)
            if len(self._letters) >= LETTERS_KEPT:
                self._letters.clear()
            found = self._letters[key] = self.mould(letter, meta, slug=campaign.slug)
        return found

    def mould(self, letter: Letter, meta: FrontMatter, *, slug: str) -> Mould:
        """A letter encoded as a message, with the headers of every message sent."""
        headers = message_headers(
            self.sender,
            slug=slug,
            written_from=meta.sender,
            reply_to=meta.reply_to,
            bounce_address=self._bounce_address,
        )
        return Mould.of(skeleton(letter, headers=headers))

    def occasion(
        self, campaign_id: CampaignId, *, audience_names: tuple[str, ...] = (), key_id: int | None = None
    ) -> Occasion:
        """What the messages of a campaign have in common; see `Occasion`."""
        return Occasion.of(Origin(self.keys, self.base_url(), self.domain), campaign_id, audience_names, key_id)

    def unsigned(self, letter: Mould, recipient: Recipient, occasion: Occasion, now: datetime) -> Outgoing:
        """The message for one recipient, without the signatures that `signed_ahead` gives it.

        Raises:
            WrongInput: his address cannot stand in a header.
        """
        parts, is_plain = letter.fill(Personal(occasion, recipient), _date(now))
        sender = self.envelope_sender(occasion.campaign_id, recipient.number)
        return Outgoing(recipient.number, sender, ascii_address(recipient.address), b"".join(parts), is_plain)

    def signed_ahead(self, messages: Iterable[Outgoing], now: datetime) -> Iterator[Outgoing]:
        """These messages, in their order, signed where there are keys: by threads, ahead of the relay.

        They are made a handful at a time: to make and to send in turn costs more.
        """
        if not self._signers:
            return chain.from_iterable(in_handfuls(messages, UNSIGNED))
        hashed = map(_hashed, in_handfuls(messages, HANDFUL))
        return chain.from_iterable(self._ahead.each(partial(self._sign, now), hashed))

    def _sign(self, now: datetime, hashed: tuple[Sequence[Outgoing], Sequence[ToSign]]) -> Sequence[Outgoing]:
        messages, parts = hashed
        for message, headers in zip(messages, signatures(parts, self._signers, now), strict=True):
            message.data = headers + message.data
        return messages

    def signed(self, message: bytes, now: datetime) -> bytes:
        """A whole message of another kind, such as a notice, with our signatures where there are keys."""
        if not self._signers:
            return message
        head, end, body = message.partition(b"\r\n\r\n")
        [headers] = signatures([ToSign.of(head + end + relaxed_body(body))], self._signers, now)
        return headers + message

    def envelope_sender(self, campaign_id: CampaignId, number: int) -> str:
        """Where bounces go: by VERP where there is a bounce mailbox, so that a bounce names its delivery by itself."""
        if not self._bounce_address:
            return self._sender_address
        local, _, domain = self._bounce_address.rpartition("@")
        return f"{local}+{self.keys.sign(Purpose.BOUNCE, campaign_id, number)}@{domain}"


@lru_cache(maxsize=4)
def _date(now: datetime) -> str:
    return format_datetime(now)


def _hashed(messages: Sequence[Outgoing]) -> tuple[Sequence[Outgoing], list[ToSign]]:
    """A handful and what is signed of it, made by the loop: a thread would wait for the interpreter after each body's hash."""
    return messages, [ToSign.of(message.data) for message in messages]
