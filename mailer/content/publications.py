"""`::: publications`: which entries of a BibTeX file are shown, and how they are grouped."""

from collections.abc import Mapping

from mailer.content.issue import Blocks, Place
from mailer.content.reading import Reading


def publications(
    reading: Reading, arguments: str, place: Place, head: Mapping[str, tuple[str, Place]], body: Blocks
) -> Blocks:
    """The list (bibliography follows in the next step)."""
    name = arguments.split(" ", 1)[0]
    reading.read(name)
    return body
