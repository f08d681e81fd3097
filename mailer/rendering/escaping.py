"""Escaping, done once: text and attributes as HTML that mrml passes on unharmed."""

import re
from functools import lru_cache
from html import escape
from typing import Final

from markupsafe import Markup

UNSAFE_IN_ATTRIBUTE: Final = re.compile(r"[^A-Za-z0-9 !#$%()*+,\-./:;=?@\[\]^_{|}~À-ɏ–—‘’“”…]")
"""All but what mrml writes into an attribute as it is (it escapes the rest the way Rust does, and so breaks it)."""
_SPAN: Final = re.compile(r"(?<![\w.:–])\d{1,2}(?:[.:]\d{2})?–\d{1,2}(?:[.:]\d{2})?(?![\d–])")
CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
"""What neither XML nor HTML can hold."""


def text(words: str) -> str:
    """Text as markup; a line's end is a space, as whitespace that holds one is lost in mrml between two elements."""
    return escape(CONTROLS.sub("", words), quote=False).replace("\n", " ")


def flowing(words: str) -> Markup:
    """Running text as markup; hours and days such as 18:00–19:30 stay on one line where a client can keep it there.

    A word joiner would be drawn as a box in old fonts.
    """
    written = text(words)
    if "–" in written:
        written = _SPAN.sub(lambda found: f'<span style="white-space:nowrap">{found[0]}</span>', written)
    return Markup(written)  # noqa: S704


def attribute(value: object) -> Markup:
    """A value for an attribute, with numeric references for all but plain characters: mrml passes them untouched."""
    return _attribute(str(value))


@lru_cache(maxsize=4096)
def _attribute(value: str) -> Markup:
    clean = CONTROLS.sub("", value)
    return Markup(UNSAFE_IN_ATTRIBUTE.sub(lambda sign: f"&#{ord(sign[0])};", clean))  # noqa: S704  # escaped here
