"""What an issue is: its front matter and its blocks, each of which knows its line and its audiences.

Everything is frozen. Raw HTML, Markdown and containers all end as these few shapes, so that whatever is rendered later
is safe by construction: there is no node that holds markup.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol

Day = date
"""The type of `FrontMatter.date`, whose own name would hide it."""

# --- where and what -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a source file; lines and columns count from 1."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something the author should know: `FILE:LINE:COL: error|warning CODE message`.

    `code` is a constant in kebab-case, such as `formula-error` or `missing-picture`; the message ends with what to do.
    """

    place: Place
    level: Level
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.level} {self.code} {self.message}"


class Files(Protocol):
    """The files of an issue, by their names relative to the issue's folder."""

    def read(self, name: str) -> bytes:
        """The bytes of a file.

        Raises:
            FileNotFoundError: there is none of that name, or it lies outside the issue's folder.
        """
        ...


# --- inlines --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    """Plain characters, unescaped."""

    text: str


@dataclass(frozen=True, slots=True)
class Span:
    """Inlines with one meaning; `kind` is the name of the HTML element."""

    kind: Literal["strong", "em", "s", "sup", "sub", "u", "mark", "small", "kbd"]
    children: "Inlines"


@dataclass(frozen=True, slots=True)
class Code:
    """Inline code."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link; `href` is as written, or absolute where the front matter has a `base_url`."""

    href: str
    children: "Inlines"
    place: Place
    title: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """An inline picture: `src` is the name of an asset of the issue, or an http(s) address.

    It may be asked to be so many CSS pixels wide (`width`), or hundredths of the column (`share`).
    """

    src: str
    alt: str
    place: Place
    title: str = ""
    width: int | None = None
    share: int | None = None


@dataclass(frozen=True, slots=True)
class Formula:
    """TeX source without its dollars."""

    tex: str
    display: bool
    place: Place
    number: str = ""


@dataclass(frozen=True, slots=True)
class MergeField:
    """A personal value, `{{ name | default("colleague") }}`: the expression between the braces."""

    expression: str
    place: Place


@dataclass(frozen=True, slots=True)
class FootnoteRef:
    """A reference to the footnote of this number (from 1)."""

    number: int


@dataclass(frozen=True, slots=True)
class LineBreak:
    """A hard line break."""


Inline = Text | Span | Code | Link | Picture | Formula | MergeField | FootnoteRef | LineBreak
Inlines = tuple[Inline, ...]


# --- blocks ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A part of an issue.

    `audiences` None means everybody; else only these slugs (containers nested in one another narrow it).
    """

    place: Place
    audiences: frozenset[str] | None = None

    def is_for(self, audiences: frozenset[str]) -> bool:
        """Whether a reader in any of these audiences sees it."""
        return self.audiences is None or bool(self.audiences & audiences)


Blocks = tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading(Block):
    """A heading; `anchor` is unique in the issue."""

    level: int
    inlines: Inlines
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph(Block):
    """A paragraph."""

    inlines: Inlines


@dataclass(frozen=True, slots=True, kw_only=True)
class List(Block):
    """A list; `start` is the first number of an ordered one, None for bullets."""

    items: tuple[Blocks, ...]
    start: int | None = None
    tight: bool = True

    @property
    def has_boxes(self) -> bool:
        """Whether it is a list of things to do, whose items begin with a box."""
        runs = [item[0].inlines if item and isinstance(item[0], Paragraph) else () for item in self.items]
        return bool(runs) and all(run and isinstance(run[0], Text) and run[0].text[:1] in {"☐", "☑"} for run in runs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions(Block):
    """Terms, each with its descriptions."""

    items: tuple[tuple[Inlines, tuple[Blocks, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote(Block):
    """A quotation, with its source where it has one."""

    blocks: Blocks
    source: Inlines = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeBlock(Block):
    """Preformatted code; `language` as written after the fence, lower case."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisplayFormula(Block):
    """A formula on a line of its own."""

    formula: Formula


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Block):
    """A thematic break."""


Align = Literal["left", "center", "right", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Block):
    """A table of data: `align` has one entry a column; every row has as many cells."""

    align: tuple[Align, ...]
    head: tuple[Inlines, ...]
    rows: tuple[tuple[Inlines, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure(Block):
    """A picture with its caption and credit."""

    picture: Picture
    caption: Inlines = ()
    credit: Inlines = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Block):
    """An aside that stands out."""

    blocks: Blocks
    title: Inlines = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns(Block):
    """Columns side by side, which stack on phones."""

    columns: tuple[Blocks, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Button(Block):
    """A call to action."""

    href: str
    label: Inlines


WhenPast = Literal["keep", "mark", "drop"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Block):
    """Something that happens: `slug` names its calendar file, `zone` is an IANA name.

    `start` and `end` are aware moments, or dates where it lasts whole days; `end` is inclusive as written. `past` is what
    happens to it in a letter that leaves when it is over; `is_past` that it is over and shown as such.
    """

    title: Inlines
    slug: str
    start: datetime | date
    end: datetime | date | None = None
    zone: str = "UTC"
    where: Inlines = ()
    link: str = ""
    blocks: Blocks = ()
    past: "WhenPast" = "keep"
    is_past: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """One of `::: people`."""

    name: Inlines
    affiliation: Inlines = ()
    role: Inlines = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class People(Block):
    """Named people in groups; a group's heading may be empty."""

    groups: tuple[tuple[Inlines, tuple[Person, ...]], ...]


@dataclass(frozen=True, slots=True)
class Publication:
    """One entry of a bibliography, formatted: the parts in the order in which they are shown.

    `cited` is the whole entry in a citation style, where one was asked for.
    """

    key: str
    authors: Inlines
    title: Inlines
    venue: Inlines = ()
    year: str = ""
    href: str = ""
    doi: str = ""
    arxiv: str = ""
    cited: Inlines = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Publications(Block):
    """A list of publications in groups; a group's heading may be empty."""

    groups: tuple[tuple[str, tuple[Publication, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Footnotes(Block):
    """The footnotes, the first of which has number 1."""

    items: tuple[Blocks, ...]


# --- the issue ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What stands above the text; `own` is False for a file that has no front matter of ours (see "What render forgives").

    `subject`, `preheader` and `title` may hold merge fields; `by_audience` gives other ones to an audience.
    """

    title: str
    subject: str
    preheader: str = ""
    slug: str = ""
    number: str = ""
    date: Day | None = None
    language: str = "en"
    sender: str = ""
    reply_to: str = ""
    audiences: tuple[str, ...] = ()
    template: str = ""
    theme: str = ""
    base_url: str = ""
    by_audience: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    fold_first: tuple[str, ...] = ()
    """The headings of the sections that fold before others where a letter grows too large, in this order."""
    fold_never: tuple[str, ...] = ()
    """The headings of those that stay whole."""
    own: bool = True


@dataclass(frozen=True, slots=True)
class Issue:
    """One edition, read and in memory.

    `assets` holds the bytes of every file that it refers to, by name; `findings` what reading found.
    """

    source: str
    meta: FrontMatter
    blocks: Blocks
    assets: Mapping[str, bytes]
    findings: tuple[Finding, ...] = ()
    text: str = ""
    """The main file's own text, for revisions and for showing findings beside it."""
    source_files: Mapping[str, bytes] = field(default_factory=dict)
    """Every file that reading used, the main one too: read again, they give the same issue."""
    audience_uses: tuple[tuple[str, Place], ...] = ()
    """Every audience that a container names, and where."""
