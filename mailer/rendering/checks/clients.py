"""What mail clients cannot show: the facts that matter, feature by family of clients, with their date.

From caniemail.com (its data is under the MIT licence), as of `DATE`: a family is named where at least one of its current apps lacks
the feature. `fallback` says what such a reader gets instead, where that is good enough to go without.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

DATE: Final = "2026-05-13"

Family = Literal["Gmail", "Outlook for Windows", "Outlook elsewhere", "Apple Mail", "Yahoo Mail", "Samsung Email"]
GMAIL: Final = "Gmail"
WORD: Final = "Outlook for Windows"
OUTLOOK: Final = "Outlook elsewhere"
YAHOO: Final = "Yahoo Mail"
SAMSUNG: Final = "Samsung Email"
ANCHORS: Final = "html-anchor-links"


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that HTML or CSS may use; `slug` is caniemail's, `pattern` finds it in CSS or in markup."""

    slug: str
    pattern: re.Pattern[str]
    missing: tuple[Family, ...]
    fallback: str = ""

    @property
    def is_css(self) -> bool:
        """Whether it is looked for in styles, not in markup."""
        return self.slug.startswith("css-")

    @property
    def title(self) -> str:
        """Its name as an author writes it."""
        return self.slug.partition("-")[2]


def _property(name: str, *missing: Family, fallback: str = "", value: str = "", slug: str = "") -> Feature:
    pattern = re.compile(rf"(?<![\w-]){name}\s*:\s*{value}", re.IGNORECASE)
    return Feature(f"css-{slug or name}", pattern, missing, fallback)


def _css(slug: str, pattern: str, *missing: Family, fallback: str = "") -> Feature:
    return Feature(f"css-{slug}", re.compile(pattern, re.IGNORECASE), missing, fallback)


def _markup(slug: str, pattern: str, *missing: Family) -> Feature:
    return Feature(slug, re.compile(pattern, re.IGNORECASE), missing)


