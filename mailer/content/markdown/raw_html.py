"""Blocks of HTML become blocks of ours; Markdown that stands between their tags goes where it stands.

The pieces come one after the other, as Markdown cuts them: `<div>` in one, `</div>` some paragraphs later in another.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from mailer.content.formulas.marks import HTML_FORMULA
from mailer.content.issue import (
    Align,
    Block,
    Blocks,
    CodeBlock,
    Definitions,
    Figure,
    Formula,
    Heading,
    Inline,
    Inlines,
    LineBreak,
    List,
    Paragraph,
    Picture,
    Place,
    Quote,
    Rule,
    Span,
    Table,
    Text,
)
from mailer.content.markdown.attributes import name_what_goes
from mailer.content.markdown.grammar import MAX_NESTING
from mailer.content.markdown.html_tags import DROPPED_WHOLE, VOID, HtmlEvent, html_events
from mailer.content.markdown.inlines import (
    Frame,
    checked_field,
    foreign,
    inline_element,
    inlines_of_text,
    joined,
    trimmed,
    void_element,
)
from mailer.content.plain import anchor_for, plain
from mailer.content.reading import Reading
from mailer.content.walk import all_blocks, inlines_of

_AS_MARKDOWN: Final = frozenset({"1", "block", "span"})
"""How kramdown and PHP Markdown say that an element holds Markdown."""
_LITERAL: Final = re.compile(r"\*\*[^*\s](?:[^*\n]*[^*\s])?\*\*|!?\[[^\]\n]+\]\([^)\s]+\)")
_SPACES: Final = re.compile(r"[ \t\n\r\f]+")
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_ALIGN: Final[Mapping[str, Align]] = {"left": "left", "center": "center", "right": "right"}


@dataclass(frozen=True, slots=True)
class _Part:
    """What only means something to the element around it: an item, a row, a cell, a caption, a term."""

    tag: str
    blocks: Blocks
    parts: tuple["_Part", ...] = ()
    align: str = ""
    columns: int = 1
    rows: int = 1
    """How many of a table's it spans."""


@dataclass(slots=True)
class _Element:
    tag: str
    place: Place
    attributes: Mapping[str, str] = field(default_factory=dict)
    content: list["Block | Inline | _Part"] = field(default_factory=list)


_BLOCK_TAGS: Final = frozenset({
    "p", "div", "section", "article", "header", "footer", "main", "aside", "nav", "center", "h1", "h2", "h3", "h4", "h5",
    "h6", "blockquote", "ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tfoot", "tr", "td", "th",
    "figure", "figcaption", "pre", "details", "summary", "address", "caption", "menu", "body", "html", "hgroup",
})  # fmt: skip
_CLOSED_BY: Final = {
    "li": {"li"},
    "dt": {"dt", "dd"},
    "dd": {"dt", "dd"},
    "tr": {"tr", "td", "th"},
    "td": {"td", "th"},
    "th": {"td", "th"},
}
_FIELD: Final = re.compile(r"(\{\{.*?\}\}|\{%.*?%\})", re.DOTALL)


