"""Highlighted code by classes: `z` and how a theme's key in `[code_colours]` begins; the style block holds their colours."""

from collections.abc import Iterator

from markupsafe import Markup
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Name, Number, String, Token
from pygments.util import ClassNotFound

from mailer.rendering.escaping import text

CLASSES = (
    (Keyword, "zke"),
    (String, "zst"),
    (Number, "znu"),
    (Comment, "zco"),
    (Name.Function, "zna"),
    (Name.Class, "zna"),
    (Name.Builtin, "zna"),
)
LONGEST = 20_000
"""Code above this is shown plain: a lexer may need a time that grows faster than the text."""


def highlighted(source: str, language: str, *, break_lines: bool = True) -> Markup:
    """The code as markup; a line's end is an element where `break_lines`, for mrml drops line ends between elements."""
    return Markup("".join(_pieces(source.rstrip("\n"), language, "<br/>" if break_lines else "\n")))  # noqa: S704


def _pieces(source: str, language: str, end: str) -> Iterator[str]:
    for kind, piece in _tokens(source, language):
        name = next((name for parent, name in CLASSES if kind in parent), "")
        for number, line in enumerate(piece.split("\n")):
            if number:
                yield end
            if line:
                shown = text(line).replace("  ", "&#160; ")
                yield f'<span class="{name}">{shown}</span>' if name and line.strip() else shown


def _tokens(source: str, language: str) -> Iterator[tuple[object, str]]:
    if language and len(source) <= LONGEST:
        try:
            lexer = get_lexer_by_name(language, ensurenl=False, stripnl=False)
        except ClassNotFound:
            pass
        else:
            yield from lexer.get_tokens(source)
            return
    yield Token, source
