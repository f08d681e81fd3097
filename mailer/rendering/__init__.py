"""Rendering: an issue becomes letters and a web edition.

Takes an `Issue` (`mailer.content`), the audiences of some readers and the `Frame` around it.
Gives a `Letter` (HTML, text and subject with slots, pictures, calendar files), its MIME `Skeleton`, and the web edition.
Knows MJML, mail clients and MIME; knows no subscriber, no campaign and no database.
"""

from mailer.rendering.archive import summary_of
from mailer.rendering.calendars import calendar
from mailer.rendering.checks.checker import check_letter
from mailer.rendering.checks.letters import check_letters
from mailer.rendering.letter import FieldSlot, Frame, Letter, LinkSlot, Picture, SectionSize, Segments, Sender, Slot
from mailer.rendering.mime import HeaderValue, Key, Skeleton, fill, pieces, skeleton
from mailer.rendering.render import Press, render
from mailer.rendering.showing import html_of, slots_of, text_of, values_of, with_picture_addresses
from mailer.rendering.sizes import size_report
from mailer.rendering.webpage import WebEdition, web_edition

__all__ = [
    "FieldSlot",
    "Frame",
    "HeaderValue",
    "Key",
    "Letter",
    "LinkSlot",
    "Picture",
    "Press",
    "SectionSize",
    "Segments",
    "Sender",
    "Skeleton",
    "Slot",
    "WebEdition",
    "calendar",
    "check_letter",
    "check_letters",
    "fill",
    "html_of",
    "pieces",
    "render",
    "size_report",
    "skeleton",
    "slots_of",
    "summary_of",
    "text_of",
    "values_of",
    "web_edition",
    "with_picture_addresses",
]
