"""The checker's rules about the compiled letter; those about its text are in `mailer.content.checks.checker`.

Every rule is one function, named in `RULES`; its docstring begins with the codes that it gives. The place is that in the
workspace's own template where the fault stands in one, else that of the block or the key of the front matter that brought
it about, or else the issue's first line.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from mailer.content.checks.checked import Checked
from mailer.content.issue import Finding, Heading, Issue, Level, Picture, Place
from mailer.content.walk import all_blocks, all_inlines
from mailer.rendering.checks.clients import ANCHORS, DATE, unsupported
from mailer.rendering.checks.contrast import faint_palette, faint_words
from mailer.rendering.letter import Frame, Letter, LinkSlot, Segments
from mailer.rendering.templates import folders
from mailer.rendering.themes import TEXT_ON, theme_names
from mailer.rendering.themes import theme as find_theme

CLIPPED_BYTES: Final = 102 * 1024
"""Above this Gmail hides the end of a message."""
STYLE_BYTES: Final = 16 * 1024
"""Above this Gmail drops a style block."""
PICTURES_BYTES: Final = 3_000_000


def check_letter(issue: Issue, letter: Letter, frame: Frame) -> tuple[Finding, ...]:
    """What there is to say about a letter as it is compiled, in the order of its places.

    Args:
        issue: what the letter was made from.
        letter: for some audiences.
        frame: what it was made with.
    """
    compiled = Compiled(issue, letter, frame, _Elements(_markup(letter.html)))
    return tuple(sorted({finding for rule in RULES for finding in rule(compiled)}))


@dataclass(frozen=True, slots=True)
class Compiled:
    """What every rule is given."""

    issue: Issue
    letter: Letter
    frame: Frame
    elements: "_Elements"

    @property
    def html(self) -> str:
        """The HTML with its slots left out."""
        return _markup(self.letter.html)

    def key_place(self, key: str) -> Place:
        """Where a key of the front matter stands."""
        return Checked(self.issue).place_of_key(key)

    def picture_place(self, pattern: str) -> Place | None:
        """Where the issue shows the first picture whose name or address the pattern finds."""
        shown = (inline for _, inline in all_inlines(self.issue.blocks) if isinstance(inline, Picture))
        return next((picture.place for picture in shown if re.search(pattern, picture.src, re.IGNORECASE)), None)

    def template_place(self, pattern: str) -> Place | None:
        """Where the pattern first stands in a template of the workspace; None where it stands in none of its own."""
        if not self.frame.overrides:
            return None
        for path in sorted((Path(self.frame.overrides) / "email").rglob("*.mjml")):
            text = path.read_text(encoding="utf-8", errors="replace")
            if found := re.search(pattern, text):
                before = text[: found.start()]
                return Place(str(path), before.count("\n") + 1, found.start() - before.rfind("\n"))
        return None

    def template_file(self, *names: str) -> Place | None:
        """The first of these templates that is the workspace's own."""
        paths = (Path(self.frame.overrides) / "email" / name for name in names)
        return next((Place(str(path), 1) for path in paths if self.frame.overrides and path.is_file()), None)

    def sender_place(self, key: str) -> Place | None:
        """Where the settings say something of the sender, or would; None where there are none."""
        path = Path(self.frame.settings)
        if not self.frame.settings or not path.is_file():
            return None
        section, found = "", 1
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if heading := re.match(r"\s*\[([^\[\]]+)\]", line):
                section = heading[1].strip()
                found = number if section == "sender" else found
            elif section == "sender" and re.match(rf"\s*#?\s*{key}\s*=", line):
                return Place(str(path), number)
        return Place(str(path), found)

    def finding(self, level: Level, code: str, message: str, place: Place | None = None) -> Finding:
        """A finding at a place, or at the issue as a whole; its message names the audiences that it is true of."""
        return Finding(
            place or Place(self.issue.source, 1), level, code, f"{message}{readers_of(self.letter.audiences)}"
        )


def readers_of(audiences: frozenset[str]) -> str:
    """How a message ends that is true of the letter for these audiences."""
    return f" (for {', '.join(sorted(audiences))})" if audiences else ""


