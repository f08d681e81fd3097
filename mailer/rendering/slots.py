"""Slots on their way through Jinja2 and MJML: each travels as an ASCII word that stands nowhere else in the issue."""

import hashlib
import re

from mailer.content.merge_fields import read_field
from mailer.rendering.letter import FieldSlot, Segments, Slot

FIELD = re.compile(r"\{\{(.+?)\}\}", re.DOTALL)


class Mint:
    """Makes a word for each slot and finds them again.

    The word is made from a hash of everything the letters are rendered from, so no text of the issue can foresee it,
    and the same issue gives the same words.
    """

    def __init__(self, *material: str) -> None:
        key = hashlib.sha256("\0".join(material).encode("utf-8", "surrogatepass")).hexdigest()
        while any(key[:16] in text for text in material):
            key = hashlib.sha256(key.encode()).hexdigest()
        self._key = key[:16]
        self._slots: dict[str, Slot] = {}
        self._word_of: dict[Slot, str] = {}
        self._words = re.compile(f"(q{self._key}n[0-9a-f]{{16}}q)")

    def word(self, slot: Slot) -> str:
        """The word that stands for the slot, whichever letter of the issue it is in."""
        word = self._word_of.get(slot)
        if word is None:
            # not a number in order of use, which would hang on which letter was written first
            word = f"q{self._key}n{hashlib.sha256(repr(slot).encode()).hexdigest()[:16]}q"
            self._word_of[slot] = word
            self._slots[word] = slot
        return word

    def stand_in(self, name: str) -> str:
        """A word for what only some letters say, which whoever asked for it replaces before the slots are looked for."""
        return f"w{hashlib.sha256(f'{self._key} {name}'.encode()).hexdigest()[:24]}w"

    def segments(self, text: str) -> Segments:
        """The text with the slots in the place of their words."""
        found: list[str | Slot] = []
        for index, part in enumerate(self._words.split(text)):
            if index % 2:
                found.append(self._slots[part])
            elif part:
                found.append(part)
        return tuple(found)

    def words_of(self, template: str) -> str:
        """A line of front matter, `Hello {{ name }}`, with words in the place of its merge fields."""
        return FIELD.sub(lambda field: self.word(FieldSlot(field[1].strip())), template)


def for_nobody(template: str) -> str:
    """A line of front matter for places where nobody is addressed: its merge fields show their defaults."""
    return " ".join(FIELD.sub(lambda field: read_field(field[1]).default or "", template).split())
