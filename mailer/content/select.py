"""Who sees what: the blocks for some readers, with nothing empty left behind and footnotes that still point right."""

from collections.abc import Callable
from dataclasses import replace

from mailer.content.issue import (
    Block,
    Blocks,
    Columns,
    Definitions,
    Event,
    FootnoteRef,
    Footnotes,
    Heading,
    Inline,
    Issue,
    List,
    Note,
    Quote,
)
from mailer.content.numbering import numbered
from mailer.content.walk import all_inlines, changed_blocks


def select(issue: Issue, audiences: frozenset[str]) -> Blocks:
    """The blocks for a reader in these audiences; no audience at all leaves what is for everybody.

    Blocks for others are dropped wherever they stand; then containers and headings that lost all their content; then
    the footnotes that nobody refers to any more, and the others are numbered anew; so are the formulas.
    """
    left = _footnotes_renumbered(kept(issue.blocks, lambda block: block if block.is_for(audiences) else None))
    return numbered(left) if "\\label" in issue.text else left


# --- what is left -----------------------------------------------------------------------------------------------------


def kept(blocks: Blocks, wanted: Callable[[Block], Block | None]) -> Blocks:
    """The blocks as `wanted` gives them back, those in others too, without what has nothing left in it.

    Args:
        wanted: the block, perhaps changed, or None where it is to be left out.
    """
    pairs = [(block, _reduced(found, wanted) if (found := wanted(block)) is not None else None) for block in blocks]
    return tuple(
        after
        for index, (_, after) in enumerate(pairs)
        if after is not None and not (isinstance(after, Heading) and _lost_its_content(pairs[index + 1 :], after.level))
    )


def _lost_its_content(following: list[tuple[Block, Block | None]], level: int) -> bool:
    """Whether the heading had content and none of it is left; a heading that never had any stays as it was written."""
    had = False
    for before, after in following:
        if isinstance(before, Footnotes) or (isinstance(before, Heading) and before.level <= level):
            break
        if isinstance(before, Heading):
            continue
        if after is not None:
            return False
        had = True
    return had


def _reduced(block: Block, wanted: Callable[[Block], Block | None]) -> Block | None:
    """The block without what is not wanted in it; None where nothing is left of it."""

    def runs(items: tuple[Blocks, ...]) -> tuple[Blocks, ...]:
        left = ((run, kept(run, wanted)) for run in items)
        return tuple(after for before, after in left if after or not before)

    def inner(blocks: Blocks) -> Blocks:
        return kept(blocks, wanted)

    # Each inner run once: twice on every level is a million times on twenty.
    left: Block
    match block:
        case List():
            left = replace(block, items=runs(block.items))
            empty = not left.items
        case Columns():
            left = replace(block, columns=runs(block.columns))
            empty = not left.columns
        case Quote() | Note():
            left = replace(block, blocks=inner(block.blocks))
            empty = not left.blocks
        case Definitions():
            pairs = tuple((term, runs(described), not described) for term, described in block.items)
            items = tuple((term, described) for term, described, never in pairs if described or never)
            left, empty = replace(block, items=items), not items
        case Event():
            return replace(block, blocks=inner(block.blocks))
        case Footnotes():
            return replace(block, items=tuple(inner(run) for run in block.items))
        case _:
            return block
    return None if empty and left != block else left


# --- footnotes ----------------------------------------------------------------------------------------------------------


def _footnotes_renumbered(blocks: Blocks) -> Blocks:
    notes = next((block for block in blocks if isinstance(block, Footnotes)), None)
    if notes is None:
        return blocks
    body = tuple(block for block in blocks if not isinstance(block, Footnotes))
    order = _references(body, len(notes.items))
    for number in order:  # a footnote may refer to another: the list grows while it is gone through
        order.extend(new for new in _references(notes.items[number - 1], len(notes.items)) if new not in order)
    new_number = {old: new for new, old in enumerate(order, 1)}

    def renumbered(inline: Inline) -> Inline:
        if isinstance(inline, FootnoteRef):
            return FootnoteRef(new_number.get(inline.number, inline.number))
        return inline

    body = changed_blocks(body, renumbered)
    if not order:
        return body
    items = tuple(changed_blocks(notes.items[old - 1], renumbered) for old in order)
    return (*body, replace(notes, items=items))


def _references(blocks: Blocks, count: int) -> list[int]:
    """The numbers of the footnotes referred to, in the order of their first reference."""
    numbers = (inline.number for _, inline in all_inlines(blocks) if isinstance(inline, FootnoteRef))
    return list(dict.fromkeys(number for number in numbers if 1 <= number <= count))
