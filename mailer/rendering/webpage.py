"""The web edition: the whole issue as one semantic HTML page with MathML, printable, in light and dark, without script."""

import re
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup, escape

from mailer.content.formulas.drawing import legible
from mailer.content.formulas.typesetting import FormulaError, Typeset, spoken, typeset
from mailer.content.issue import (
    Code,
    Figure,
    FootnoteRef,
    Formula,
    Inline,
    Inlines,
    Issue,
    LineBreak,
    Link,
    MergeField,
    Span,
    Text,
)
from mailer.content.issue import Picture as InlinePicture
from mailer.content.merge_fields import read_field
from mailer.content.select import select
from mailer.content.walk import all_blocks
from mailer.rendering.archive import Archive
from mailer.rendering.blocks import BlockWriter, Ground, bare
from mailer.rendering.edition import Edition, calendars
from mailer.rendering.escaping import CONTROLS, flowing
from mailer.rendering.formulas import together
from mailer.rendering.highlight import highlighted
from mailer.rendering.letter import Frame, Picture
from mailer.rendering.mathml import for_browsers, is_for_browsers
from mailer.rendering.outline import outline
from mailer.rendering.pictures import Gallery, hosted, public_address
from mailer.rendering.slots import for_nobody
from mailer.rendering.templates import rendered
from mailer.rendering.themes import Theme


@dataclass(frozen=True, slots=True)
class WebEdition:
    """The page, the pictures that it shows from `/media/NAME`, and the calendar files that it links to, by name."""

    html: str
    pictures: tuple[Picture, ...]
    calendars: dict[str, bytes]


def web_edition(
    issue: Issue, audiences: frozenset[str], frame: Frame, *, formula_cache: Path | None = None
) -> WebEdition:
    """The web edition for readers in these audiences, with what it shows beside it; merge fields show their defaults.

    Raises:
        WrongInput: a template, theme or phrase table is wrong.
    """
    edition = Edition.begin(issue, frame)
    blocks = select(issue, audiences)
    plan = outline(blocks)
    gallery = Gallery(issue.assets, edition.theme.column)
    inlines = WebInlines(gallery, edition.theme, formula_cache, issue.meta.language)
    context = {
        "t": edition.theme,
        "logo": gallery.logo(edition.theme.logo),
        "p": edition.words,
        "said": edition.said,
        "picture": inlines.figure,
        "formula": inlines.formula,
        "code": highlighted,
        "calendar_url": Archive(frame.archive_url).calendar,
        "bare": lambda words: inlines(bare(words)),
    }
    write = BlockWriter(edition.templates, "web/{}.html", inlines=inlines, plan=plan, context=context)
    body = write.flow(blocks)
    figure = next((block for block in all_blocks(blocks) if isinstance(block, Figure)), None)
    image = gallery.show(figure.picture.src) if figure else None
    page = rendered(
        edition.templates,
        "web/edition.html",
        **context,
        **edition.facts(audiences),
        title=for_nobody(edition.of_meta("title", audiences)),
        summary=for_nobody(edition.of_meta("preheader", audiences)),
        published=issue.meta.date.isoformat() if issue.meta.date else "",
        site_url=frame.base_url.rstrip("/"),
        feed_url=f"{frame.base_url.rstrip('/')}/feed.xml" if frame.archive_url else "",
        image=image,
        image_url=public_address(image.src, frame.base_url) if image else "",
        image_alt=figure.picture.alt if figure else "",
        contents=plan.contents,
        body=body,
    )
    html = hosted(str(page), gallery.pictures, frame.base_url)
    return WebEdition(html, gallery.pictures, calendars(issue, blocks, frame))