def sizes(compiled: Compiled) -> Iterator[Finding]:
    """letter-clipped, letter-large, section-folded: what a letter's size does to it."""
    size, budget = compiled.letter.html_bytes, compiled.frame.budget_bytes
    places = {block.anchor: block.place for block in all_blocks(compiled.issue.blocks) if isinstance(block, Heading)}
    largest = max(compiled.letter.sections, key=lambda section: section.html_bytes, default=None)
    place = places.get(largest.anchor) if largest else None
    what = (
        f"shorten “{largest.title}” ({largest.html_bytes / 1024:.1f} KB)" if largest and largest.title else "shorten it"
    )
    if size > CLIPPED_BYTES:
        message = f"the letter has {size // 1024} KB, and Gmail hides what is above 102; {what}"
        yield compiled.finding("error", "letter-clipped", message, place)
    elif size > budget:
        message = f"the letter has {size // 1024} KB, the budget is {budget // 1024}; {what}"
        yield compiled.finding("warning", "letter-large", message, place)
    for section in compiled.letter.sections:
        if section.is_folded:
            yield compiled.finding(
                "warning",
                "section-folded",
                f"“{section.title}” ({section.whole_bytes / 1024:.1f} KB) is folded to its lead to keep the letter small; "
                "shorten the letter, or say in the front matter what is to fold first or never",
                places.get(section.anchor),
            )


def styles(compiled: Compiled) -> Iterator[Finding]:
    """style-block-large, style-in-body: style blocks that Gmail drops."""
    head, _, body = compiled.html.partition("<body")
    size = sum(len(style.encode()) for style in re.findall(r"<style[^>]*>(.*?)</style>", head, re.DOTALL))
    if size > STYLE_BYTES:
        yield compiled.finding(
            "error", "style-block-large", f"the styles have {size} bytes, Gmail takes 16,384; cut them"
        )
    if "<style" in body:
        place = compiled.template_place("<style")
        yield compiled.finding(
            "error", "style-in-body", "Gmail drops a style block in the body; move it into the head", place
        )


def uncompiled(compiled: Compiled) -> Iterator[Finding]:
    """template-error: an element of MJML within the text of another, which the compiler leaves as it is."""
    if found := re.search(r"<(mj-[a-z-]+)", compiled.html):
        message = f"<{found[1]}> stands within a text and is not compiled; write HTML there"
        yield compiled.finding("error", "template-error", message, compiled.template_place(rf"<{found[1]}\b"))


def client_support(compiled: Compiled) -> Iterator[Finding]:
    """unsupported-feature: HTML or CSS that some mail clients lack, without a fallback."""
    for feature in unsupported(compiled.html):
        place = compiled.template_place(feature.pattern.pattern)
        if place is None and feature.slug == ANCHORS:
            continue  # `anchor-link` tells it of each link of the text
        if place is None and (suffix := re.fullmatch(r"image-(svg|webp|avif)", feature.slug)):
            place = compiled.picture_place(rf"\.{suffix[1]}(?![\w.])")
        clients = ", ".join(feature.missing)
        yield compiled.finding(
            "warning",
            "unsupported-feature",
            f"{feature.title} does not work in {clients} ({DATE}); do without it",
            place,
        )


def ways_out(compiled: Compiled) -> Iterator[Finding]:
    """no-unsubscribe-link, no-preferences-link, no-postal-address: what the law and the large mailboxes ask for."""
    template = compiled.issue.meta.template
    frames = {
        "HTML": [f"{stem}.mjml" for stem in ("foot", template, "letter") if stem],
        "text": ["text/letter.txt"],
    }
    for name, part in (("HTML", compiled.letter.html), ("text", compiled.letter.text)):
        for link in ("unsubscribe", "preferences"):
            if LinkSlot(link) not in part:
                yield compiled.finding(
                    "error",
                    f"no-{link}-link",
                    f"the {name} part has no {link} link; put {{{{ link.{link} }}}} into the template",
                    compiled.template_file(*frames[name]),
                )
    address = "".join(compiled.frame.sender.postal_address.split())
    for name, words in (("HTML", compiled.elements.text), ("text", _markup(compiled.letter.text))):
        if not address or address not in "".join(words.split()):
            yield compiled.finding(
                "error",
                "no-postal-address",
                f"the {name} part has no postal address; set [sender] postal_address and show it",
                compiled.template_file(*frames[name]) if address else compiled.sender_place("postal_address"),
            )


