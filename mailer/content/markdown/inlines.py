"""Inline tokens become inlines: Markdown's and HTML's spans alike, unsafe links dropped, merge fields checked."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
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
    Link,
    MergeField,
    Picture,
    Place,
    Span,
    Text,
)
from mailer.content.markdown.attributes import name_what_goes
from mailer.content.markdown.grammar import CLOSING, MAX_NESTING, inline_tokens_of
from mailer.content.markdown.html_tags import DROPPED_WHOLE, SPANS, TRANSPARENT, VOID, HtmlEvent, html_events
from mailer.content.markdown.widths import sized
from mailer.content.merge_fields import KNOWN_NAMES, read_field
from mailer.content.plain import plain
from mailer.content.reading import Reading
from mailer.content.walk import changed_inlines, in_inlines

_FIELD_LINE: Final = re.compile(r"\**[A-ZÀ-Þ][\w'’./-]*(?: [\w'’./&-]+){0,2} ?:\**[ \t]+\S")
_MARKDOWN_SPANS: Final = {"strong": "strong", "em": "em", "s": "s"}


@dataclass(frozen=True, slots=True)
class Source:
    """Where the text of an inline token stands: its lines follow one another from `line`; `start` is a hint for cells."""

    reading: Reading
    content: str
    line: int
    start: int = 0

    def place(self, position: int | None, needle: str = "") -> Place:
        """The place of a position in the text; without one, that of `needle`."""
        if position is None or position > len(self.content):
            position = max(self.content.find(needle), 0)
        before = self.content[:position]
        row = before.count("\n")
        line = self.line + row
        offset = position - (before.rfind("\n") + 1)
        text = self.content.split("\n")[row]
        lines = self.reading.lines
        source = lines[line - 1] if 0 < line <= len(lines) else ""
        at = source.find(text, self.start)
        if at >= 0:
            return self.reading.place(line, at + offset + 1)
        return self.reading.place(line, self.reading.column_of(needle, line, self.start) if needle else 1)

    def is_field(self, row: int) -> bool:
        """Whether this line and the one before are such as `From: Ada` and `Date: today`, which stand below one another."""
        return "`" not in self.content and all(map(_FIELD_LINE.match, self.content.split("\n")[row - 1 : row + 1]))


@dataclass(slots=True)
class Frame:
    """An element that is open: `markdown` tells whether a token of Markdown opened it."""

    tag: str
    place: Place
    markdown: bool
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: list[Inline] = field(default_factory=list)


def inlines_of_token(reading: Reading, token: Token, line: int, *, start: int = 0) -> Inlines:
    """The inlines of an inline token whose text begins at `line` (from 1)."""
    source = Source(reading, token.content, line, start)
    return _Builder(reading, source).build(token.children or [])


def inlines_of_text(reading: Reading, text: str, line: int) -> Inlines:
    """The inlines of a piece of the line, such as the value of an event's title."""
    if not text:
        return ()
    return inlines_of_token(reading, inline_tokens_of(text, reading.env), line)


def joined(inlines: list[Inline]) -> Inlines:
    """The inlines with neighbouring texts made one and empty ones left out."""
    result: list[Inline] = []
    for inline in inlines:
        if isinstance(inline, Text):
            if not inline.text:
                continue
            if result and isinstance(result[-1], Text):
                result[-1] = Text(result[-1].text + inline.text)
                continue
        result.append(inline)
    return tuple(result)


def trimmed(inlines: Inlines) -> Inlines:
    """The inlines without blanks and line breaks at either end."""
    parts = list(inlines)
    while parts and (isinstance(parts[0], LineBreak) or (isinstance(parts[0], Text) and not parts[0].text.strip())):
        parts.pop(0)
    while parts and (isinstance(parts[-1], LineBreak) or (isinstance(parts[-1], Text) and not parts[-1].text.strip())):
        parts.pop()
    if parts and isinstance(parts[0], Text):
        parts[0] = Text(parts[0].text.lstrip())
    if parts and isinstance(parts[-1], Text):
        parts[-1] = Text(parts[-1].text.rstrip())
    return tuple(parts)


class _Builder:
    def __init__(self, reading: Reading, source: Source) -> None:
        self._reading = reading
        self._source = source
        self._frames = [Frame("", source.place(0), markdown=True)]
        self._row = 0
        self._dropped = False

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
        if name in {"text", "text_special"}:
            self._close_gap(token.content)
            self._add(Text(with_emoji(token.content)))
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
            elif event.kind == "text":
                self._add(Text(event.text))
            elif event.tag in VOID:
                self._add(*void_element(self._reading, event, place))
            elif len(self._frames) < MAX_NESTING:
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


def inline_element(reading: Reading, frame: Frame, *, outer: Collection[str] = ()) -> list[Inline]:
    """What an element with inlines in it becomes; an element without meaning becomes what it holds.

    Args:
        reading: for the findings.
        frame: the element, complete.
        outer: the tags around it: bold in bold and a link in a link mean nothing more.
    """
    tag, children = frame.tag, joined(frame.children)
    if kind := SPANS.get(tag):
        again = any(SPANS.get(other) == kind for other in outer)
        return list(children) if again or not children else [Span(kind, children)]
    if tag in {"code", "tt"}:
        return [Code(plain(children))] if children else []
    if tag == "a":
        return _link(reading, frame, children, inside_link="a" in outer)
    if tag == "q":
        return [Text("“"), *children, Text("”")]
    if tag in DROPPED_WHOLE:
        reading.warn(frame.place, "html-dropped", f"<{tag}> and what it holds is dropped; letters cannot show it")
        return []
    if tag not in TRANSPARENT and not frame.markdown:
        reading.warn(
            frame.place, "html-dropped", f"the tag <{tag}> is dropped, its text stays; write \\<{tag}> to show it"
        )
    return list(children)


def _link(reading: Reading, frame: Frame, children: Inlines, *, inside_link: bool) -> list[Inline]:
    href = frame.attributes.get("href", "").strip()
    shows = bool(plain(children).strip()) or any(isinstance(part, Picture) for part in in_inlines(children))
    if not href:
        if frame.markdown or ("href" in frame.attributes and shows):
            reading.warn(frame.place, "empty-link", "the link leads nowhere; write its address between the parentheses")
        return list(children)
    if not shows and not frame.markdown:
        return list(children)  # an icon's place in HTML of a site: nothing to see, nothing to hear
    safe = None if inside_link else reading.link(href, frame.place)
    if not safe:
        return list(children)
    if not shows:
        message = f"the link to {href} has no words and shows its address; write between the brackets where it goes"
        reading.warn(frame.place, "link-text", message)
    return [Link(safe, children if shows else (Text(href),), frame.place, frame.attributes.get("title", ""))]


def void_element(reading: Reading, event: HtmlEvent, place: Place) -> list[Inline]:
    """What an element that holds nothing becomes."""
    if event.tag == "br":
        return [LineBreak()]
    if event.tag == "img":
        src = reading.picture(event.attributes.get("src", ""), place) if event.attributes.get("src") else ""
        alt = " ".join(event.attributes.get("alt", "").split())
        picture = Picture(src, alt, place, event.attributes.get("title", ""))
        width, style = event.attributes.get("width", ""), event.attributes.get("style", "")
        return [sized(reading, picture, width, place, style=style)] if src else [Text(alt)]
    if event.tag in {"input", "link", "embed", "frame", "base", "area"}:
        reading.warn(place, "html-dropped", f"<{event.tag}> is dropped; letters cannot show it")
    return []
