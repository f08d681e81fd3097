"""Inlines as the markup of a letter: text is escaped here, once; nothing of an issue reaches the page another way."""

from markupsafe import Markup

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
    Span,
    Text,
)
from mailer.rendering.archive import Archive
from mailer.rendering.blocks import Ground
from mailer.rendering.escaping import attribute, flowing, text
from mailer.rendering.formulas import MailFormulas, together
from mailer.rendering.letter import FieldSlot
from mailer.rendering.pictures import Gallery
from mailer.rendering.slots import Mint
from mailer.rendering.themes import Theme


class MailInlines:
    """Writes the inlines of one letter."""

    def __init__(self, theme: Theme, mint: Mint, gallery: Gallery, formulas: MailFormulas, *, archive: Archive) -> None:
        self._archive = archive
        self._theme = theme
        self._mint = mint
        self._gallery = gallery
        self._formulas = formulas
        self._link = f'style="color:{theme.light["link"]}"'
        self._code = f'style="font-family:{attribute(theme.fonts["code"])};font-size:.9em"'
        self.column: int | None = None
        self.ground: Ground = "sheet"

    def __call__(self, inlines: Inlines) -> Markup:
        """The markup of the inlines."""
        return Markup("".join(together(inlines, [self._one(part) for part in inlines])))  # noqa: S704  # escaped piece by piece

    def _one(self, inline: Inline) -> str:  # noqa: PLR0911  # one case a kind
        match inline:
            case Text(text=words):
                return flowing(words)
            case Span(kind=kind, children=children):
                return f"<{kind}>{self(children)}</{kind}>"
            case Link():
                return self._anchor(inline)
            case Code(text=words):
                return f"<code {self._code}>{text(words)}</code>"
            case Formula():
                return self.formula(inline)
            case MergeField(expression=expression):
                return self._mint.word(FieldSlot(expression.strip()))
            case LineBreak():
                return "<br/>"
            case FootnoteRef(number=number):
                return f"<sup>{number}</sup>"
            case Picture():
                return self.picture(inline)

    def _anchor(self, link: Link) -> str:
        title = f' title="{attribute(link.title)}"' if link.title else ""
        inner = self(link.children) or text(link.href)
        href = self._archive.address(link.href)
        if not href:
            return inner
        return f'<a href="{attribute(href)}" {self._link}{title}>{inner}</a>'

    def formula(self, formula: Formula) -> Markup:
        """A formula as text, as a picture on the line, or as its source where it cannot be set."""
        shown = self._formulas(formula, self, self._gallery)
        if shown is None:
            return Markup(f"<code {self._code}>{text(formula.tex)}</code>")  # noqa: S704
        return shown

    def picture(self, picture: Picture, *, block: bool = False) -> Markup:
        """A picture, or its alt text where there is none to show."""
        shown = self._gallery.show(picture.src, width=picture.width, share=picture.share, column=self.column)
        if shown is None:
            return Markup(f"<em>{text(picture.alt)}</em>") if picture.alt else Markup("")  # noqa: S704
        height = f' height="{shown.height}"' if shown.height else ""
        style = f"width:100%;max-width:{shown.width}px;height:auto" if block else "max-width:100%;height:auto"
        if block:
            style = f"display:block;{style};border-radius:{self._theme.measure['radius']}px"
        title = f' title="{attribute(picture.title)}"' if picture.title else ""
        return Markup(  # noqa: S704
            f'<img src="{attribute(shown.src)}" alt="{attribute(picture.alt)}" width="{shown.width}"{height}'
            f'{title} style="{style}"/>'
        )
