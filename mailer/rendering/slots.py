"""Slots on their way through Jinja2 and MJML: each travels as an ASCII word that stands nowhere else in the issue."""

import hashlib
import re

from mailer.content.merge_fields import read_field
from mailer.rendering.letter import FieldSlot, Segments, Slot

FIELD = re.compile(r"\{\{(.+?)\}\}", re.DOTALL)


class Mint:
    """Makes a word for each slot and finds them again.

    The word is made from a hash of everything the letter is rendered from, so no text of the issue can foresee it,
    and the same issue gives the same words.
    """

    def __init__(self, *material: str) -> None:
        key = hashlib.sha256("\0".join(material).encode("utf-8", "surrogatepass")).hexdigest()
        while any(key[:16] in text for text in material):
            key = hashlib.sha256(key.encode()).hexdigest()
        self._key = key[:16]
        self._slots: list[Slot] = []
        self._words = re.compile(f"q{self._key}n([0-9]+)q")

    def word(self, slot: Slot) -> str:
        """The word that stands for the slot; the same for equal slots."""
        if slot not in self._slots:
            self._slots.append(slot)
        return f"q{self._key}n{self._slots.index(slot)}q"

    def segments(self, text: str) -> Segments:
        """The text with the slots in the place of their words."""
        found: list[str | Slot] = []
        for index, part in enumerate(self._words.split(text)):
            if index % 2:
                found.append(self._slots[int(part)])
            elif part:
                found.append(part)
        return tuple(found)

    def words_of(self, template: str) -> str:
        """A line of front matter, `Hello {{ name }}`, with words in the place of its merge fields."""
        return FIELD.sub(lambda field: self.word(FieldSlot(field[1].strip())), template)


def for_nobody(template: str) -> str:
    """A line of front matter for places where nobody is addressed: its merge fields show their defaults."""
    return " ".join(FIELD.sub(lambda field: read_field(field[1]).default or "", template).split())
