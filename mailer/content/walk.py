"""Going through an issue: every block, every inline, and the same tree with some inlines changed."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from mailer.content.issue import (
    Block,
    Blocks,
    Button,
    Columns,
    Definitions,
    DisplayFormula,
    Event,
    Figure,
    Footnotes,
    Formula,
    Heading,
    Inline,
    Inlines,
    Link,
    List,
    Note,
    Paragraph,
    People,
    Publications,
    Quote,
    Span,
    Table,
)


def children_of(block: Block) -> tuple[Blocks, ...]:
    """The runs of blocks that stand in a block."""
    match block:
        case List(items=items) | Footnotes(items=items):
            return items
        case Quote(blocks=blocks) | Note(blocks=blocks) | Event(blocks=blocks):
            return (blocks,)
        case Columns(columns=columns):
            return columns
        case Definitions(items=pairs):
            return tuple(blocks for _, descriptions in pairs for blocks in descriptions)
        case _:
            return ()


def all_blocks(blocks: Blocks) -> Iterator[Block]:
    """Every block, those inside others too, in the order of the source."""
    for block in blocks:
        yield block
        for run in children_of(block):
            yield from all_blocks(run)


def inlines_of(block: Block) -> tuple[Inlines, ...]:  # noqa: C901, PLR0911  # one case a shape
    """The runs of inlines that a block holds itself, without those of the blocks in it."""
    match block:
        case Heading(inlines=inlines) | Paragraph(inlines=inlines):
            return (inlines,)
        case Table(head=head, rows=rows):
            return (*head, *(cell for row in rows for cell in row))
        case Figure(picture=picture, caption=caption, credit=credit):
            return ((picture,), caption, credit)
        case Button(label=label):
            return (label,)
        case Event(title=title, where=where):
            return (title, where)
        case Note(title=title):
            return (title,)
        case Quote(source=source):
            return (source,)
        case Definitions(items=pairs):
            return tuple(term for term, _ in pairs)
        case DisplayFormula(formula=formula):
            return ((formula,),)
        case People(groups=groups):
            named = ((person.name, person.affiliation, person.role) for _, people in groups for person in people)
            return (*(heading for heading, _ in groups), *(run for runs in named for run in runs))
        case Publications(groups=lists):
            return tuple(
                run
                for _, entries in lists
                for entry in entries
                for run in ((entry.cited,) if entry.cited else (entry.authors, entry.title, entry.venue))
            )
        case _:
            return ()


def in_inlines(inlines: Inlines) -> Iterator[Inline]:
    """Every inline, those inside spans and links too."""
    for inline in inlines:
        yield inline
        if isinstance(inline, Span | Link):
            yield from in_inlines(inline.children)


def all_inlines(blocks: Blocks) -> Iterator[tuple[Block, Inline]]:
    """Every inline of the blocks, with the block in which it stands."""
    for block in all_blocks(blocks):
        for run in inlines_of(block):
            for inline in in_inlines(run):
                yield block, inline


Change = Callable[[Inline], Inline]


def changed_inlines(inlines: Inlines, change: Change) -> Inlines:
    """The same inlines, each leaf as `change` gives it back."""
    return tuple(
        replace(inline, children=changed_inlines(inline.children, change))
        if isinstance(inline, Span | Link)
        else change(inline)
        for inline in inlines
    )


def changed_blocks(blocks: Blocks, change: Change) -> Blocks:
    """The same blocks, with every leaf of running text as `change` gives it back (people and publications stay)."""
    return tuple(_changed(block, change) for block in blocks)


def _changed(block: Block, change: Change) -> Block:  # noqa: C901, PLR0911  # one case a shape
    def runs(items: tuple[Blocks, ...]) -> tuple[Blocks, ...]:
        return tuple(changed_blocks(item, change) for item in items)

    def text(inlines: Inlines) -> Inlines:
        return changed_inlines(inlines, change)

    match block:
        case Heading() | Paragraph():
            return replace(block, inlines=text(block.inlines))
        case DisplayFormula():
            formula = change(block.formula)
            return replace(block, formula=formula) if isinstance(formula, Formula) else block
        case List() | Footnotes():
            return replace(block, items=runs(block.items))
        case Columns():
            return replace(block, columns=runs(block.columns))
        case Quote():
            return replace(block, blocks=changed_blocks(block.blocks, change), source=text(block.source))
        case Note():
            return replace(block, blocks=changed_blocks(block.blocks, change), title=text(block.title))
        case Event():
            blocks = changed_blocks(block.blocks, change)
            return replace(block, blocks=blocks, title=text(block.title), where=text(block.where))
        case Definitions():
            return replace(block, items=tuple((text(term), runs(described)) for term, described in block.items))
        case Table():
            rows = tuple(tuple(text(cell) for cell in row) for row in block.rows)
            return replace(block, head=tuple(text(cell) for cell in block.head), rows=rows)
        case Figure():
            return replace(block, caption=text(block.caption), credit=text(block.credit))
        case Button():
            return replace(block, label=text(block.label))
        case _:
            return block