class Flow:
    """Gathers a run of blocks, through which elements of HTML may open and close."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._open = [_Element("", reading.place(1))]
        self._settled = 0

    def add(self, *blocks: Block) -> None:
        """Adds blocks of Markdown where the run stands."""
        self._open[-1].content.extend(blocks)

    def html(self, text: str, line: int) -> None:
        """Adds a piece of HTML that begins at `line` (from 1)."""
        for event in html_events(text):
            place = self._reading.place(line + event.line, self._reading.column_of("<" + event.tag, line + event.line))
            name_what_goes(self._reading, event, place)
            if event.kind == "text":
                self._text(event.text, place)
            elif event.kind == "close":
                self._close(event.tag)
            elif event.tag == "hr":
                self.add(Rule(place=place, audiences=self._reading.audiences))
            elif event.tag in VOID:
                self._open[-1].content.extend(void_element(self._reading, event, place))
            else:
                self._start(event, place)
        if len(self._open) == 1:  # loose words at the top end with their piece
            root, count = self._open[0], self._settled
            tail = _Element("", self._reading.place(line), content=root.content[count:])
            root.content[count:] = self._contents(tail)
            self._settled = len(root.content)

    def finish(self) -> Blocks:
        """The blocks of the run; elements that are still open end here."""
        while len(self._open) > 1:
            self._pop()
        return self._blocks_of(self._open[0])

    def _text(self, text: str, place: Place) -> None:
        if self._open[-1].tag in DROPPED_WHOLE:
            return
        keep = any(element.tag == "pre" for element in self._open)
        for piece in _FIELD.split(text):
            if piece.startswith("{{") and len(piece) >= 4 and piece.endswith("}}"):
                found = checked_field(self._reading, piece[2:-2].strip(), place)
                self._open[-1].content.extend([found] if found else [])
            elif piece.startswith("{%") and len(piece) >= 4:
                foreign(self._reading, "{%", piece[2:-2].strip(), place)
            elif self._open[-1].attributes.get("markdown") in _AS_MARKDOWN and piece.strip():
                words = inlines_of_text(self._reading, piece, place.line)
                self._open[-1].content.extend(words)
            elif keep or any(element.tag in {"code", "tt"} for element in self._open):
                self._open[-1].content.extend([Text(piece if keep else _SPACES.sub(" ", piece))] if piece else [])
            else:
                self._name_markdown(piece, place)
                self._open[-1].content.extend(self._with_formulas(piece, place))

    def _name_markdown(self, text: str, place: Place) -> None:
        if found := _LITERAL.search(text):
            shown = found[0] if len(found[0]) <= 40 else found[0][:37] + "..."
            line = place.line + text.count("\n", 0, found.start())
            at = self._reading.place(line, self._reading.column_of(found[0], line))
            message = f"{shown} stands in HTML and is shown as it is written; leave a line empty before it"
            self._reading.warn(at, "markdown-in-html", message)

    def _with_formulas(self, text: str, place: Place) -> Iterator[Inline]:
        """The words with the formulas that MathJax would set among them."""
        at = 0
        for found in HTML_FORMULA.finditer(text):
            if before := text[at : found.start()]:
                yield Text(_SPACES.sub(" ", before))
            line = place.line + text.count("\n", 0, found.start())
            where = self._reading.place(line, self._reading.column_of(found[0].split("\n")[0], line))
            tex = self._reading.tex(next(filter(None, found.groups())).strip(), where)
            yield Formula(tex, display=found[0][:2] in {"$$", "\\["}, place=where)
            at = found.end()
        if text[at:]:
            yield Text(_SPACES.sub(" ", text[at:]))

    def _start(self, event: HtmlEvent, place: Place) -> None:
        closing = _CLOSED_BY.get(event.tag, {"p"} if event.tag in _BLOCK_TAGS else set())
        for index in range(len(self._open) - 1, 0, -1):
            if self._open[index].tag in closing:
                del_to = index
                while len(self._open) > del_to:
                    self._pop()
                if event.tag != "tr":
                    break
            elif self._open[index].tag in {"table", "ul", "ol", "dl"}:
                break
        if len(self._open) < MAX_NESTING:
            self._open.append(_Element(event.tag, place, event.attributes))

    def _close(self, tag: str) -> None:
        if any(element.tag == tag for element in self._open[1:]):
            while self._open[-1].tag != tag:
                self._pop()
            self._pop()

    def _pop(self) -> None:
        element = self._open.pop()
        self._open[-1].content.extend(self._closed(element))

    # --- what an element becomes ---

    def _closed(self, element: _Element) -> list["Block | Inline | _Part"]:
        tag = element.tag
        if tag in {"li", "dt", "dd", "td", "th", "tr", "figcaption", "caption"}:
            parts = tuple(part for part in element.content if isinstance(part, _Part))
            align = element.attributes.get("align", "")
            columns, rows = (_span(element.attributes.get(name, "")) for name in ("colspan", "rowspan"))
            return [_Part(tag, self._blocks_of(element), parts, align, columns, rows)]
        if tag in _HEADINGS or tag in {"pre", "table", "figure", "blockquote", "ul", "ol"}:
            return list(self._block(element))
        if tag == "dl":
            return list(self._definitions(element))
        if tag in _BLOCK_TAGS or tag in {"details", "summary"}:
            if tag == "summary":
                return list(self._paragraph([Span("strong", self._inlines_of(element))], element.place))
            return list(self._contents(element))
        return self._inline(element)

    def _inline(self, element: _Element) -> list["Block | Inline | _Part"]:
        if any(not isinstance(part, Inline) for part in element.content) and element.tag not in DROPPED_WHOLE:
            return list(element.content)
        children = [part for part in element.content if isinstance(part, Inline)]
        frame = Frame(element.tag, element.place, markdown=False, attributes=element.attributes, children=children)
        return list(inline_element(self._reading, frame, outer={outer.tag for outer in self._open}))

    def _block(self, element: _Element) -> Blocks:  # noqa: PLR0911  # one for each tag
        tag, place, audiences = element.tag, element.place, self._reading.audiences
        if tag in _HEADINGS:
            inlines = self._inlines_of(element)
            anchor = anchor_for(plain(inlines), self._reading.anchors)
            return (
                (Heading(place=place, audiences=audiences, level=int(tag[1]), inlines=inlines, anchor=anchor),)
                if inlines
                else ()
            )
        if tag == "pre":
            return (
                CodeBlock(
                    place=place, audiences=audiences, text=plain(self._inlines_of(element, strip=False)).strip("\n")
                ),
            )
        if tag == "table":
            return self._table(element)
        if tag == "figure":
            return self._figure(element)
        blocks = self._blocks_of(element)
        if tag == "blockquote":
            return (Quote(place=place, audiences=audiences, blocks=blocks),) if blocks else ()
        if tag in {"ul", "ol"}:
            items = tuple(part.blocks for part in element.content if isinstance(part, _Part) and part.tag == "li")
            start = element.attributes.get("start", "1")
            first = int(start) if start.isascii() and start.isdigit() and len(start) < 10 else 1
            return (
                (List(place=place, audiences=audiences, items=items, start=first if tag == "ol" else None),)
                if items
                else blocks
            )
        return blocks

    def _definitions(self, element: _Element) -> Blocks:
        items: list[tuple[Inlines, tuple[Blocks, ...]]] = []
        for part in element.content:
            if isinstance(part, _Part) and part.tag == "dt":
                items.append((_flattened(part.blocks), ()))
            elif isinstance(part, _Part) and part.tag == "dd":
                term, described = items.pop() if items else ((), ())
                items.append((term, (*described, part.blocks)))
        return (
            (Definitions(place=element.place, audiences=self._reading.audiences, items=tuple(items)),) if items else ()
        )

    def _figure(self, element: _Element) -> Blocks:
        caption = next(
            (part.blocks for part in element.content if isinstance(part, _Part) and part.tag == "figcaption"), ()
        )
        rest = self._blocks_of(element)
        pictures = [block for block in rest if isinstance(block, Figure)]
        if len(pictures) != 1 or len(rest) != 1:
            return (*rest, *caption)
        return (
            Figure(
                place=element.place,
                audiences=self._reading.audiences,
                picture=pictures[0].picture,
                caption=_flattened(caption),
            ),
        )

    def _table(self, element: _Element) -> Blocks:
        parts = [part for part in element.content if isinstance(part, _Part)]
        rows = [tuple(cell for cell in row.parts if cell.tag in {"td", "th"}) for row in parts if row.tag == "tr"]
        rows = _laid_out([row for row in rows if row])
        captions = tuple(block for part in parts if part.tag == "caption" for block in part.blocks)
        width = max((len(row) for row in rows), default=0)
        if not rows:
            return captions
        holds_blocks = any(not isinstance(block, Paragraph) for row in rows for cell in row for block in cell.blocks)
        has_head = bool(rows) and all(cell.tag == "th" for cell in rows[0])
        if width == 1 or (holds_blocks and not has_head):  # a table for layout: what it holds, one after the other
            return (*captions, *(block for row in rows for cell in row for block in cell.blocks))
        head = rows.pop(0) if has_head else ()
        align: list[Align] = [_ALIGN.get(cell.align, "") for cell in (head or rows[0])]
        align.extend([""] * (width - len(align)))
        table = Table(
            place=element.place,
            audiences=self._reading.audiences,
            align=tuple(align),
            head=_cells(head, width),
            rows=tuple(_cells(row, width) for row in rows),
        )
        return (*captions, table)

    # --- what stands in an element ---

    def _blocks_of(self, element: _Element) -> Blocks:
        """The blocks in an element; loose inlines become paragraphs."""
        return tuple(part for part in self._contents(element) if isinstance(part, Block))

    def _contents(self, element: _Element) -> list["Block | _Part"]:
        result: list[Block | _Part] = []
        loose: list[Inline] = []
        for part in [*element.content, None]:
            if part is not None and isinstance(part, Inline):
                loose.append(part)
                continue
            result.extend(self._paragraph(loose, element.place))
            loose = []
            if isinstance(part, Block | _Part):
                result.append(part)
        return result

    def _paragraph(self, loose: list[Inline], place: Place) -> Blocks:
        inlines = trimmed(joined(loose))
        if not inlines:
            return ()
        place = next((part.place for part in inlines if isinstance(part, Picture)), place)
        if len(inlines) == 1 and isinstance(inlines[0], Picture):
            return (Figure(place=place, audiences=self._reading.audiences, picture=inlines[0]),)
        return (Paragraph(place=place, audiences=self._reading.audiences, inlines=inlines),)

    def _inlines_of(self, element: _Element, *, strip: bool = True) -> Inlines:
        loose: list[Inline] = []
        for part in element.content:
            if isinstance(part, Block):
                loose.extend((*_flattened((part,)), Text(" ")))
            elif isinstance(part, Inline):
                loose.append(part)
        return trimmed(joined(loose)) if strip else joined(loose)


def _span(written: str) -> int:
    return min(int(written), 20) if written.isascii() and written.isdigit() and len(written) < 4 and int(written) else 1


def _laid_out(rows: list[tuple[_Part, ...]]) -> list[tuple[_Part, ...]]:
    """The rows with an empty cell wherever one spans more than its own place, so that what follows stays in its column."""
    result: list[tuple[_Part, ...]] = []
    reaching: dict[int, int] = {}  # for each column: how many rows below this one a cell above still covers
    for row in rows:
        cells: list[_Part] = []
        waiting = list(row)
        covered, reaching = reaching, {column: left - 1 for column, left in reaching.items() if left > 1}
        while waiting or any(column >= len(cells) for column in covered):
            if len(cells) in covered or not waiting:
                cells.append(_Part(row[0].tag if all(cell.tag == "th" for cell in row) else "td", ()))
                continue
            cell = waiting.pop(0)
            reaching |= {len(cells) + n: cell.rows - 1 for n in range(cell.columns) if cell.rows > 1}
            cells += [cell, *(_Part(cell.tag, ()) for _ in range(cell.columns - 1))]
        result.append(tuple(cells))
    return result


def _cells(row: tuple[_Part, ...], width: int) -> tuple[Inlines, ...]:
    """The cells of a row, filled up to the table's width; no cells at all for a table without a head."""
    return (*(_in_cell(cell.blocks) for cell in row), *(() for _ in range(width - len(row)))) if row else ()


def _in_cell(blocks: Blocks) -> Inlines:
    """What stands in a cell: its blocks below one another, the items of a list each with a sign."""
    lines: list[Inlines] = []
    for block in blocks:
        if isinstance(block, List):
            lines += [joined([Text("• "), *_flattened(item)]) for item in block.items]
        elif words := _flattened((block,)):
            lines.append(words)
    return joined([part for line in lines for part in (*line, LineBreak())][:-1])


def _flattened(blocks: Blocks) -> Inlines:
    """The running text of blocks, one after the other."""
    result: list[Inline] = []
    for block in all_blocks(blocks):
        for run in inlines_of(block):
            if run:
                result.extend((*([Text(" ")] if result else []), *run))
    return joined(result)
