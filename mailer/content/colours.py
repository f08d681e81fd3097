"""How far two colours are apart (WCAG 2.2, "contrast ratio")."""

from functools import lru_cache
from typing import Final

from PIL import ImageColor

Rgb = tuple[float, float, float]
"""Red, green and blue, from 0 to 1."""
LEAST_CONTRAST: Final = 4.5
"""Of words and their ground (WCAG 2.2, 1.4.3)."""


@lru_cache(maxsize=1024)
def contrast(one: str, other: str) -> float:
    """The contrast of two colours, written as CSS does, from 1 to 21."""
    return contrast_of(rgb(one), rgb(other))


def contrast_of(one: Rgb, other: Rgb) -> float:
    """The same of two colours by their parts."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: Rgb) -> float:
    """How bright a colour is, from 0 to 1."""
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def rgb(colour: str) -> Rgb:
    """A colour's parts.

    Raises:
        ValueError: it is none.
    """
    red, green, blue = ImageColor.getrgb(colour)[:3]
    return red / 255, green / 255, blue / 255