FEATURES: Final = (
    # what our own templates use, and what stands in for it
    _css("at-media", r"@media", WORD, fallback="the wide layout, which needs no query"),
    _css(
        "at-media-prefers-color-scheme",
        "prefers-color-scheme",
        *(GMAIL, WORD, YAHOO),
        fallback="the light colours, which bear inversion",
    ),
    _property(
        "color-scheme",
        *(GMAIL, WORD, OUTLOOK, YAHOO),
        fallback="the light colours, which bear inversion",
    ),
    _property("border-radius", WORD, fallback="square corners"),
    _property("max-height", WORD, fallback="mso-hide hides the preheader"),
    _property("min-width", WORD, fallback="the table's own width"),
    _property("opacity", WORD, fallback="mso-hide hides the preheader"),
    _property("outline", WORD, fallback="only resets an outline that it never draws"),
    _property("overflow(?:-x)?", WORD, fallback="a wide table stays wide", slug="overflow"),
    _property("white-space", WORD, SAMSUNG, fallback="lines of code end with an element"),
    _property("word-break", YAHOO, fallback="long words stay whole"),
    _property("word-spacing", WORD, fallback="normal spacing"),
    _property("height", YAHOO, fallback="the height attribute"),
    _css("selector-adjacent-sibling", r"[\w)]\s*\+\s*[.\w]", WORD, fallback="MJML's own margins"),
    _css("selector-attribute", r"\[data-", WORD, fallback="is meant for another client"),
    _css("selector-chaining", r"(?<=[,}{\s])\w+\.\w+\s*[,{]", WORD, OUTLOOK, fallback="the wide layout's type sizes"),
    _css("selector-child", r">", WORD, fallback="the light colours"),
    # what a template may not rely on
    _css("at-font-face", "@font-face", GMAIL, OUTLOOK, YAHOO),
    _css("at-import", "@import", GMAIL, OUTLOOK, YAHOO, SAMSUNG),
    _css("at-supports", "@supports", GMAIL, WORD, OUTLOOK),
    _css("variables", r"var\(|(?<![\w-])--[a-z]", GMAIL, WORD, OUTLOOK, YAHOO),
    _property("display", WORD, value="(?:inline-)?flex", slug="display-flex"),
    _property("display", WORD, value="(?:inline-)?grid", slug="display-grid"),
    _property("position", GMAIL, WORD, OUTLOOK),
    _property("float", WORD),
    _property("background-image", WORD),
    _property("background-size", WORD),
    _css("linear-gradient", r"linear-gradient\(", WORD, OUTLOOK, YAHOO),
    _property("box-shadow", GMAIL, WORD, YAHOO),
    _property("transform", GMAIL, WORD, OUTLOOK, YAHOO),
    _property("animation", GMAIL, WORD, OUTLOOK, YAHOO),
    _property("filter", GMAIL, WORD, OUTLOOK, YAHOO),
    _css("function-clamp", r"\bclamp\(", WORD, OUTLOOK, YAHOO),
    _css("function-min", r"\bmin\(", WORD, OUTLOOK, YAHOO),
    _property("object-fit", WORD, YAHOO),
    _property("aspect-ratio", GMAIL, WORD, OUTLOOK, YAHOO, SAMSUNG),
    _property("gap", WORD, YAHOO),
    _property("column-count", WORD, YAHOO),
    _css("pseudo-class-hover", r":hover", GMAIL, WORD, OUTLOOK),
    _property("clip-path", GMAIL, WORD, OUTLOOK, YAHOO),
    _property("mix-blend-mode", WORD, YAHOO),
    _property("text-shadow", GMAIL, WORD, OUTLOOK),
    _property("writing-mode", WORD, YAHOO),
    _css("rgba", r"\brgba\(", WORD),
    _markup("html-svg", r"<svg\b", GMAIL, WORD, OUTLOOK, YAHOO),
    _markup("html-picture", r"<picture\b", GMAIL, WORD, OUTLOOK, YAHOO),
    _markup("html-srcset", r"\bsrcset=", GMAIL, WORD, OUTLOOK, YAHOO),
    _markup("html-video", r"<video\b", GMAIL, WORD, OUTLOOK, YAHOO),
    _markup("html-audio", r"<audio\b", GMAIL, WORD, OUTLOOK, YAHOO),
    _markup("html-form", r"<form\b", WORD, YAHOO),
    _markup("html-object", r"<object\b", GMAIL, WORD, OUTLOOK, YAHOO),
    _markup("html-link", r"<link\b", GMAIL, OUTLOOK, YAHOO, SAMSUNG),
    _markup(ANCHORS, r'href="#', GMAIL, YAHOO, SAMSUNG),
    _markup("html-image-maps", r"<map\b", YAHOO),
    _markup("image-svg", r'src="[^"]*\.svg', GMAIL),
    _markup("image-base64", r'src="data:', GMAIL),
    _markup("image-webp", r'src="[^"]*\.webp', WORD),
    _markup("image-avif", r'src="[^"]*\.avif', WORD),
)
"""In the order in which they are told."""


def features_of(html: str) -> tuple[Feature, ...]:
    """The features of the table that a compiled letter uses."""
    styles = re.findall(r"<style[^>]*>(.*?)</style>", html, re.DOTALL)
    inline = ";".join(re.findall(r'\bstyle="([^"]*)"', html)).split(";")
    bare = re.sub(r"<style[^>]*>.*?</style>|<!--\[if.*?<!\[endif\]-->", "", html, flags=re.DOTALL)
    # each declaration and tag once: a letter repeats some sixty styles a thousand times
    css = ";".join([*styles, *dict.fromkeys(inline)])
    markup = "".join(dict.fromkeys(re.findall(r"<[a-z][^>]*>", bare, re.IGNORECASE)))
    return tuple(feature for feature in FEATURES if feature.pattern.search(css if feature.is_css else markup))


def unsupported(html: str) -> tuple[Feature, ...]:
    """The features that a compiled letter uses though some clients lack them, and that have no fallback."""
    return tuple(feature for feature in features_of(html) if feature.missing and not feature.fallback)
