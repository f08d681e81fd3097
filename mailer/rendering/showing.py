"""A letter's parts as a reader sees them, for previews and the letter in the browser; mail is made by `mime`."""

from collections.abc import Mapping
from html import escape

from mailer.content.merge_fields import evaluate
from mailer.rendering.encoding import without_controls
from mailer.rendering.letter import Letter, LinkName, LinkSlot, Segments, Slot
from mailer.rendering.pictures import content_id


def html_of(segments: Segments, values: Mapping[Slot, str]) -> str:
    """The markup with every slot's value, escaped for text and attributes."""
    return "".join(part if isinstance(part, str) else escape(without_controls(values[part])) for part in segments)


def text_of(segments: Segments, values: Mapping[Slot, str]) -> str:
    """The plain text with every slot's value."""
    return "".join(part if isinstance(part, str) else without_controls(values[part]) for part in segments)


def with_picture_addresses(html: str, letter: Letter, folder: str) -> str:
    """Embedded pictures referred to as files of `folder` (a relative or absolute address that ends with a slash)."""
    for picture in letter.pictures:
        html = html.replace(f"cid:{content_id(picture.name)}", f"{folder}{picture.name}")
    return html


def slots_of(letter: Letter) -> frozenset[Slot]:
    """Every slot of the letter."""
    return frozenset(part for part in (*letter.subject, *letter.html, *letter.text) if not isinstance(part, str))


def values_of(letter: Letter, fields: Mapping[str, str], links: Mapping[LinkName, str]) -> dict[Slot, str]:
    """What a letter's slots hold for one reader: merge fields by the reader's facts, links by their names."""
    return {
        slot: links[slot.name] if isinstance(slot, LinkSlot) else evaluate(slot.expression, fields)
        for slot in slots_of(letter)
    }
