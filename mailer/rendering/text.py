r"""The text part, made from the blocks: wrapped, links numbered and listed, tables aligned, formulas as their source.

Lines end with `\n`; the frame around the blocks is `templates/email/text/letter.txt`.
"""

import re
from typing import Final, assert_never

from mailer.content.issue import (
    Block,
    Blocks,
    Button,
    Code,
    CodeBlock,
    Columns,
    Definitions,
    DisplayFormula,
    Event,
    Figure,
    FootnoteRef,
    Footnotes,
    Formula,
    Heading,
    Inline,
    Inlines,
    LineBreak,
    Link,
    List,
    MergeField,
    Note,
    Paragraph,
    People,
    Person,
    Picture,
    Publication,
    Publications,
    Quote,
    Rule,
    Span,
    Table,
    Text,
)
from mailer.content.plain import plain
from mailer.rendering.archive import Archive
from mailer.rendering.letter import FieldSlot
from mailer.rendering.lines import HELD_SPACE, WIDTH, columns_of, held, hung, loose, padded, prefixed, wrapped
from mailer.rendering.outline import Outline
from mailer.rendering.phrases import Phrases
from mailer.rendering.slots import Mint

MARKS: Final = {"strong": "*", "em": "_", "s": "~", "sup": "^", "sub": "_"}
_ORDINALS: Final = frozenset({"st", "nd", "rd", "th", "er", "re", "ère", "ème"})
"""Above the line in 1^st^; 1st reads better than 1^st."""
UNDERLINES: Final = {2: "=", 3: "-"}
"""What stands under headings of these levels; the title has a line of its own in the frame."""


