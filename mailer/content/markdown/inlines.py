"""Inline tokens become inlines: Markdown's and HTML's spans alike, unsafe links dropped, merge fields checked."""

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import Final

import emoji
from markdown_it.token import Token

from mailer.base.errors import WrongInput
from mailer.content.formulas.typesetting import FormulaError, spoken, typeset
from mailer.content.issue import (
    Code,
    FootnoteRef,
    Formula,
    Inline,
    Inlines,
    LineBreak,
    MergeField,
    Picture,
    Place,
    Text,
)
from mailer.content.language import held
from mailer.content.markdown.attributes import name_what_goes
from mailer.content.markdown.elements import Frame, inline_element, void_element
from mailer.content.markdown.grammar import CLOSING, MAX_NESTING, inline_tokens_of
from mailer.content.markdown.html_tags import (
    BLOCK_TAGS,
    VOID,
    html_events,
)
from mailer.content.markdown.widths import sized
from mailer.content.merge_fields import KNOWN_NAMES, read_field
from mailer.content.plain import plain
from mailer.content.reading import Reading
from mailer.content.runs import joined
from mailer.content.walk import changed_inlines

_FIELD_LINE: Final = re.compile(r"\**[A-ZÀ-Þ][\w'’./-]*(?: [\w'’./&-]+){0,2} ?:\**[ \t]+\S")
_IN_COLUMNS: Final = re.compile(r"\S+(?: \S+)* {2,}\S+(?: \S+)* {3,}\S")
"""A row of a table that was set with blanks."""


@dataclass(frozen=True)
class Source:
    """Where the text of an inline token stands: its lines follow one another from `line`; `start` is a hint for cells."""

    reading: Reading
    content: str
    line: int
    start: int = 0

    @cached_property
    def rows(self) -> list[str]:
        """The text's own lines."""
        return self.content.split("\n")

    @cached_property
    def _begins(self) -> list[int]:
        """Where each of them begins in the text."""
        return list(accumulate((len(row) + 1 for row in self.rows), initial=0))[:-1]

    def place(self, position: int | None, needle: str = "") -> Place:
        """The place of a position in the text; without one, that of `needle`."""
        if position is None or position > len(self.content):
            position = max(self.content.find(needle), 0)
        row = bisect_right(self._begins, position) - 1
        line, offset, text = self.line + row, position - self._begins[row], self.rows[row]
        lines = self.reading.lines
        source = lines[line - 1] if 0 < line <= len(lines) else ""
        at = source.find(text, self.start)
        if at >= 0:
            return self.reading.place(line, at + offset + 1)
        return self.reading.place(line, self.reading.column_of(needle, line, self.start) if needle else 1)

    def is_field(self, row: int) -> bool:
        """Whether this line and the one before are such as `From: Ada` and `Date: today`, which stand below one another."""
        lines = self.rows[row - 1 : row + 1]
        return "`" not in self.content and (all(map(_FIELD_LINE.match, lines)) or all(map(_IN_COLUMNS.match, lines)))


def inlines_of_token(reading: Reading, token: Token, line: int, *, start: int = 0) -> Inlines:
    """The inlines of an inline token whose text begins at `line` (from 1)."""
    source = Source(reading, token.content, line, start)
    return _Builder(reading, source).build(token.children or [])


def inlines_of_text(reading: Reading, text: str, line: int) -> Inlines:
    """The inlines of a piece of the line, such as the value of an event's title."""
    if not text:
        return ()
    return inlines_of_token(reading, inline_tokens_of(text, reading.env), line)


