"""Attributes of HTML that go no further: scripts and looks."""

from mailer.content.issue import Place
from mailer.content.markdown.html_tags import DROPPED_WHOLE, HtmlEvent
from mailer.content.reading import Reading


def name_what_goes(reading: Reading, event: HtmlEvent, place: Place) -> None:
    """Names the attributes of a tag that are dropped: scripts each time, looks once, for some editors write them at every word."""
    if event.tag in DROPPED_WHOLE:
        return  # it is named, and goes whole
    for name in event.attributes:
        if name.startswith("on"):
            reading.warn(place, "html-dropped", f"{name}=… of <{event.tag}> is dropped; no letter runs scripts")
    if "style" in event.attributes and event.tag != "img" and not reading.env.get("styles_named"):
        reading.env["styles_named"] = True
        message = f"style=… of <{event.tag}> is dropped, as wherever it stands; a letter looks as its theme says"
        reading.warn(place, "html-dropped", message)