class TextWriter:
    """Writes the text of one letter and numbers its links."""

    def __init__(self, plan: Outline, words: Phrases, mint: Mint, *, archive: Archive) -> None:
        self._archive = archive
        self._plan = plan
        self._words = words
        self._mint = mint
        self._links: dict[str, int] = {}

    @property
    def links(self) -> tuple[str, ...]:
        """The addresses that the text refers to as [1], [2] and on."""
        return tuple(self._links)

    def flow(self, blocks: Blocks, width: int = WIDTH, *, gap: str = "\n\n") -> str:
        """The blocks below one another."""
        return gap.join(filter(None, (self._block(block, width) for block in blocks)))

    # --- inlines ----------------------------------------------------------------------------------------------------

    def words(self, inlines: Inlines) -> str:
        r"""The inlines on one line, with `\n` only for hard breaks."""
        return "".join(map(self._inline, inlines))

    def _inline(self, inline: Inline) -> str:  # noqa: PLR0911  # one case a kind
        match inline:
            case Text(text=text):
                return " ".join(re.split(r"[\n\t]", text))
            case Code(text=text):
                return f"`{text}`"
            case Span(kind=kind, children=children):
                mark = MARKS.get(kind, "") if plain(children) not in _ORDINALS else ""
                return f"{mark}{self.words(children)}{mark if kind not in ('sup', 'sub') else ''}"
            case Link():
                return self._link(inline)
            case Formula(tex=tex):
                return held(f"${' '.join(tex.split())}$")
            case Picture(alt=alt):
                return f"[{self._words['picture']}{self._words['colon']} {alt}]" if alt else ""
            case MergeField(expression=expression):
                return self._mint.word(FieldSlot(expression.strip()))
            case LineBreak():
                return "\n"
            case FootnoteRef(number=number):
                return f"[^{number}]"
            case _:
                assert_never(inline)

    def _link(self, link: Link) -> str:
        words = self.words(link.children)
        href = self._archive.address(link.href)
        if not href or href.startswith("#"):  # nothing in a text can be jumped to
            return words
        bare = link.href.removeprefix("mailto:")
        if words in (link.href, bare, re.sub(r"^https?://", "", bare)) or not words:
            return bare
        said = f" ({link.title})" if link.title and link.title not in words else ""
        return f"{words}{said}{HELD_SPACE}{self._reference(href)}"

    def _reference(self, href: str) -> str:
        return f"[{self._links.setdefault(href, len(self._links) + 1)}]"

    # --- blocks -----------------------------------------------------------------------------------------------------

    def _block(self, block: Block, width: int) -> str:  # noqa: C901, PLR0911, PLR0912  # one case a kind
        match block:
            case Heading():
                return self._heading(block, width)
            case Paragraph(inlines=inlines):
                return wrapped(self.words(inlines), width)
            case List():
                return self._list(block, width)
            case Definitions(items=items):
                return "\n\n".join(self._definition(term, runs, width) for term, runs in items)
            case Quote():
                source = wrapped(f"- {self.words(block.source)}", width - 2) if block.source else ""
                return prefixed("\n\n".join(filter(None, (self.flow(block.blocks, width - 2), source))), "> ")
            case CodeBlock(text=text):
                return prefixed(text.rstrip("\n"), "    ")
            case DisplayFormula(formula=formula):
                number = f"    ({formula.number})" if formula.number else ""
                return prefixed(wrapped(formula.tex.strip(), width - 4), "    ") + number
            case Rule():
                return "* * *".center(width).rstrip()
            case Table():
                return self._table(block, width)
            case Figure():
                return self._figure(block, width)
            case Note(title=title, blocks=blocks):
                named = wrapped(self.words(title), width - 2)
                return prefixed("\n\n".join(filter(None, (named, self.flow(blocks, width - 2)))), "| ")
            case Columns(columns=columns):
                return "\n\n".join(self.flow(column, width) for column in columns)
            case Button(href=href, label=label):
                return f"{wrapped(self.words(label) + str(self._words['colon']), width)}\n{href}"
            case Event():
                return self._event(block, width)
            case People(groups=groups):
                return "\n\n".join(self._group(heading, members, width) for heading, members in groups)
            case Publications(groups=groups):
                return "\n\n".join(self._works(heading, works, width) for heading, works in groups)
            case Footnotes(items=items):
                notes = (hung(self.flow(item, width - 5), f"[^{n}]") for n, item in enumerate(items, 1))
                return "\n\n".join([self._words["notes"], *notes])
            case _:
                message = f"{type(block).__name__} has no text"
                raise TypeError(message)

    def _heading(self, heading: Heading, width: int) -> str:
        entry = self._plan.of(heading)
        text = wrapped(self.words(heading.inlines), width)
        line = UNDERLINES.get(entry.level)
        if line is None or not text:
            return text
        under = line * min(width, max(map(columns_of, text.split("\n"))))
        return f"{'' if entry.level > 2 else chr(10)}{text}\n{under}"  # air above a section

    def _list(self, block: List, width: int) -> str:
        marks = ["-"] * len(block.items)
        if block.start is not None:
            marks = [f"{block.start + n}." for n in range(len(block.items))]
        indent = max((len(mark) + 1 for mark in marks), default=2)
        gap = "\n" if block.tight else "\n\n"
        return gap.join(
            hung(self.flow(item, width - indent, gap=gap), mark.ljust(indent - 1))
            for mark, item in zip(marks, block.items, strict=True)
        )

    def _definition(self, term: Inlines, runs: tuple[Blocks, ...], width: int) -> str:
        return "\n".join(
            [wrapped(self.words(term), width), *(prefixed(self.flow(run, width - 4), "    ") for run in runs)]
        )

    def _table(self, table: Table, width: int) -> str:
        rows = [
            [loose(self.words(cell)).replace("\n", " ") for cell in row] for row in (table.head, *table.rows) if row
        ]
        if not rows:
            return ""
        sizes = [max(columns_of(cell) for cell in column) for column in zip(*rows, strict=True)]
        if sum(sizes) + 2 * (len(sizes) - 1) > width:
            return self._long_table(rows, has_head=bool(table.head), width=width)
        lines = ["  ".join(map(padded, row, sizes, table.align)).rstrip() for row in rows]
        if table.head:
            lines.insert(1, "  ".join("-" * size for size in sizes))
        return "\n".join(lines)

    @staticmethod
    def _long_table(rows: list[list[str]], *, has_head: bool, width: int) -> str:
        """A table wider than the page: each row as a small list, every cell after its column's head."""
        heads = rows[0] if has_head else [""] * len(rows[0])
        return "\n\n".join(
            "\n".join(
                hung(wrapped(f"{head}: {cell}" if head else cell, width - 2), "-" if n == 0 else " ")
                for n, (head, cell) in enumerate(zip(heads, row, strict=True))
                if cell
            )
            for row in rows[has_head:]
        )

    def _figure(self, figure: Figure, width: int) -> str:
        alt = f"[{self._words['picture']}{self._words['colon']} {figure.picture.alt}]" if figure.picture.alt else ""
        credit = f"{self._words['credit']}{self._words['colon']} {self.words(figure.credit)}" if figure.credit else ""
        parts = (alt, self.words(figure.caption), credit)
        return "\n".join(wrapped(part, width) for part in parts if part)

    def _event(self, event: Event, width: int) -> str:
        over = f"{self._words['past']} · " if event.is_past else ""
        facts = [f"{over}{self._words.span(event.start, event.end)}", self.words(event.where), event.link]
        calendar = "" if event.is_past else self._archive.calendar(event)
        if calendar:
            facts.append(f"{self._words['calendar']}{self._words['colon']} {calendar}")
        head = [f"* {self.words(event.title)}", *filter(None, facts)]
        lines = "\n".join(wrapped(line, width - 2, later="  " if n else "") for n, line in enumerate(head))
        first, _, rest = lines.partition("\n")
        about = self.flow(event.blocks, width - 2)
        return first + "".join(f"\n{prefixed(part, '  ')}" for part in (rest, f"\n{about}" if about else "") if part)

    def _group(self, heading: Inlines, members: tuple[Person, ...], width: int) -> str:
        lines = [wrapped(f"{self.words(heading)}", width)] if heading else []
        for person in members:
            affiliation = f" ({self.words(person.affiliation)})" if person.affiliation else ""
            role = f", {self.words(person.role)}" if person.role else ""
            lines.append(hung(wrapped(f"{self.words(person.name)}{affiliation}{role}", width - 2), "-"))
        return "\n".join(lines)

    def _works(self, heading: str, works: tuple[Publication, ...], width: int) -> str:
        return "\n\n".join([*([heading] if heading else []), *(self._work(work, width) for work in works)])

    def _work(self, work: Publication, width: int) -> str:
        if work.cited:
            return hung(wrapped(self.words(work.cited), width - 2), "-")
        venue = ", ".join(filter(None, (self.words(work.venue), work.year)))
        arxiv = f"arXiv:{work.arxiv}" if work.arxiv else ""
        where = ". ".join(filter(None, (venue, arxiv)))
        lines = [self.words(work.title), self.words(work.authors), where, work.href]
        return hung("\n".join(wrapped(line, width - 2) for line in lines if line), "-")
