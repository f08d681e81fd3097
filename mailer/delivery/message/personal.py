"""What is one person's own in a message: links, merge fields, Message-ID; each made as it is asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mailer.base.tables import CampaignId
from mailer.base.tokens import Keys, Purpose, Signer, packed
from mailer.content.merge_fields import evaluator
from mailer.delivery.ledger import Recipient
from mailer.delivery.message.headers import LEAVE_KEY, MESSAGE_ID, TO
from mailer.rendering import FieldSlot, LinkSlot, Slot
from mailer.rendering.letter import LinkName

_PURPOSES: Mapping[LinkName, Purpose] = {
    "unsubscribe": Purpose.UNSUBSCRIBE,
    "preferences": Purpose.PREFERENCES,
    "view": Purpose.VIEW,
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where mail comes from: the keys that sign its links, their public address without a slash at its end, our domain."""

    keys: Keys
    base_url: str
    domain: str


@dataclass(frozen=True, slots=True)
class Occasion:
    """What the messages of one campaign have in common, made ready once.

    `audience_names` are the campaign's, in the order of the mask's bits. `links` have a beginning and what signs the rest;
    `sign_message_id` signs with a key of the campaign's, because a Message-ID must not change with the newest.
    """

    campaign_id: CampaignId
    packed_id: bytes
    audience_names: tuple[str, ...]
    domain: str
    links: Mapping[LinkName, tuple[str, Signer]]
    sign_message_id: Signer

    @classmethod
    def of(cls, origin: Origin, campaign_id: CampaignId, names: tuple[str, ...], key_id: int | None) -> "Occasion":
        """The occasion of a campaign, or of no campaign; without a key of its own the newest signs."""
        return cls(
            campaign_id,
            packed(campaign_id),
            names,
            origin.domain,
            {name: (f"{origin.base_url}/{name}/", origin.keys.signer(purpose)) for name, purpose in _PURPOSES.items()},
            origin.keys.signing_with(key_id).signer(Purpose.MESSAGE_ID),
        )


class Personal:
    """One recipient's part of one message."""

    __slots__ = ("_fields", "_ids", "_links", "_occasion", "_recipient")

    def __init__(self, occasion: Occasion, recipient: Recipient) -> None:
        self._occasion = occasion
        self._recipient = recipient
        self._ids = packed(recipient.subscriber_id) + occasion.packed_id
        self._links: dict[LinkName, str] = {}
        self._fields: Mapping[str, str] | None = None

    @property
    def to(self) -> str:
        """The mailbox, the name as it is written."""
        return f"{self._recipient.name} <{self._recipient.address}>"

    @property
    def fields(self) -> Mapping[str, str]:
        """What merge fields can say of the person."""
        if self._fields is None:
            self._fields = merge_values(self._recipient, self._occasion.audience_names)
        return self._fields

    @property
    def message_id(self) -> str:
        """The same at every attempt; tells nobody but us which delivery it is."""
        occasion = self._occasion
        return f"<{occasion.sign_message_id(occasion.packed_id + packed(self._recipient.number))}@{occasion.domain}>"

    @property
    def leave_key(self) -> str:
        """What a mail to the bounce mailbox says in order to leave."""
        return self.link("unsubscribe").rpartition("/")[2]

    def link(self, name: LinkName) -> str:
        """One of the person's own links."""
        found = self._links.get(name)
        if found is None:
            ids = self._ids + packed(self._recipient.mask) if name == "view" else self._ids
            beginning, sign = self._occasion.links[name]
            found = self._links[name] = beginning + sign(ids)
        return found


Filler = Callable[[Personal], str]
_OF_KEYS: Mapping[str, Filler] = {
    TO: lambda person: person.to,
    MESSAGE_ID: lambda person: person.message_id,
    LEAVE_KEY: lambda person: person.leave_key,
}


def filler_of(slot: Slot | str) -> Filler:
    """What gives a slot or a header's key its value.

    Raises:
        KeyError: there is no such key.
    """
    if isinstance(slot, LinkSlot):
        name = slot.name
        return lambda person: person.link(name)
    if isinstance(slot, FieldSlot):
        value_of = evaluator(slot.expression)
        return lambda person: value_of(person.fields)
    return _OF_KEYS[slot]


def merge_values(recipient: Recipient, audience_names: tuple[str, ...]) -> Mapping[str, str]:
    """What merge fields can say of a person: the attributes, and above them what every person has."""
    attributes: dict[str, Any] = recipient.attributes
    values = {name: _as_text(value) for name, value in attributes.items()} if attributes else {}
    name = values["name"] = recipient.name
    values["first_name"] = values.get("first_name") or name.partition(" ")[0]
    values["email"] = recipient.address
    values["audiences"] = _of_mask(audience_names, recipient.mask)
    return values


@lru_cache(maxsize=256)
def _of_mask(audience_names: tuple[str, ...], mask: int) -> str:
    return ", ".join(name for bit, name in enumerate(audience_names) if mask >> bit & 1)


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
