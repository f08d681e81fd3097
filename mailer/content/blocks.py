"""Block tokens become blocks."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from markdown_it.token import Token

from mailer.content.containers.given import ColumnBreak, Container
from mailer.content.containers.table import CONTAINERS, audience_slugs
from mailer.content.formulas.tags import without_tag
from mailer.content.issue import (
    Align,
    Block,
    Blocks,
    CodeBlock,
    Definitions,
    DisplayFormula,
    Figure,
    Footnotes,
    Formula,
    Heading,
    Inline,
    Inlines,
    List,
    Note,
    Paragraph,
    Picture,
    Place,
    Quote,
    Rule,
    Span,
    Table,
    Text,
)
from mailer.content.markdown.fences import Head
from mailer.content.markdown.grammar import MAX_NESTING, guard_bars
from mailer.content.markdown.inlines import inlines_of_text, inlines_of_token
from mailer.content.markdown.raw_html import Flow
from mailer.content.markdown.shapes import CAPTION, callout_title, with_box, with_captions
from mailer.content.plain import anchor_for, plain
from mailer.content.reading import Reading
from mailer.content.runs import joined, trimmed


@dataclass(slots=True)
class Node:
    """A token with the tokens between it and its closing one."""

    token: Token
    children: list["Node"] = field(default_factory=list)


def tree_of(tokens: list[Token]) -> list[Node]:
    """The tokens as a tree."""
    root: list[Node] = []
    levels = [root]
    for token in tokens:
        if token.nesting < 0:
            if len(levels) > 1:
                levels.pop()
            continue
        node = Node(token)
        levels[-1].append(node)
        if token.nesting > 0:
            levels.append(node.children)
    return root


def blocks_of_tokens(reading: Reading, tokens: list[Token]) -> Blocks:
    """The blocks of the main file, its footnotes last."""
    deepest = next((token for token in tokens if token.level >= MAX_NESTING - 1 and token.map), None)
    if deepest and deepest.map:
        message = f"more than {MAX_NESTING} lists, quotes or containers stand in one another; what is deeper, and what may follow it, is dropped; flatten it"
        reading.fault(reading.place(deepest.map[0] + 1), "nested-too-deep", message)
    builder = _Builder(reading)
    blocks = builder.run(tree_of(tokens))
    return (*blocks, *builder.footnotes())


class _Builder:
    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._notes: dict[str, tuple[Node, frozenset[str] | None]] = {}
        self._line = 1  # the last line seen, for tokens that know none
        self._makers: dict[str, Callable[[Node, Place], Blocks]] = {
            "paragraph_open": self._paragraph,
            "heading_open": self._heading,
            "bullet_list_open": self._list,
            "ordered_list_open": self._list,
            "blockquote_open": self._quote,
            "fence": self._code,
            "code_block": self._code,
            "math_block": self._formula,
            "math_block_label": self._formula,
            "amsmath": self._formula,
            "hr": self._rule,
            "table_open": self._table,
            "dl_open": self._definitions,
            "container_open": self._container,
            "column_break": self._column_break,
            "footnote_reference_open": self._footnote,
        }

    def run(self, nodes: list[Node]) -> Blocks:
        """The blocks of a run of nodes."""
        flow = Flow(self._reading)
        for node in nodes:
            if node.token.map:
                self._line = node.token.map[0] + 1
            if node.token.type == "html_block":
                flow.html(node.token.content, self._line)
            elif node.token.type == "fence" and self._is_html(node.token):
                flow.html(node.token.content, self._line + 1)
            elif maker := self._makers.get(node.token.type):
                flow.add(*maker(node, self._place(self._line)))
        return with_captions(flow.finish())

    def _is_html(self, token: Token) -> bool:
        """Whether a fence holds HTML: Franklin's `~~~`, and what Pandoc writes as {=html}."""
        info = token.info.strip()
        return info == "{=html}" or (self._reading.franklin and token.markup.startswith("~~~") and not info)

    def _place(self, line: int) -> Place:
        """The line, at its first character that is neither blank nor a quote's mark."""
        lines = self._reading.lines
        source = lines[line - 1] if 0 < line <= len(lines) else ""
        return self._reading.place(line, len(source) - len(source.lstrip(" \t>")) + 1 if source.strip(" \t>") else 1)

    def _inlines(self, node: Node, *, start: int = 0) -> Inlines:
        token = next((child.token for child in node.children if child.token.type == "inline"), None)
        if token is None:
            return ()
        line = token.map[0] + 1 if token.map else self._line
        return inlines_of_token(self._reading, token, line, start=start)

    # --- text ---

    def _paragraph(self, node: Node, place: Place) -> Blocks:
        inlines = trimmed(self._inlines(node))
        result: list[Block] = []
        run: list[Inline] = []
        for inline in inlines:
            if isinstance(inline, Formula) and inline.display:
                result.extend(self._text(run, place))
                run = []
                result.append(self._display(inline.tex, inline.place))
            else:
                run.append(inline)
        mark = re.fullmatch(r"\s*([.,;:])\s*", run[0].text) if len(run) == 1 and isinstance(run[0], Text) else None
        if mark and result and isinstance(last := result[-1], DisplayFormula):  # a formula that ends a sentence
            formula = Formula(last.formula.tex + mark[1], display=True, place=last.place, number=last.formula.number)
            result[-1] = DisplayFormula(place=last.place, audiences=last.audiences, formula=formula)
            return tuple(result)
        result.extend(self._text(run, place))
        return tuple(result)

    def _text(self, run: list[Inline], place: Place) -> Blocks:
        inlines = trimmed(joined(run))
        if not inlines:
            return ()
        audiences = self._reading.audiences
        if inlines and isinstance(picture := inlines[0], Picture) and CAPTION.match(plain(inlines[1:]).lstrip()):
            return (Figure(place=place, audiences=audiences, picture=picture, caption=trimmed(inlines[1:])),)
        if len(inlines) == 1 and isinstance(inlines[0], Picture):
            caption = inlines_of_text(self._reading, inlines[0].title, inlines[0].place.line)
            picture = replace(inlines[0], title="")
            return (Figure(place=place, audiences=audiences, picture=picture, caption=caption),)
        return (Paragraph(place=place, audiences=audiences, inlines=inlines),)

    def _heading(self, node: Node, place: Place) -> Blocks:
        inlines = trimmed(self._inlines(node))
        if len(inlines) == 1 and isinstance(whole := inlines[0], Span) and whole.kind == "strong":
            inlines = whole.children  # Google Docs makes every heading bold
        if not inlines:
            return ()
        anchor = anchor_for(plain(inlines), self._reading.anchors)
        level = int(node.token.tag[1])
        return (Heading(place=place, audiences=self._reading.audiences, level=level, inlines=inlines, anchor=anchor),)

    def _code(self, node: Node, place: Place) -> Blocks:
        info, text = node.token.info.strip(), node.token.content.rstrip("\n")
        language = info.split()[0].lower() if info else ""
        if language == "math" and text.strip():  # GitHub and GitLab
            return (self._display(text.strip(), self._reading.place(place.line + 1)),)
        if raw := re.fullmatch(r"\{=(\w+)\}", info):
            message = f"what is written for {raw[1]} is dropped; letters cannot show it"
            self._reading.warn(place, "code-dropped", message)
            return ()
        if chunk := re.fullmatch(r"\{\s*([A-Za-z][\w-]*)(.*)\}", info):  # a chunk of R Markdown
            language = chunk[1].lower()
            text, options = _without_options(text)
            if re.search(r"\b(?:echo|include)\s*[=:]\s*(?:FALSE|F|false)\b", f"{chunk[2]}\n{options}"):
                self._reading.warn(
                    place, "code-dropped", "this chunk is not to be shown and is dropped; put its result here"
                )
                return ()
            if caption := re.search(r"\bfig[-.]cap\s*[=:]\s*(\"[^\"]*\"|'[^']*'|[^,\n}]+)", f"{chunk[2]}\n{options}"):
                message = (
                    f"the figure that this chunk draws, {caption[1].strip()}, is not here; put the picture in its place"
                )
                self._reading.warn(place, "code-dropped", message)
        return (CodeBlock(place=place, audiences=self._reading.audiences, text=text, language=language),)

    def _formula(self, node: Node, place: Place) -> Blocks:
        token = node.token
        tex = token.content.strip()
        if not tex:
            return ()
        number = token.info if token.type == "math_block_label" else ""
        first = next((line for line in tex.split("\n") if line.strip()), "")
        for line in range(place.line, place.line + 3):
            column = self._reading.column_of(first, line)
            if column > 1 or self._reading.lines[line - 1 : line] == [first]:
                place = self._reading.place(line, column)
                break
        return (self._display(tex, place, number),)

    def _display(self, tex: str, place: Place, number: str = "") -> DisplayFormula:
        tex = self._reading.tex(tex, place)
        bare, tag = without_tag(tex) if "\\tag" in tex and "\\label" not in tex else (tex, "")
        formula = Formula(bare if tag else tex, display=True, place=place, number=tag or number)
        return DisplayFormula(place=place, audiences=self._reading.audiences, formula=formula)

    def _rule(self, _: Node, place: Place) -> Blocks:
        return (Rule(place=place, audiences=self._reading.audiences),)

    def _column_break(self, _: Node, place: Place) -> Blocks:
        return (ColumnBreak(place=place, audiences=self._reading.audiences),)

    # --- what holds blocks ---

    def _list(self, node: Node, place: Place) -> Blocks:
        items = tuple(with_box(self.run(item.children)) for item in node.children)
        ordered = node.token.type == "ordered_list_open"
        if not ordered and not any(items) and any(item.children for item in node.children):
            return ()  # what it held was another system's, and is named
        start = int(node.token.attrs.get("start", 1)) if ordered else None
        tight = all(
            child.token.hidden
            for item in node.children
            for child in item.children
            if child.token.type == "paragraph_open"
        )
        return (List(place=place, audiences=self._reading.audiences, items=items, start=start, tight=tight),)

    def _quote(self, node: Node, place: Place) -> Blocks:
        reading = self._reading
        first = node.children[0].children if node.children else []
        title = callout_title(
            next((part.token for part in first if part.token.type == "inline"), None), reading.language
        )
        blocks = self.run(node.children)
        if title is not None:
            words = inlines_of_text(reading, title, place.line)
            return (Note(place=place, audiences=self._reading.audiences, blocks=blocks, title=words),)
        return (Quote(place=place, audiences=self._reading.audiences, blocks=blocks),) if blocks else ()

    def _definitions(self, node: Node, place: Place) -> Blocks:
        items: list[tuple[Inlines, tuple[Blocks, ...]]] = []
        for child in node.children:
            if child.token.type == "dt_open":
                items.append((trimmed(self._inlines(child)), ()))
            elif items:
                term, described = items.pop()
                items.append((term, (*described, self.run(child.children))))
        return (Definitions(place=place, audiences=self._reading.audiences, items=tuple(items)),)

    def _table(self, node: Node, place: Place) -> Blocks:
        rows: list[tuple[Inlines, ...]] = []
        align: list[Align] = []
        for number, row in enumerate(row for part in node.children for row in part.children):
            line = row.token.map[0] + 1 if row.token.map else place.line + number + (1 if number else 0)
            self._line, start, cells = line, 0, []
            for cell in row.children:
                if number == 0:
                    align.append(_ALIGN.get(str(cell.token.attrs.get("style", "")), ""))
                content = cell.children[0].token.content if cell.children else ""
                start = max(self._reading.column_of(content, line, start) - 1, start)
                cells.append(trimmed(self._cell(cell, line, start)))
                start += len(content)
            self._too_many_cells(number, line, len(align))
            rows.append(tuple(cells))
        head = rows.pop(0) if rows else ()
        if not any(head):
            head = ()
        audiences = self._reading.audiences
        return (Table(place=place, audiences=audiences, align=tuple(align), head=head, rows=tuple(rows)),)

    def _too_many_cells(self, number: int, line: int, columns: int) -> None:
        """Cells beyond the head's are not shown, as everywhere: they are named."""
        source = guard_bars(self._reading.lines[line - 1]) if number and line <= len(self._reading.lines) else ""
        cells = re.split(r"(?<!\\)\|", source.strip().strip("|"))
        if len(cells) > columns and any(cell.strip() for cell in cells[columns:]):
            lost = " | ".join(cell.strip() for cell in cells[columns:])
            self._reading.fault(
                self._reading.place(line),
                "table-cells",
                f"the row has more cells than the head; {lost!r} is not shown; add a column, or write \\| for a bar",
            )

    def _cell(self, node: Node, line: int, start: int) -> Inlines:
        token = next((child.token for child in node.children if child.token.type == "inline"), None)
        return inlines_of_token(self._reading, token, line, start=start) if token else ()

    # --- containers and footnotes ---

    def _container(self, node: Node, place: Place) -> Blocks:
        token, reading = node.token, self._reading
        written, arguments = token.info, str(token.meta["arguments"])
        name = written.lower()
        if not token.meta["closed"]:
            reading.fault(
                place, "container-unclosed", f"::: {written} is not closed; end it with a line {token.markup}"
            )
        kind = CONTAINERS.get(name) or CONTAINERS.get(name.removeprefix("callout-"))
        if name == "column" and self._reading.env.get("within_columns"):
            return (ColumnBreak(place=place, audiences=self._reading.audiences), *self.run(node.children))
        if kind is None:
            known = ", ".join(sorted(CONTAINERS))
            reading.fault(
                place, "container-unknown", f"there is no container {written}; its text stays; known are {known}"
            )
            return self.run(node.children)
        head: Head = token.meta["head"]
        slugs = audience_slugs(arguments) if name == "audience" else None
        for slug in sorted(slugs or ()):
            column = reading.column_of(slug, place.line)
            reading.audience_uses.append((slug, reading.place(place.line, column)))
        if slugs:
            with reading.only_for(slugs):
                blocks = self.run(node.children)
        else:
            within = reading.env.get("within_columns", False)
            reading.env["within_columns"] = name == "columns" or (within and name == "column")
            blocks = self.run(node.children)
            reading.env["within_columns"] = within
        return kind.build(Container(reading, name, arguments, place, head, blocks))

    def _footnote(self, node: Node, place: Place) -> Blocks:
        label = str(node.token.meta["label"])
        if label in self._notes:
            message = f"the footnote {label} is written twice, the first one counts; give this one another name"
            self._reading.fault(place, "footnote-unused", message)
        else:
            self._notes[label] = (node, self._reading.audiences)
        return ()

    def footnotes(self) -> Blocks:
        """The footnotes in the order of their numbers; those that nobody refers to are named and dropped."""
        reading = self._reading
        listed = reading.env.get("footnotes", {}).get("list", {})
        items: list[Blocks] = []
        used: set[str] = set()
        place: Place | None = None
        for footnote_id in reading.footnote_ids:  # grows when a footnote refers to another
            entry = listed[footnote_id]
            label = entry.get("label", "")
            if "tokens" in entry:
                token = Token("inline", "", 0, children=entry["tokens"], content=entry["content"])
                inlines = trimmed(inlines_of_token(reading, token, self._line_of(entry["content"])))
                blocks: Blocks = self._text(list(inlines), reading.place(self._line_of(entry["content"])))
            else:
                node, audiences = self._notes[label]
                used.add(label)
                reading.audiences = audiences
                blocks = self.run(node.children)
                reading.audiences = None
            items.append(blocks)
            place = place or (blocks[0].place if blocks else None)
        for label, (node, _) in self._notes.items():
            if label not in used:
                line = node.token.map[0] + 1 if node.token.map else 1
                reading.warn(
                    reading.place(line),
                    "footnote-unused",
                    f"nothing refers to the footnote {label}; write [^{label}] in the text",
                )
        return (Footnotes(place=place or reading.place(1), items=tuple(items)),) if items else ()

    def _line_of(self, text: str) -> int:
        first = text.split("\n", 1)[0]
        return next((number for number, line in enumerate(self._reading.lines, 1) if first in line), 1)


_ALIGN: Final[dict[str, Align]] = {
    "text-align:left": "left",
    "text-align:center": "center",
    "text-align:right": "right",
}


def _without_options(code: str) -> tuple[str, str]:
    """The code of a chunk of Quarto without the lines `#| echo: false` above it, and those lines."""
    lines = code.split("\n")
    count = next((number for number, line in enumerate(lines) if not re.match(r"\s*(?:#|//|%%)\|", line)), len(lines))
    return "\n".join(lines[count:]), "\n".join(lines[:count])
