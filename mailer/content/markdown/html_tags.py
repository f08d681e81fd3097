"""HTML in Markdown, as events; and which tags mean something to us. No markup goes any further than this."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final, Literal

SpanKind = Literal["strong", "em", "s", "sup", "sub", "u", "mark", "small", "kbd"]

SPANS: Final[Mapping[str, SpanKind]] = {
    "b": "strong", "strong": "strong", "i": "em", "em": "em", "cite": "em", "dfn": "em", "var": "em", "address": "em",
    "s": "s", "del": "s", "strike": "s", "sup": "sup", "sub": "sub", "u": "u", "ins": "u", "mark": "mark",
    "small": "small", "kbd": "kbd", "samp": "kbd",
}  # fmt: skip
TRANSPARENT: Final = frozenset({
    "div", "span", "section", "article", "header", "footer", "main", "aside", "nav", "center", "font", "big", "abbr",
    "time", "bdi", "bdo", "label", "picture", "source", "body", "html", "head", "meta", "tbody", "thead", "tfoot",
    "colgroup", "col", "caption", "wbr", "data", "ruby", "rb", "rt", "rp", "hgroup", "nobr", "o:p", "dl", "menu",
})  # fmt: skip
"""Tags without a meaning of their own here: what they hold stays."""
DROPPED_WHOLE: Final = frozenset({
    "script", "style", "iframe", "object", "embed", "applet", "form", "template", "noscript", "svg", "math", "canvas",
    "select", "textarea", "title", "frameset",
})  # fmt: skip
"""Tags that are dropped with what they hold, with a warning."""
BLOCK_TAGS: Final = frozenset({
    "p", "div", "section", "article", "header", "footer", "main", "aside", "nav", "center", "h1", "h2", "h3", "h4", "h5",
    "h6", "blockquote", "ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tfoot", "tr", "td", "th",
    "figure", "figcaption", "pre", "details", "summary", "address", "caption", "menu", "body", "html", "hgroup",
})  # fmt: skip
"""Tags that begin on a line of their own."""
VOID: Final = frozenset(
    {"br", "hr", "img", "wbr", "meta", "link", "input", "source", "col", "area", "base", "embed", "frame"}
)


@dataclass(frozen=True, slots=True)
class HtmlEvent:
    """A tag that opens or closes, or text; `line` counts from 0 within the piece."""

    kind: Literal["open", "close", "text"]
    tag: str
    line: int
    text: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


class _Events(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.events: list[HtmlEvent] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in reversed(attrs)}  # the first of two alike counts
        self.events.append(HtmlEvent("open", tag, self.getpos()[0] - 1, attributes=attributes))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        self.events.append(HtmlEvent("close", tag, self.getpos()[0] - 1))

    def handle_data(self, data: str) -> None:
        self.events.append(HtmlEvent("text", "", self.getpos()[0] - 1, data))

    def parse_marked_section(self, i: int, report: int = 1) -> int:  # the standard library's signature
        """A conditional such as `<![if mso]>` is skipped (the standard library's own way raises AssertionError)."""
        end = self.rawdata.find(">", i)
        return end + 1 if end >= 0 else -1


def html_events(text: str) -> list[HtmlEvent]:
    """The tags and texts of a piece of HTML; comments, doctypes and processing instructions are no events."""
    parser = _Events()
    parser.feed(text)
    parser.close()
    return parser.events