class _Builder:
    def __init__(self, reading: Reading, source: Source) -> None:
        self._reading = reading
        self._source = source
        self._frames = [Frame("", source.place(0), markdown=True)]
        self._row = 0
        self._dropped = False
        self._apart = False
        """Whether a block of HTML has ended, so that what follows is a word of its own."""

    def build(self, tokens: list[Token]) -> Inlines:
        for token in tokens:
            self._take(token)
        while len(self._frames) > 1:
            self._pop()
        return joined(self._frames[0].children)

    def _add(self, *inlines: Inline) -> None:
        self._frames[-1].children.extend(inlines)

    def _push(self, tag: str, place: Place, attributes: Mapping[str, str], *, markdown: bool) -> None:
        self._frames.append(Frame(tag, place, markdown, attributes))

    def _pop(self) -> None:
        frame = self._frames.pop()
        self._add(*inline_element(self._reading, frame, outer={outer.tag for outer in self._frames}))

    def _close(self, tag: str, *, markdown: bool) -> None:
        """Closes the nearest frame of that tag; HTML closes nothing that Markdown opened."""
        for index in range(len(self._frames) - 1, 0, -1):
            frame = self._frames[index]
            if frame.tag == tag and frame.markdown == markdown:
                while len(self._frames) > index:
                    self._pop()
                return
            if frame.markdown and not markdown:
                return

    def _take(self, token: Token) -> None:
        name = token.type
        if self._apart and name != "html_inline":
            self._part()
        if name in {"text", "text_special"}:
            self._close_gap(token.content)
            self._add(Text(held(with_emoji(token.content), self._reading.language)))
        elif name in {"softbreak", "hardbreak"}:
            self._row += 1
            self._add(LineBreak() if name == "hardbreak" or self._source.is_field(self._row) else Text(" "))
        elif name == "code_inline":
            self._add(Code(token.content))
        elif name == "html_inline":
            self._html(token)
        elif name == "link_open":
            href = str(token.attrs.get("href", ""))
            place = self._source.place(token.meta.get("pos"), self._needle(href))
            title = str(token.attrs.get("title", ""))
            self._push("a", place, {"href": href, "title": title}, markdown=True)
        elif token.nesting:
            tag = {"link": "a"}.get(name.rsplit("_", 1)[0], name.rsplit("_", 1)[0])
            if token.nesting > 0:
                self._push(tag, self._source.place(token.meta.get("pos")), {}, markdown=True)
            else:
                self._close(tag, markdown=True)
        else:
            self._leaf(token)

    def _close_gap(self, following: str) -> None:
        """Where something was dropped, no blank stays before a comma or another blank."""
        children = self._frames[-1].children
        if self._dropped and children and isinstance(last := children[-1], Text) and following[:1] in set(" .,;:!?)"):
            children[-1] = Text(last.text.rstrip(" "))
        self._dropped = False

    def _part(self) -> None:
        """A blank between what stood in one block of HTML and what stands in the next."""
        self._apart = False
        if self._frames[-1].children:
            self._add(Text(" "))

    def _needle(self, href: str) -> str:
        bare = href.rsplit("/", 1)[-1]
        return href if href in self._source.content else bare

    def _leaf(self, token: Token) -> None:
        position = token.meta.get("pos")
        place = self._source.place(position, token.content)
        if token.type in {"math_inline", "math_display"}:
            tex = self._reading.tex(token.content, place)
            self._add(Formula(tex, display=token.type == "math_display" and not self._reading.kramdown, place=place))
        elif token.type == "merge_field":
            self._merge_field(token.content, place)
        elif token.type == "attributes":
            self._attributes(token.content, place)
        elif token.type == "foreign":
            self._foreign(token, place)
        elif token.type == "footnote_ref":
            self._add(FootnoteRef(_number_of(self._reading, int(token.meta["id"]))))
        elif token.type == "image":
            self._picture(token, place)
        elif token.content:
            self._add(Text(token.content))

    def _picture(self, token: Token, place: Place) -> None:
        said = _Builder(self._reading, Source(self._reading, token.content, place.line)).build(token.children or [])
        src, alt = self._reading.picture(str(token.attrs.get("src", "")), place), alt_of(self._reading, said, place)
        picture = Picture(src, alt, place, str(token.attrs.get("title", "")))
        if found := _OBSIDIAN_WIDTH.search(alt):
            picture = sized(self._reading, replace(picture, alt=alt[: found.start()].strip()), found[1], place)
        self._add(picture if src else Text(alt))

    def _attributes(self, written: str, place: Place) -> None:
        """What `{width=50% fig-alt="…"}` says of the picture before it; how anything else looked elsewhere is no loss."""
        children = self._frames[-1].children
        at = next((n for n in reversed(range(len(children))) if not _is_blank(children[n])), None)
        if at is None or not isinstance(picture := children[at], Picture):
            return
        said = {key.lower(): value.strip("\"'") for key, value in _ATTRIBUTE.findall(written)}
        if alt := said.get("fig-alt") or said.get("alt"):  # then what stands between the brackets is Quarto's caption
            picture = replace(picture, alt=alt, title=picture.title or picture.alt)
        children[at] = sized(self._reading, picture, said.get("width", ""), place, style=said.get("style", ""))

    def _merge_field(self, expression: str, place: Place) -> None:
        checked = checked_field(self._reading, expression, place)
        self._dropped = checked is None
        if checked:
            self._add(checked)

    def _foreign(self, token: Token, place: Place) -> None:
        """Another system's tag: Hugo's figure is a picture, anything else is named and dropped."""
        if token.markup == "{{" and (figure := _HUGO_FIGURE.match(token.content)):
            said = {name.lower(): given for name, given in _HUGO_PARAMETER.findall(figure[1])}
            src = self._reading.picture(said.get("src", ""), place)
            caption = said.get("caption") or said.get("title", "")
            if src:
                self._add(Picture(src, said.get("alt") or caption, place, caption))
                return
        foreign(self._reading, token.markup, token.content, place)
        self._dropped = True

    def _html(self, token: Token) -> None:
        place = self._source.place(token.meta.get("pos"), token.content)
        for event in html_events(token.content):
            name_what_goes(self._reading, event, place)
            if event.kind == "close":
                self._close(event.tag, markdown=False)
                self._apart = self._apart or event.tag in BLOCK_TAGS
            elif event.kind == "text":
                self._add(Text(event.text))
            elif event.tag in VOID:
                self._add(*void_element(self._reading, event, place))
            elif len(self._frames) < MAX_NESTING:
                if event.tag in BLOCK_TAGS:
                    self._part()
                self._push(event.tag, place, event.attributes, markdown=False)


