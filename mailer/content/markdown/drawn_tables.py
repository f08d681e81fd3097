"""Tables that Pandoc draws with dashes and plus signs become tables with bars, as Word's documents come out of it.

The rows of such a table may take several lines each. The table keeps its first line and as many lines as before; what
its rows leave over is empty.
"""

import re
from collections.abc import Iterable
from typing import Final

_CODE: Final = re.compile(r"[ \t>]*(`{3,}|~{3,})")
_GRID: Final = re.compile(r" {0,3}\+(?:[-=:]+\+)+\s*$")
_DASHES: Final = re.compile(r"\s*-{2,}(?:\s+-{2,})+\s*$")
_EDGE: Final = re.compile(r" {0,3}-{10,}\s*$")
LIMIT_LINES: Final = 400
"""How long a table is at most: what is longer is none."""


def ours(lines: list[str]) -> None:
    """Rewrites the tables in place."""
    index, fence = 0, ""
    while index < len(lines):
        code = _CODE.match(lines[index])
        if code and (not fence or code[1].startswith(fence)):
            fence = "" if fence else code[1]
        found = None if fence or code else _table(lines, index)
        if found is None:
            index += 1
        else:
            end, rows = found
            if rows:
                lines[index:end] = [*rows, *[""] * (end - index - len(rows))]
            index = end


def _table(lines: list[str], start: int) -> tuple[int, list[str]] | None:
    """Where what begins on that line ends, and its rows with bars, none where it is no table after all; None: nothing begins."""
    line = lines[start]
    if _GRID.match(line):
        found = _grid(lines, start)
    elif start and lines[start - 1].strip():
        return None  # within a paragraph
    elif _EDGE.match(line) or _DASHES.match(line):
        found = _between_edges(lines, start)
    elif line.strip() and start + 1 < len(lines) and _DASHES.match(lines[start + 1]):
        found = _simple(lines, start)
    else:
        return None
    return found if found is None or len(found[1]) <= found[0] - start else None


def _grid(lines: list[str], start: int) -> tuple[int, list[str]] | None:
    """A table drawn with plus signs; what is none is gone on with at its last edge, so that no line is looked at again and again."""
    edges = [at for at, sign in enumerate(lines[start]) if sign == "+"]
    cuts = list(zip((edge + 1 for edge in edges), edges[1:], strict=False))
    rows: list[list[str]] = []
    parts: list[str] = []
    head, last, end = 0, start, start + 1
    while end < len(lines) and lines[end].lstrip().startswith(("+", "|")):
        if _GRID.match(lines[end]):
            if not parts:
                return end, []  # a row has a line
            rows.append(_cells(parts, cuts))
            parts, last = [], end
            head = len(rows) if "=" in lines[end] else head
        else:
            parts.append(lines[end])
            if any(lines[end][edge : edge + 1] != "|" for edge in edges):
                break  # a cell is wider than it is drawn, or spans two columns
        end += 1
    if parts or not rows:
        return (last if last > start else end), []
    return end, _with_bars(rows, ["---"] * len(cuts), head=bool(head))


def _between_edges(lines: list[str], start: int) -> tuple[int, list[str]] | None:
    """A table between two lines of dashes: rows on one line each, or on several with empty lines between them."""
    last = min(len(lines), start + LIMIT_LINES)
    ruled = next((at for at in range(start, min(last, start + 8)) if _DASHES.match(lines[at])), None)
    if ruled is None:
        return None
    end = next(
        (
            at
            for at in range(ruled + 1, last)
            if (_EDGE.match(lines[at]) or _DASHES.match(lines[at]))
            and (at + 1 == len(lines) or not lines[at + 1].strip())
        ),
        None,
    )
    if end is None or any(not line.strip() for line in lines[start:ruled]):
        return None
    cuts = _cuts(lines[ruled])
    body = lines[ruled + 1 : end]
    if _across([*lines[start + 1 : ruled], *body], cuts):
        return None
    groups: list[list[str]] = [[]]
    several = any(not line.strip() for line in body)
    for line in body:
        if several and line.strip():
            groups[-1].append(line)
        elif several:
            groups.append([])
        else:
            groups.append([line])
    above = lines[start + 1 : ruled]
    rows = [_cells(group, cuts) for group in groups if group]
    head = [_cells(above, cuts)] if above else []
    return end + 1, _with_bars([*head, *rows], _alignments(above, lines[ruled]), head=bool(head))


def _simple(lines: list[str], start: int) -> tuple[int, list[str]] | None:
    cuts = _cuts(lines[start + 1])
    end = start + 2
    while end < len(lines) and lines[end].strip() and not _DASHES.match(lines[end]):
        end += 1
    if end == start + 2 or end - start > LIMIT_LINES or _across([lines[start], *lines[start + 2 : end]], cuts):
        return None
    rows = [_cells([line], cuts) for line in (lines[start], *lines[start + 2 : end])]
    end += end < len(lines) and bool(_DASHES.match(lines[end]))
    return end, _with_bars(rows, _alignments(lines[start : start + 1], lines[start + 1]), head=True)


def _cuts(ruled: str) -> list[tuple[int, int]]:
    starts = [found.start() for found in re.finditer(r"-+", ruled)]
    return list(zip((0, *starts[1:]), (*starts[1:], 100_000), strict=True))


def _across(lines: list[str], cuts: list[tuple[int, int]]) -> bool:
    """Whether a word stands across the place where two columns meet: then it is no table."""
    return any(re.match(r"\S\S", line[first - 1 : first + 1]) for line in lines for first, _ in cuts[1:])


def _cells(parts: list[str], cuts: list[tuple[int, int]]) -> list[str]:
    return [" ".join(" ".join(line[first:last] for line in parts).split()).strip("\\ ") for first, last in cuts]


def _alignments(head: list[str], ruled: str) -> list[str]:
    """As Pandoc tells it by where the head stands above its dashes."""
    found = []
    for run in re.finditer(r"-+", ruled):
        above = [line[run.start() : run.end()] for line in head if line[run.start() : run.end()].strip()]
        left = any(not part.startswith(" ") for part in above)
        right = any(len(part) == run.end() - run.start() and not part.endswith(" ") for part in above)
        found.append("---:" if right and not left else "---" if left or not above else ":---:")
    return found


def _with_bars(rows: list[list[str]], alignments: Iterable[str], *, head: bool) -> list[str]:
    aligned = list(alignments)
    first, rest = (rows[0], rows[1:]) if head else ([""] * len(aligned), rows)
    return [_row(first), _row(aligned), *map(_row, rest)]


def _row(cells: list[str]) -> str:
    kept = (re.sub(r"(?<!\\)\|", r"\\|", cell) for cell in cells)
    return f"| {' | '.join(kept)} |"
