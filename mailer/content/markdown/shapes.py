"""Shapes that blocks take on when one looks at them again: boxes of things to do, captions, notes written as quotes."""

import re
from dataclasses import replace
from typing import Final

from markdown_it.token import Token

from mailer.content.issue import Block, Blocks, Figure, Inlines, Paragraph, Table, Text
from mailer.content.markdown.note_titles import note_title
from mailer.content.plain import plain

_CALLOUT: Final = re.compile(r"\[!([A-Za-z][\w-]*)\][+-]?[ \t]*(.*)")


def callout_title(inline: Token | None, language: str) -> str | None:
    """The title of `> [!NOTE] …` (GitHub, Obsidian) in Markdown, taken off the quote's first text; None for a plain quote."""
    found = _CALLOUT.match(inline.content.split("\n", 1)[0]) if inline else None
    if found is None or inline is None or inline.children is None:
        return None
    ends = (index for index, token in enumerate(inline.children) if token.type in {"softbreak", "hardbreak"})
    inline.children = inline.children[next(ends, len(inline.children)) + 1 :]
    return found[2].strip() or note_title(found[1], language)


CAPTION: Final = re.compile(r"(?:Fig(?:ure|\.)?|Abb(?:ildung|\.)?)\s*\d+\s*[.:–—]", re.IGNORECASE)


def with_box(item: Blocks) -> Blocks:
    """An item that begins with `[ ]` or `[x]` shows a box, as in a list of things to do."""
    first = item[0] if item else None
    if not isinstance(first, Paragraph) or not first.inlines or not isinstance(words := first.inlines[0], Text):
        return item
    box = re.match(r"\[([ xX])\]\s+", words.text)
    if box is None or (box.end() == len(words.text) and len(first.inlines) == 1):
        return item
    shown = Text(("☐ " if box[1] == " " else "☑ ") + words.text[box.end() :])
    return (replace(first, inlines=(shown, *first.inlines[1:])), *item[1:])


def with_captions(blocks: Blocks) -> Blocks:
    """A paragraph `Fig. 3: …` right below a picture without a caption is its caption; `: …` below a table loses its sign."""
    result: list[Block] = []
    for block in blocks:
        before = result[-1] if result else None
        if (
            isinstance(block, Paragraph)
            and isinstance(before, Figure)
            and not before.caption
            and before.audiences == block.audiences
            and CAPTION.match(plain(block.inlines))
        ):
            result[-1] = Figure(
                place=before.place,
                audiences=before.audiences,
                picture=before.picture,
                caption=block.inlines,
                credit=before.credit,
            )
        elif isinstance(block, Paragraph) and isinstance(before, Table) and (words := _table_caption(block)):
            result.append(replace(block, inlines=words))
        else:
            result.append(block)
    return tuple(result)


def _table_caption(block: Paragraph) -> Inlines:
    """The words of Pandoc's `: Caption` and `Table: Caption` below a table; none where it is no caption."""
    first, *rest = block.inlines
    found = re.match(r"(?:Table)?:\s+", first.text) if isinstance(first, Text) else None
    return (Text(first.text[found.end() :]), *rest) if found and isinstance(first, Text) else ()
