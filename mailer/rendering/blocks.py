"""Blocks as markup: each kind has its template, `templates/email/blocks/KIND.mjml` or, in the web edition, `web/KIND.html`."""

import re
from collections.abc import Mapping
from typing import Any, Literal, Protocol

from jinja2 import Environment, Template
from markupsafe import Markup

from mailer.content.issue import (
    Block,
    Blocks,
    Event,
    FootnoteRef,
    Heading,
    Inline,
    Inlines,
    Link,
    Note,
    Paragraph,
    Span,
    Text,
)
from mailer.content.walk import all_blocks
from mailer.rendering.outline import Entry, Outline
from mailer.rendering.templates import template, written

INITIAL = re.compile(r"(?<=\b\w\.)[ -](?=\w)")
"""What stands between an initial and the rest of the name."""
STAYS = {" ": "\u00a0", "-": "\u2011"}
"""Where a line does not end: a no-break space, a non-breaking hyphen."""

Ground = Literal["sheet", "tint"]
"""The colours of a theme on which words stand."""
Written = dict[tuple[Block, tuple[Entry, ...], bool, int | None, Ground], Markup]
"""Markup of blocks that were written before: the block, how its headings are shown, under a banner or not, column and ground."""


class WritesInlines(Protocol):
    """Writes inlines.

    `column` is how wide they may be in CSS pixels where that is not the letter's whole column; `ground` the theme's colour
    on which they stand.
    """

    column: int | None
    ground: Ground

    def __call__(self, inlines: Inlines) -> Markup:
        """The markup of the inlines."""
        ...


class BlockWriter:
    """Writes blocks through their templates.

    Args:
        made: where the templates are.
        pattern: `blocks/{}.mjml`.
        inlines: writes inlines.
        plan: the headings of the whole.
        context: what else the templates know.
        written_before: what other letters of the same issue have written, and where this one leaves its own.
    """

    def __init__(
        self,
        made: Environment,
        pattern: str,
        *,
        inlines: WritesInlines,
        plan: Outline,
        context: Mapping[str, Any],
        written_before: Written | None = None,
    ) -> None:
        self._made = made
        self._pattern = pattern
        self._inlines = inlines
        self._plan = plan
        self._templates: dict[type[Block], Template] = {}
        self._written: Written = {} if written_before is None else written_before
        self._context = {
            **made.globals,
            **context,
            "inline": inlines,
            "flow": self.flow,
            "plan": plan,
            "is_label": is_label,
            "unbroken": unbroken,
        }

    def flow(self, blocks: Blocks, *, tight: bool = False) -> Markup:
        """The blocks below one another; in a tight list's item a paragraph is only its words."""
        written: list[Markup] = []
        before: Block | None = None
        for block in blocks:
            if tight and isinstance(block, Paragraph):
                if isinstance(before, Paragraph):
                    written.append(Markup("<br/>"))
                written.append(self._inlines(block.inlines))
            else:
                banner = isinstance(before, Heading) and self._plan.of(before).is_banner
                written.append(self._one(block, under_banner=banner))
            before = block
        return Markup("").join(written)

    def _one(self, block: Block, *, under_banner: bool) -> Markup:
        headings = tuple(self._plan.of(inner) for inner in all_blocks((block,)) if isinstance(inner, Heading))
        outer = self._inlines.ground
        if isinstance(block, Note | Event):
            self._inlines.ground = "tint"
        key = (block, headings, under_banner, self._inlines.column, self._inlines.ground)
        made = self._written.get(key)
        try:
            if made is None:
                kind = type(block)
                if kind not in self._templates:
                    self._templates[kind] = template(self._made, template_of(kind, self._pattern))
                made = written(self._templates[kind], {**self._context, "b": block, "under_banner": under_banner})
                self._written[key] = made
        finally:
            self._inlines.ground = outer
        return made


def template_of(kind: type[Block], pattern: str) -> str:
    """The name of a kind of block's template."""
    return pattern.format(kind.__name__.lower())


def is_label(paragraph: Paragraph) -> bool:
    """Whether all of a paragraph is set in bold: it names what follows, and stands close to it."""
    match paragraph.inlines:
        case (Span(kind="strong"),):
            return True
        case _:
            return False


def unbroken(inlines: Inlines) -> Inlines:
    """Names whose initials stay on one line with what they belong to: `C.-B. Schönlieb`, `J. H. F. Rudd`."""
    return tuple(
        Span(one.kind, unbroken(one.children))
        if isinstance(one, Span)
        else Text(INITIAL.sub(lambda found: STAYS[found[0]], one.text))
        if isinstance(one, Text)
        else one
        for one in inlines
    )


def bare(inlines: Inlines) -> Inlines:
    """The inlines without links and footnotes of their own, for the inside of a link."""
    kept: list[Inline] = []
    for inline in inlines:
        if isinstance(inline, Link):
            kept.extend(bare(inline.children))
        elif isinstance(inline, Span):
            kept.append(Span(inline.kind, bare(inline.children)))
        elif not isinstance(inline, FootnoteRef):
            kept.append(inline)
    return tuple(kept)