class WebInlines:
    """Writes the inlines of one page."""

    def __init__(self, gallery: Gallery, theme: Theme, formula_cache: Path | None, language: str) -> None:
        self._gallery = gallery
        self._theme = theme
        self._cache = formula_cache
        self._language = language
        self._referred: set[int] = set()
        self.column: int | None = None
        self.ground: Ground = "sheet"

    def __call__(self, inlines: Inlines) -> Markup:
        """The markup of the inlines."""
        return Markup("".join(together(inlines, [self._one(part) for part in inlines])))  # noqa: S704  # escaped piece by piece

    def _one(self, inline: Inline) -> Markup:  # noqa: PLR0911  # one case a kind
        match inline:
            case Text(text=words):
                return flowing(words)
            case Span(kind=kind, children=children):
                return Markup("<{0}>{1}</{0}>").format(Markup(kind), self(children))  # noqa: S704  # one of a few names
            case Link():
                title = Markup(' title="{}"').format(inline.title) if inline.title else ""
                said = self(inline.children) or flowing(inline.href)
                # printed, an address stands behind the link's words, unless it is the words
                bare_address = Markup(' class="bare"') if said == flowing(inline.href) else ""
                return Markup('<a href="{}"{}{}>{}</a>').format(inline.href, title, bare_address, said)
            case Code(text=words):
                return Markup("<code>{}</code>").format(CONTROLS.sub("", words))
            case Formula():
                return self.formula(inline)
            case MergeField(expression=expression):
                return escape(read_field(expression).default or "")
            case LineBreak():
                return Markup("<br>")
            case FootnoteRef(number=number):
                return self._reference(number)
            case InlinePicture():
                return self.picture(inline)

    def _reference(self, number: int) -> Markup:
        mark = Markup("") if number in self._referred else Markup(' id="from-{}"').format(number)
        self._referred.add(number)
        return Markup('<sup><a href="#note-{}"{}>{}</a></sup>').format(number, mark, number)

    def formula(self, formula: Formula) -> Markup:
        """A formula as MathML, or its source where it cannot be set."""
        found = typeset(formula.tex, display=formula.display, cache=self._cache)
        if isinstance(found, FormulaError):
            return Markup("<code>{}</code>").format(formula.tex)
        if not is_for_browsers(found.mathml):
            return _drawn(found, self._language, self._theme, self.ground)
        return Markup(for_browsers(found.mathml))  # noqa: S704  # made by our own MathJax from TeX, not by the author

    def figure(self, picture: InlinePicture) -> Markup:
        """The picture of a figure, whose share is one of what it stands in, such as a column of several."""
        share = Markup(' style="width:{}%"').format(picture.share) if picture.share else Markup("")
        return self.picture(picture, share)

    def picture(self, picture: InlinePicture, style: str = "") -> Markup:
        """A picture, or its alt text where there is none to show."""
        shown = self._gallery.show(picture.src, width=picture.width, share=picture.share)
        if shown is None:
            return Markup("<em>{}</em>").format(picture.alt) if picture.alt else Markup("")
        height = Markup(' height="{}"').format(shown.height) if shown.height else ""
        title = Markup(' title="{}"').format(picture.title) if picture.title else ""
        return Markup('<img src="{}" alt="{}" width="{}"{}{}{} loading="lazy">').format(
            shown.src, picture.alt, shown.width, height, title, style
        )


def _drawn(formula: Typeset, language: str, theme: Theme, ground: Ground) -> Markup:
    """A formula that browsers cannot set, as a drawing in the colour of the text, with the words of a mail's picture.

    One with colours of its own is drawn twice, in colours that can be read in light and in dark.
    """
    light, dark = (legible(formula.svg, palette["text"], palette[ground]) for palette in (theme.light, theme.dark))
    drawings = [(light, "drawn")] if light == dark else [(light, "drawn on-light"), (dark, "drawn on-dark")]
    words = spoken(formula, language)
    return Markup("").join(_drawing(svg, classes, words, formula.depth) for svg, classes in drawings)


def _drawing(svg: str, classes: str, words: str, depth: float) -> Markup:
    opening = Markup('<svg role="img" aria-label="{}" class="{}" style="vertical-align:{}ex" ').format(
        words, classes, -depth
    )
    drawing = re.sub(r'^<svg style="[^"]*" | role="img"| focusable="false"| data-[a-z-]+="[^"]*"', "", svg)
    return opening + Markup(drawing)  # noqa: S704  # made by our own MathJax from TeX, not by the author