def _is_blank(inline: Inline) -> bool:
    return isinstance(inline, Text) and not inline.text.strip()


def alt_of(reading: Reading, said: Inlines, place: Place) -> str:
    """An alt text written in Markdown, its formulas in words."""

    def heard(inline: Inline) -> Inline:
        if isinstance(inline, MergeField):
            shown = f"{{{{ {inline.expression} }}}}"
            message = f"{shown} stands in an alt text, which is the same for everyone; write words"
            reading.fault(place, "merge-field", message)
        if not isinstance(inline, Formula):
            return inline
        if "ref{" in inline.tex:  # the number is known when the whole issue is read
            return Text(inline.tex)
        found = typeset(inline.tex, display=False)
        return Text(f"${inline.tex}$" if isinstance(found, FormulaError) else spoken(found, reading.language))

    return plain(changed_inlines(said, heard))


_OBSIDIAN_WIDTH: Final = re.compile(r"\|\s*(\d{2,4})(?:x\d{2,4})?$")
_HUGO_FIGURE: Final = re.compile(r"[<%]\s*figure\s+(.*?)[>%]?$", re.DOTALL)
_ATTRIBUTE: Final = re.compile(r"([\w-]+)=(\"[^\"]*\"|'[^']*'|[^\s{}]+)")
_HUGO_PARAMETER: Final = re.compile(r"(\w+)\s*=\s*[\"“]([^\"”]*)[\"”]")
_SHORT_NAME: Final = re.compile(r"(?<![\w:]):[a-z0-9_+-]{2,40}:(?![\w:])")


def with_emoji(text: str) -> str:
    """`:tada:` as 🎉; a name that nobody knows stays as it is."""
    if not _SHORT_NAME.search(text):
        return text
    return _SHORT_NAME.sub(lambda found: emoji.emojize(found[0], language="alias"), text)


def _number_of(reading: Reading, footnote_id: int) -> int:
    """The footnote's number: they count in the order in which they are met."""
    if footnote_id not in reading.footnote_ids:
        reading.footnote_ids.append(footnote_id)
    return reading.footnote_ids.index(footnote_id) + 1


def checked_field(reading: Reading, expression: str, place: Place) -> MergeField | None:
    """The merge field, or None where it is not ours: then it is named and dropped."""
    try:
        checked = read_field(expression)
    except WrongInput as fault:
        reading.fault(place, "merge-field", f"{fault.message}; it is dropped; {fault.do}")
        return None
    if not reading.own and checked.name not in KNOWN_NAMES:
        reading.warn(
            place, "merge-field", f"{{{{ {checked.expression} }}}} is another system's field and is dropped; delete it"
        )
        return None
    return MergeField(checked.expression, place)


def foreign(reading: Reading, opening: str, content: str, place: Place) -> None:
    """Names a tag of another template language, which is dropped."""
    closing = CLOSING.get(opening, "}}")
    shown = " ".join(content.split())
    shown = shown if len(shown) <= 50 else shown[:47] + "..."
    blank = "" if content[:1] in {"<", "%"} or opening == "*|" else " "
    reading.fault(
        place,
        "foreign-template",
        f"{opening}{blank}{shown}{blank}{closing} is another system's shortcode and is dropped; delete it",
    )
