"""Formulas on the page: text where text is faithful, else a picture on the line."""

from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from mailer.content.issue import Formula
from mailer.rendering.pictures import Gallery
from mailer.rendering.themes import Theme

if TYPE_CHECKING:
    from mailer.rendering.inlines import MailInlines


class MailFormulas:
    """Writes the formulas of one letter."""

    def __init__(self, theme: Theme, cache: Path | None) -> None:
        self._theme = theme
        self._cache = cache

    def __call__(self, formula: Formula, write: "MailInlines", gallery: Gallery) -> Markup | None:
        """The formula's markup; None where its source is to be shown as code."""
        del formula, write, gallery
        return None
