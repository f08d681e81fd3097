"""What an element with inlines in it becomes, whether Markdown or HTML wrote it."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlsplit

from mailer.content.issue import Code, Inline, Inlines, LineBreak, Link, Picture, Place, Span, Text
from mailer.content.markdown.html_tags import DROPPED_WHOLE, SPANS, TRANSPARENT, HtmlEvent
from mailer.content.markdown.widths import sized
from mailer.content.plain import plain
from mailer.content.reading import Reading
from mailer.content.runs import joined
from mailer.content.walk import changed_inlines, in_inlines


@dataclass(slots=True)
class Frame:
    """An element that is open: `markdown` tells whether a token of Markdown opened it."""

    tag: str
    place: Place
    markdown: bool
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: list[Inline] = field(default_factory=list)


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
    if frame.markdown:
        href, children = _unescaped(href, children)
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
    elif not plain(children).strip():
        children = _named_by_site(reading, safe, children, frame.place)
    return [Link(safe, children if shows else (Text(href),), frame.place, frame.attributes.get("title", ""))]


def _named_by_site(reading: Reading, href: str, children: Inlines, place: Place) -> Inlines:
    """The pictures that are all there is of a link, and that say nothing, with the name of its site."""
    try:
        site = (urlsplit(href).hostname or href.removeprefix("mailto:")).removeprefix("www.")
    except ValueError:  # such as https://[x
        site = href
    message = f"the picture alone is the link to {href}, without alt text; write between the brackets where it goes"
    reading.warn(place, "missing-alt", message)
    return changed_inlines(children, lambda part: replace(part, alt=site) if isinstance(part, Picture) else part)


_ESCAPED: Final = re.compile(r"(?:\\|%5C)([_*~#&=+])")


def _unescaped(href: str, children: Inlines) -> tuple[str, Inlines]:
    r"""The link without the backslashes that an export wrote once too often into an address, as in `https://x.org/a\_b`."""
    href = _ESCAPED.sub(r"\1", href)
    shown = plain(children)
    return href, (Text(href),) if "\\" in shown and _ESCAPED.sub(r"\1", shown) == href else children


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
