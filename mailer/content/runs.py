"""Runs of inlines, put together and tidied."""

from collections.abc import Iterable

from mailer.content.issue import Inline, Inlines, LineBreak, Text


def joined(inlines: Iterable[Inline]) -> Inlines:
    """The inlines with neighbouring texts made one and empty ones left out."""
    result: list[Inline] = []
    for inline in inlines:
        if isinstance(inline, Text):
            if not inline.text:
                continue
            if result and isinstance(result[-1], Text):
                result[-1] = Text(result[-1].text + inline.text)
                continue
        result.append(inline)
    return tuple(result)


def trimmed(inlines: Inlines) -> Inlines:
    """The inlines without blanks and line breaks at either end."""
    parts = list(inlines)
    while parts and (isinstance(parts[0], LineBreak) or (isinstance(parts[0], Text) and not parts[0].text.strip())):
        parts.pop(0)
    while parts and (isinstance(parts[-1], LineBreak) or (isinstance(parts[-1], Text) and not parts[-1].text.strip())):
        parts.pop()
    if parts and isinstance(parts[0], Text):
        parts[0] = Text(parts[0].text.lstrip())
    if parts and isinstance(parts[-1], Text):
        parts[-1] = Text(parts[-1].text.rstrip())
    return tuple(parts)


def in_a_row(runs: Iterable[Inlines]) -> Inlines:
    """Several runs as one, with blanks between them."""
    return trimmed(joined(part for run in runs for part in (*run, Text(" "))))
