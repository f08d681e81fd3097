"""What rendering makes: a letter whose personal parts are slots."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

LinkName = Literal["unsubscribe", "preferences", "view"]


@dataclass(frozen=True, slots=True)
class FieldSlot:
    """Where a merge field's value goes: the checked expression, such as `name | default("colleague")`."""

    expression: str


@dataclass(frozen=True, slots=True)
class LinkSlot:
    """Where one of the subscriber's own links goes."""

    name: LinkName


Slot = FieldSlot | LinkSlot
Segments = tuple[str | Slot, ...]
"""Text with slots. In HTML the text is markup and a slot's value is escaped when it is filled; elsewhere it is plain."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a letter: `name` is unique by content (`HASH.png`); sizes are CSS pixels, the file may hold more."""

    name: str
    content: bytes
    media_type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class SectionSize:
    """What a section costs in the HTML, and whether it was folded to headline, lead and a link to the web edition.

    `whole_bytes` is what it costs, or would cost, unfolded. What stands above the first section has neither anchor nor title.
    """

    anchor: str
    title: str
    html_bytes: int
    is_folded: bool
    whole_bytes: int


@dataclass(frozen=True, slots=True)
class Letter:
    """A rendered issue for one set of audiences.

    In `html` an embedded picture is referred to as `cid:NAME@mailer`, a hosted one by its address.
    `calendars` are the .ics files that it links to, by name. `html_bytes` is the HTML's size once it is personal, about:
    links and names are reckoned generously; `sections` tells what each section costs of it. `preheader` is what an inbox shows
    behind the subject; it stands in the HTML too.
    """

    audiences: frozenset[str]
    language: str
    subject: Segments
    html: Segments
    text: Segments
    mjml: Segments
    pictures: tuple[Picture, ...] = ()
    embedded: bool = True
    calendars: Mapping[str, bytes] = field(default_factory=dict)
    html_bytes: int = 0
    sections: tuple[SectionSize, ...] = ()
    preheader: Segments = ()


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes, as the foot of a letter shows it."""

    name: str
    address: str
    postal_address: str
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around an issue, the same for all its letters.

    `archive_url` is the web edition's address; `overrides` is a workspace's `templates/` folder, searched first.
    `budget_bytes` is how large a letter's HTML may grow before sections are folded, where there is a web edition to read
    on in. `audience_names` maps slugs to the names that readers see; `pictures` is the setting: embed up to 1 MB, or host all.
    `archived_for` are the audiences whose blocks the web edition shows, None where it shows all: nothing of a letter leads to
    a place that is not there. `settings` is the file in which the sender is set, for findings about it.
    """

    sender: Sender
    base_url: str
    archive_url: str = ""
    overrides: str = ""
    audience_names: Mapping[str, str] = field(default_factory=dict)
    pictures: Literal["embed", "host"] = "embed"
    budget_bytes: int = 95 * 1024
    archived_for: tuple[str, ...] | None = None
    settings: str = ""
