"""`::: figure` and `::: button`: a picture with its caption, a call to action."""

import re
from dataclasses import replace

from mailer.content.containers.given import Container
from mailer.content.issue import Blocks, Button, Figure, Link, Paragraph, Picture, Text
from mailer.content.markdown.inlines import alt_of, inlines_of_text
from mailer.content.markdown.widths import sized
from mailer.content.runs import in_a_row


def figure(container: Container) -> Blocks:
    """A picture with its caption, alt text and credit.

        ::: figure singular.png
        alt: A surface that is smooth but for a spike, and its two parts.
        credit: Teo Deveney
        width: 480

        The solution is split into a singular and a **regular** part.
        :::

    The file may also stand as `src:` or as `![alt](file)` in the body; the alt text also in quotes after the file.
    The body, or `caption:`, is the caption: its paragraphs are joined. `width` is in CSS pixels, or a share such as 50%.
    """
    reading, place = container.reading, container.place
    found = re.match(r"\s*(?:\"[^\"]*\"|(?P<src>\S+))?\s*(?:[\"“](?P<alt>.*)[\"”])?", container.arguments)
    src = (found["src"] if found else None) or container.value("src")
    quoted = inlines_of_text(reading, (found["alt"] if found else None) or "", place.line)
    alt = alt_of(reading, container.inlines("alt") or quoted, container.place_of("alt"))
    pictures = [block for block in container.blocks if isinstance(block, Figure)]
    body = tuple(block for block in container.blocks if block not in pictures or (src and block is not pictures[0]))
    if not src and not pictures:
        reading.fault(place, "container-argument", "the figure names no picture; write ::: figure picture.png")
        return container.blocks
    first = None if src else pictures[0].picture
    picture = replace(first, alt=alt or first.alt) if first else Picture(reading.picture(src, place), alt, place)
    picture = sized(reading, picture, container.value("width"), container.place_of("width"))
    caption = in_a_row(block.inlines for block in body if isinstance(block, Paragraph))
    caption = caption or container.inlines("caption") or (pictures[0].caption if pictures else ())
    others = tuple(block for block in body if not isinstance(block, Paragraph))
    figure = Figure(
        place=place, audiences=container.audiences, picture=picture, caption=caption, credit=container.inlines("credit")
    )
    return (figure, *others) if picture.src else (*body,)


def button(container: Container) -> Blocks:
    """A call to action.

        ::: button https://example.org/register
        Register for the workshop
        :::

    The address, then the label, which may also stand on the first line after the address.
    """
    reading, place = container.reading, container.place
    address, _, label_text = container.arguments.partition(" ")
    others = tuple(block for block in container.blocks if not isinstance(block, Paragraph))
    label = in_a_row(block.inlines for block in container.blocks if isinstance(block, Paragraph))
    label = label or inlines_of_text(reading, label_text.strip(), place.line)
    address = address.strip("<>")
    if not address and len(label) == 1 and isinstance(label[0], Link):
        address, label = label[0].href, label[0].children
    if not address:
        reading.fault(place, "container-argument", "the button has no address; write ::: button https://…")
        return container.blocks
    if not label:
        reading.fault(place, "button-label", "the button has no label; write it on a line of its own")
        label = (Text(address),)
    label = tuple(part for inline in label for part in (inline.children if isinstance(inline, Link) else (inline,)))
    href = reading.link(address, place)
    if href is None:
        return (Paragraph(place=place, audiences=container.audiences, inlines=label), *others)
    return (Button(place=place, audiences=container.audiences, href=href, label=label), *others)
