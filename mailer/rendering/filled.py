"""A letter for one person, read rather than sent: in the browser, in a preview, in a file."""

from html import escape
from urllib.parse import quote

from mailer.rendering.encoding import without_controls
from mailer.rendering.letter import Letter
from mailer.rendering.mime import Values
from mailer.rendering.pictures import content_id


def html_of(letter: Letter, values: Values, *, pictures: str | None = None) -> str:
    """The HTML with its slots filled, their values escaped.

    Args:
        letter: the letter.
        values: a value for every slot.
        pictures: where the embedded pictures are found, such as `https://x.org/media/` or an empty string for "beside the
            page"; without it they are referred to as the message does, by `cid:`.

    Raises:
        KeyError: a slot has no value.
    """
    page = "".join(
        segment if isinstance(segment, str) else escape(without_controls(values[segment])) for segment in letter.html
    )
    if pictures is not None:
        for picture in letter.pictures:
            page = page.replace(f'src="cid:{content_id(picture.name)}"', f'src="{pictures}{quote(picture.name)}"')
    return page


def text_of(letter: Letter, values: Values) -> str:
    """The text part with its slots filled.

    Raises:
        KeyError: a slot has no value.
    """
    return "".join(
        segment if isinstance(segment, str) else without_controls(values[segment]) for segment in letter.text
    )


def subject_of(letter: Letter, values: Values) -> str:
    """The subject with its slots filled, on one line.

    Raises:
        KeyError: a slot has no value.
    """
    filled = (segment if isinstance(segment, str) else values[segment] for segment in letter.subject)
    return " ".join(without_controls("".join(filled)).split())
