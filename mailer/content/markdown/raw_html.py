"""Blocks of HTML become blocks of ours; Markdown that stands between their tags goes where it stands.

The pieces come one after the other, as Markdown cuts them: `<div>` in one, `</div>` some paragraphs later in another.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
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
from mailer.content.markdown.elements import Frame, inline_element, void_element
from mailer.content.markdown.grammar import MAX_NESTING
from mailer.content.markdown.html_tables import Part, cells, flattened, laid_out, span
from mailer.content.markdown.html_tags import BLOCK_TAGS, DROPPED_WHOLE, VOID, HtmlEvent, html_events
from mailer.content.markdown.inlines import checked_field, foreign, inlines_of_text
from mailer.content.plain import anchor_for, plain
from mailer.content.reading import Reading
from mailer.content.runs import joined, trimmed

_AS_MARKDOWN: Final = frozenset({"1", "block", "span"})
"""How kramdown and PHP Markdown say that an element holds Markdown."""
_LITERAL: Final = re.compile(r"\*\*[^*\s](?:[^*\n]*[^*\s])?\*\*|!?\[[^\]\n]+\]\([^)\s]+\)")
_SPACES: Final = re.compile(r"[ \t\n\r\f]+")
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_ALIGN: Final[Mapping[str, Align]] = {"left": "left", "center": "center", "right": "right"}


@dataclass(slots=True)
class _Element:
    tag: str
    place: Place
    attributes: Mapping[str, str] = field(default_factory=dict)
    content: list["Block | Inline | Part"] = field(default_factory=list)


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
        closing = _CLOSED_BY.get(event.tag, {"p"} if event.tag in BLOCK_TAGS else set())
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

    def _closed(self, element: _Element) -> list["Block | Inline | Part"]:
        tag = element.tag
        if tag in {"li", "dt", "dd", "td", "th", "tr", "figcaption", "caption"}:
            parts = tuple(part for part in element.content if isinstance(part, Part))
            align = element.attributes.get("align", "")
            columns, rows = (span(element.attributes.get(name, "")) for name in ("colspan", "rowspan"))
            return [Part(tag, self._blocks_of(element), parts, align, columns, rows)]
        if tag in _HEADINGS or tag in {"pre", "table", "figure", "blockquote", "ul", "ol"}:
            return list(self._block(element))
        if tag == "dl":
            return list(self._definitions(element))
        if tag in BLOCK_TAGS or tag in {"details", "summary"}:
            if tag == "summary":
                return list(self._paragraph([Span("strong", self._inlines_of(element))], element.place))
            return list(self._contents(element))
        return self._inline(element)

    def _inline(self, element: _Element) -> list["Block | Inline | Part"]:
        if any(not isinstance(part, Inline) for part in element.content) and element.tag not in DROPPED_WHOLE:
            return self._around_blocks(element)
        children = [part for part in element.content if isinstance(part, Inline)]
        frame = Frame(element.tag, element.place, markdown=False, attributes=element.attributes, children=children)
        return list(inline_element(self._reading, frame, outer={outer.tag for outer in self._open}))

    def _around_blocks(self, element: _Element) -> list["Block | Inline | Part"]:
        """What it holds; of a link around several blocks the first words, else the first picture, lead where it does."""
        if element.tag != "a" or not element.attributes.get("href"):
            return list(element.content)
        parts = self._contents(element)
        worded = (
            n for n, part in enumerate(parts) if isinstance(part, Paragraph | Heading) and plain(part.inlines).strip()
        )
        pictured = (n for n, part in enumerate(parts) if isinstance(part, Figure) and not part.caption)
        at = next(worded, next(pictured, None))
        if at is None:
            message = (
                f"the link to {element.attributes['href']} around a list or table is dropped; write it into the text"
            )
            self._reading.warn(element.place, "html-dropped", message)
            return list(parts)
        first = parts[at]
        assert isinstance(first, Paragraph | Heading | Figure)  # noqa: S101  # as it was chosen
        inside: Inlines = (first.picture,) if isinstance(first, Figure) else first.inlines
        frame = Frame("a", element.place, markdown=False, attributes=element.attributes, children=list(inside))
        linked = tuple(inline_element(self._reading, frame, outer={outer.tag for outer in self._open}))
        parts[at] = (
            Paragraph(place=first.place, audiences=first.audiences, inlines=linked)
            if isinstance(first, Figure)
            else replace(first, inlines=linked)
        )
        return list(parts)

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
            items = tuple(part.blocks for part in element.content if isinstance(part, Part) and part.tag == "li")
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
            if isinstance(part, Part) and part.tag == "dt":
                items.append((flattened(part.blocks), ()))
            elif isinstance(part, Part) and part.tag == "dd":
                term, described = items.pop() if items else ((), ())
                items.append((term, (*described, part.blocks)))
        return (
            (Definitions(place=element.place, audiences=self._reading.audiences, items=tuple(items)),) if items else ()
        )

    def _figure(self, element: _Element) -> Blocks:
        caption = next(
            (part.blocks for part in element.content if isinstance(part, Part) and part.tag == "figcaption"), ()
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
                caption=flattened(caption),
            ),
        )

    def _table(self, element: _Element) -> Blocks:
        parts = [part for part in element.content if isinstance(part, Part)]
        rows = [tuple(cell for cell in row.parts if cell.tag in {"td", "th"}) for row in parts if row.tag == "tr"]
        rows = laid_out([row for row in rows if row])
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
            head=cells(head, width),
            rows=tuple(cells(row, width) for row in rows),
        )
        return (*captions, table)

    # --- what stands in an element ---

    def _blocks_of(self, element: _Element) -> Blocks:
        """The blocks in an element; loose inlines become paragraphs."""
        return tuple(part for part in self._contents(element) if isinstance(part, Block))

    def _contents(self, element: _Element) -> list["Block | Part"]:
        result: list[Block | Part] = []
        loose: list[Inline] = []
        for part in [*element.content, None]:
            if part is not None and isinstance(part, Inline):
                loose.append(part)
                continue
            result.extend(self._paragraph(loose, element.place))
            loose = []
            if isinstance(part, Block | Part):
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
                loose.extend((*flattened((part,)), Text(" ")))
            elif isinstance(part, Inline):
                loose.append(part)
        return trimmed(joined(loose)) if strip else joined(loose)