def accessibility(compiled: Compiled) -> Iterator[Finding]:
    """no-language, layout-table, image-without-alt, heading-order, small-type: what a reader who listens stumbles over."""
    elements = compiled.elements.found
    html = next((attributes for tag, attributes in elements if tag == "html"), {})
    if not html.get("lang") or not html.get("dir"):
        yield compiled.finding(
            "error", "no-language", "the page does not name its language and direction; set lang and dir"
        )
    headings = [int(tag[1]) for tag, _ in elements if re.fullmatch("h[1-6]", tag)]
    steps = zip([0, *headings], headings, strict=False)
    if headings.count(1) != 1 or any(after > before + 1 for before, after in steps):
        yield compiled.finding(
            "warning",
            "heading-order",
            "headings skip a level, or there is not exactly one h1; mend the template",
            compiled.template_place("<h[1-6]"),
        )
    for tag, attributes in elements:
        if tag == "img" and "alt" not in attributes:
            yield compiled.finding(
                "error",
                "image-without-alt",
                'a picture has no alt; write alt="" where it says nothing',
                compiled.template_place(r"<(?:img|mj-image)\b(?![^>]*\balt=)"),
            )
        if tag == "table" and attributes.get("role") != "presentation" and attributes.get("class") != "d":
            yield compiled.finding(
                "warning",
                "layout-table",
                'a layout table is read out as data; add role="presentation"',
                compiled.template_place(r"<table\b(?![^>]*role=)"),
            )
        for size in re.findall(r"font-size:\s*(\d+)px", attributes.get("style", "")):
            if 2 < int(size) < 13:  # 0 and 1 hide the preheader and the gaps between columns
                yield compiled.finding(
                    "warning",
                    "small-type",
                    f"{size} px is too small to read; use at least 14",
                    compiled.template_place(rf"font-size\s*[:=]\s*\"?{size}px"),
                )


def colours(compiled: Compiled) -> Iterator[Finding]:
    """low-contrast: words that do not stand out from their ground, of the theme in light and dark, or of a template."""
    theme = find_theme(compiled.issue.meta.theme, folders(compiled.frame.overrides))
    for place, message in faint_palette(theme, compiled.frame.overrides):
        yield Finding(place or compiled.key_place("theme"), "warning", "low-contrast", f"{message}; set them apart")
    known = {(theme.light[text], theme.light[ground]) for text, ground in TEXT_ON}
    for faint in faint_words(compiled.html):
        if (faint.text, faint.ground) in known:
            continue  # told of the palette already
        message = f"“{faint.words}” is {faint.text} on {faint.ground}, {faint.contrast:.1f} : 1; set them apart"
        place = compiled.template_place(rf'(?i:color\s*[:=]\s*"?{re.escape(faint.written)})')
        yield compiled.finding("warning", "low-contrast", message, place)


def pictures(compiled: Compiled) -> Iterator[Finding]:
    """pictures-heavy: what a phone has to fetch before the letter is whole."""
    size = sum(len(picture.content) for picture in compiled.letter.pictures)
    if size > PICTURES_BYTES:
        largest = max(compiled.letter.pictures, key=lambda picture: len(picture.content))
        message = f"the pictures have {size / 1e6:.1f} MB in all, the largest {len(largest.content) / 1e6:.1f}; use fewer or smaller"
        heaviest = max(compiled.issue.assets, key=lambda name: len(compiled.issue.assets[name]), default="")
        yield compiled.finding("warning", "pictures-heavy", message, compiled.picture_place(f"^{re.escape(heaviest)}$"))


def names(compiled: Compiled) -> Iterator[Finding]:
    """unknown-theme, unknown-template: names in the front matter that nothing answers to."""
    meta, searched = compiled.issue.meta, folders(compiled.frame.overrides)
    if meta.theme and meta.theme not in theme_names(searched):
        known = ", ".join(theme_names(searched))
        yield compiled.finding(
            "warning",
            "unknown-theme",
            f"there is no theme “{meta.theme}”; use one of {known}",
            compiled.key_place("theme"),
        )
    if meta.template and not any((folder / f"{meta.template}.mjml").is_file() for folder in searched):
        yield compiled.finding(
            "warning",
            "unknown-template",
            f"there is no template “{meta.template}”; add {meta.template}.mjml or drop the line",
            compiled.key_place("template"),
        )


Rule = Callable[[Compiled], Iterator[Finding]]
RULES: Final[tuple[Rule, ...]] = (
    accessibility,
    client_support,
    colours,
    names,
    pictures,
    sizes,
    styles,
    uncompiled,
    ways_out,
)


class _Elements(HTMLParser):
    """The elements of a page with their attributes, and its words."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str]]] = []
        self._words: list[str] = []
        self.feed(html)

    @property
    def text(self) -> str:
        """The words of the page."""
        return " ".join(self._words)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self._words.append(data)


def _markup(segments: Segments) -> str:
    return "".join(segment for segment in segments if isinstance(segment, str))
