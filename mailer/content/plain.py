"""Plain text of inlines, as it is needed for titles, anchors, alt texts and searches."""

import re
import unicodedata
from collections.abc import Iterator

from mailer.content.issue import (
    Code,
    FootnoteRef,
    Formula,
    Inlines,
    LineBreak,
    Link,
    MergeField,
    Picture,
    Span,
    Text,
)
from mailer.content.merge_fields import read_field


def plain(inlines: Inlines) -> str:
    """The words of the inlines: formulas as their TeX source, pictures as their alt text, merge fields as their default."""
    return "".join(_words(inlines, braces=False))


def template(inlines: Inlines) -> str:
    """Like `plain`, with merge fields written as they were: for titles and subjects, which may hold them."""
    return "".join(_words(inlines, braces=True))


def _words(inlines: Inlines, *, braces: bool) -> Iterator[str]:
    for inline in inlines:
        match inline:
            case Text(text=text) | Code(text=text):
                yield text.replace("{{", "{\u2060{") if braces else text  # braces that were text stay text
            case Span(children=children) | Link(children=children):
                yield from _words(children, braces=braces)
            case Formula(tex=tex):
                yield tex
            case Picture(alt=alt):
                yield alt
            case LineBreak():
                yield " "
            case FootnoteRef():
                pass
            case MergeField(expression=expression):
                yield f"{{{{ {expression} }}}}" if braces else read_field(expression).default or ""


def anchor_of(text: str) -> str:
    """A readable identifier for a heading."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text.lower()).strip("-")[:60].strip("-") or "section"


def anchor_for(text: str, taken: dict[str, int]) -> str:
    """A readable identifier for a heading, unlike all those taken; it is added to them.

    Args:
        taken: each with the last number that was put behind it.
    """
    base = anchor_of(text)
    anchor, count = base, taken.get(base, 1)
    while anchor in taken:
        count += 1
        anchor = f"{base}-{count}"
    taken[anchor], taken[base] = 1, count
    return anchor
