"""Tables of HTML: cells that span several places, and what stands in a cell."""

from dataclasses import dataclass

from mailer.content.issue import Blocks, Inline, Inlines, LineBreak, List, Text
from mailer.content.runs import joined
from mailer.content.walk import all_blocks, inlines_of


@dataclass(frozen=True, slots=True)
class Part:
    """What only means something to the element around it: an item, a row, a cell, a caption, a term."""

    tag: str
    blocks: Blocks
    parts: tuple["Part", ...] = ()
    align: str = ""
    columns: int = 1
    rows: int = 1
    """How many of a table's it spans."""


def span(written: str) -> int:
    """How many places a cell takes; one where the attribute says nothing that can be."""
    return min(int(written), 20) if written.isascii() and written.isdigit() and len(written) < 4 and int(written) else 1


def laid_out(rows: list[tuple[Part, ...]]) -> list[tuple[Part, ...]]:
    """The rows with an empty cell wherever one spans more than its own place, so that what follows stays in its column."""
    result: list[tuple[Part, ...]] = []
    reaching: dict[int, int] = {}  # for each column: how many rows below this one a cell above still covers
    for row in rows:
        cells: list[Part] = []
        waiting = list(row)
        covered, reaching = reaching, {column: left - 1 for column, left in reaching.items() if left > 1}
        while waiting or any(column >= len(cells) for column in covered):
            if len(cells) in covered or not waiting:
                cells.append(Part(row[0].tag if all(cell.tag == "th" for cell in row) else "td", ()))
                continue
            cell = waiting.pop(0)
            reaching |= {len(cells) + n: cell.rows - 1 for n in range(cell.columns) if cell.rows > 1}
            cells += [cell, *(Part(cell.tag, ()) for _ in range(cell.columns - 1))]
        result.append(tuple(cells))
    return result


def cells(row: tuple[Part, ...], width: int) -> tuple[Inlines, ...]:
    """The cells of a row, filled up to the table's width; no cells at all for a table without a head."""
    return (*(_in_cell(cell.blocks) for cell in row), *(() for _ in range(width - len(row)))) if row else ()


def _in_cell(blocks: Blocks) -> Inlines:
    """What stands in a cell: its blocks below one another, the items of a list each with a sign."""
    lines: list[Inlines] = []
    for block in blocks:
        if isinstance(block, List):
            lines += [joined([Text("• "), *flattened(item)]) for item in block.items]
        elif words := flattened((block,)):
            lines.append(words)
    return joined([part for line in lines for part in (*line, LineBreak())][:-1])


def flattened(blocks: Blocks) -> Inlines:
    """The running text of blocks, one after the other."""
    result: list[Inline] = []
    for block in all_blocks(blocks):
        for run in inlines_of(block):
            if run:
                result.extend((*([Text(" ")] if result else []), *run))
    return joined(result)
