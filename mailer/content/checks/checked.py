"""What every rule of the checker is given, and how it finds the place of what it complains about."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from posixpath import dirname, join
from typing import Final

from mailer.content.issue import (
    Block,
    Blocks,
    CodeBlock,
    Finding,
    Inline,
    Issue,
    Link,
    Picture,
    Place,
    Publications,
    Text,
)
from mailer.content.walk import all_blocks, all_inlines

_NO_PROSE: Final = re.compile(r"data:image/[\w+/;,=]+|<!--.*?-->|`[^`\n]+`|\]\([^)\n]*\)|https?://\S+", re.DOTALL)
KEYS: Final = frozenset({"title", "subject", "preheader"})
"""Of the front matter: those that readers see, and that may hold merge fields."""
FENCES: Final = frozenset({"---", "+++", "..."})
"""What ends the front matter."""


@dataclass(frozen=True, slots=True)
class Plain:
    """Words that are shown as they are written, without Markdown: a subject, an alt text, what a link says when pointed at.

    `what` is how an author calls it; `find` gives the place of a pattern in its source, else that of the words as a whole.
    """

    what: str
    words: str
    find: Callable[[str], Place]
    audiences: frozenset[str] | None = None


@dataclass(frozen=True)
class Checked:
    """An issue to be judged.

    `known_audiences` and `attributes` are what the workspace knows, None and empty where there is none; `now` is the
    moment of the check; `formula_cache` keeps set formulas.
    """

    issue: Issue
    known_audiences: frozenset[str] | None = None
    now: datetime | None = None
    attributes: frozenset[str] = field(default=frozenset())
    formula_cache: Path | None = None

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the main file."""
        return self.issue.text.split("\n")

    @cached_property
    def prose(self) -> str:
        """The main file's text with code, comments and addresses blanked out, so that every character keeps its offset."""
        lines = list(self.lines)
        for block in self.blocks:
            if isinstance(block, CodeBlock) and block.place.file == self.issue.source:
                last = min(block.place.line + block.text.count("\n") + 1, len(lines))
                lines[block.place.line - 1 : last] = [" " * len(line) for line in lines[block.place.line - 1 : last]]
        return _NO_PROSE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), "\n".join(lines))

    def place_at(self, offset: int) -> Place:
        """The place of a character of the main file."""
        line = self.issue.text.count("\n", 0, offset)
        return Place(self.issue.source, line + 1, offset - (self.issue.text.rfind("\n", 0, offset) + 1) + 1)

    @cached_property
    def blocks(self) -> Blocks:
        """Every block, those inside others too."""
        return tuple(all_blocks(self.issue.blocks))

    @cached_property
    def texts(self) -> tuple[tuple[Block, Text], ...]:
        """Every run of plain characters, with its block."""
        return tuple((block, inline) for block, inline in all_inlines(self.issue.blocks) if isinstance(inline, Text))

    @cached_property
    def plain(self) -> tuple[Plain, ...]:
        """What stands in no running text, the front matter's lines first."""
        meta = self.issue.meta
        found = [
            self._of_key(key, words)
            for key, words in (("title", meta.title), ("subject", meta.subject), ("preheader", meta.preheader))
            if key != "subject" or words != meta.title
        ]
        for slug, given in meta.by_audience.items():
            found += [self._of_key(key, words, slug) for key, words in given.items()]
        for block, inline in all_inlines(self.issue.blocks):
            found += [self._of_inline(block, inline, what, words) for what, words in _asides(inline) if words]
        return tuple(found)

    def _of_key(self, key: str, words: str, slug: str = "") -> Plain:
        place = self.place_of_key(key, slug)

        def find(pattern: str) -> Place:
            for number in range(place.line, min(place.line + 40, len(self.lines)) + 1):
                line = self.lines[number - 1]
                if number > place.line and line.rstrip() in FENCES:
                    break
                if at := re.search(pattern, line):
                    return Place(place.file, number, at.start() + 1)
            return place

        return Plain(key, words, find, frozenset({slug}) if slug else None)

    def _of_inline(self, block: Block, inline: Inline, what: str, words: str) -> Plain:
        place = inline.place if isinstance(inline, Picture | Link) else block.place
        return Plain(what, words, lambda pattern: self.found_in(block, pattern) or place, block.audiences)

    def place_in(self, block: Block, pattern: str) -> Place:
        """Where the pattern stands in the source of a block; the block's own place where it is not found as written."""
        return self.found_in(block, pattern) or block.place

    def found_in(self, block: Block, pattern: str) -> Place | None:
        """Where the pattern stands in the source of a block; None where it is not found as written."""
        place = block.place
        if isinstance(block, Publications):
            return self._in_bibliography(pattern)
        if place.file != self.issue.source:
            return None
        for number in range(place.line, min(place.line + 60, len(self.lines) + 1)):
            if found := re.search(pattern, self.lines[number - 1]):
                return Place(place.file, number, found.start() + 1)
        return None

    def _in_bibliography(self, pattern: str) -> Place | None:
        for place, line in lines_of_bibliographies(self.issue):
            if found := re.search(pattern, line):
                return replace(place, column=found.start() + 1)
        return None

    def place_of_key(self, key: str, slug: str = "") -> Place:
        """Where a key of the front matter stands; with `slug`, where that audience's own value does."""
        if slug and (within := self.place_of_key("by_audience")).line > 1:
            return within
        for number, line in enumerate(self.lines, 1):
            if re.match(rf"[\"']?{re.escape(key)}[\"']?\s*[:=]", line):
                return Place(self.issue.source, number)
            if number > 1 and line.rstrip() in FENCES:
                break
        return Place(self.issue.source, 1)


def lines_of_bibliographies(issue: Issue) -> Iterator[tuple[Place, str]]:
    """Every line of the issue's bibliographies, and where it stands."""
    for name, content in issue.source_files.items():
        if name.endswith(".bib"):
            path = join(dirname(issue.source), name)
            for number, line in enumerate(content.decode("utf-8", "replace").split("\n"), 1):
                yield Place(path, number), line


def _asides(inline: Inline) -> tuple[tuple[str, str], ...]:
    match inline:
        case Picture(alt=alt, title=title):
            return (("alt text", alt), ("picture's title", title))
        case Link(title=title):
            return (("link's title", title),)
        case _:
            return ()


Rule = Callable[[Checked], Iterable[Finding]]


def warning(place: Place, code: str, message: str) -> Finding:
    """A warning."""
    return Finding(place, "warning", code, message)


def error(place: Place, code: str, message: str) -> Finding:
    """An error."""
    return Finding(place, "error", code, message)
