"""What is one person's own in a message: links, merge fields, Message-ID; each made as it is asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mailer.base.tables import CampaignId
from mailer.base.tokens import Keys, Purpose, packed
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


class Personal:
    """One recipient's part of one message.

    Args:
        audience_names: the campaign's, in the order of the mask's bits.
        key_id: the campaign's; a Message-ID must not change with the newest key.
    """

    __slots__ = ("_audience_names", "_campaign_id", "_fields", "_ids", "_key_id", "_links", "_origin", "_recipient")

    def __init__(
        self,
        origin: Origin,
        recipient: Recipient,
        campaign_id: CampaignId,
        *,
        audience_names: tuple[str, ...] = (),
        key_id: int | None = None,
    ) -> None:
        self._origin = origin
        self._recipient = recipient
        self._campaign_id = campaign_id
        self._audience_names = audience_names
        self._key_id = key_id
        self._ids = packed(recipient.subscriber_id, campaign_id)
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
            self._fields = merge_values(self._recipient, self._audience_names)
        return self._fields

    @property
    def message_id(self) -> str:
        """The same at every attempt; tells nobody but us which delivery it is."""
        keys = self._origin.keys.signing_with(self._key_id)
        return f"<{keys.sign(Purpose.MESSAGE_ID, self._campaign_id, self._recipient.number)}@{self._origin.domain}>"

    @property
    def leave_key(self) -> str:
        """What a mail to the bounce mailbox says in order to leave."""
        return self.link("unsubscribe").rpartition("/")[2]

    def link(self, name: LinkName) -> str:
        """One of the person's own links."""
        found = self._links.get(name)
        if found is None:
            ids = self._ids + packed(self._recipient.mask) if name == "view" else self._ids
            token = self._origin.keys.sign_packed(_PURPOSES[name], ids)
            found = self._links[name] = f"{self._origin.base_url}/{name}/{token}"
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
    mine = [name for bit, name in enumerate(audience_names) if recipient.mask >> bit & 1]
    first_name = values.get("first_name") or recipient.name.partition(" ")[0]
    values["name"] = recipient.name
    values["first_name"] = first_name
    values["email"] = recipient.address
    values["audiences"] = ", ".join(mine)
    return values


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
