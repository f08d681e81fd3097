"""MathJax's SVG made to be drawn without a browser: its style sheet's lines, its ink that overflows, colours that can be read."""

import colorsys
import io
import re
from html import unescape
from typing import Final

import resvg_py
from PIL import Image

from mailer.content.colours import LEAST_CONTRAST, contrast_of, luminance, rgb
from mailer.content.formulas.glyphs import FAMILY, files_for, has_glyph

UNITS_PER_EX: Final = 442
DARK_GROUND: Final = "#1e1e1e"
"""What a picture without a ground is taken to lie on where its ink is light."""
_MARGIN_UNITS: Final = 3_000
_LOOK_PIXELS: Final = 900
_LOOK_SCALE: Final = 0.03
_TEXT: Final = re.compile(r'<text data-variant="([^"]*)"[^>]*>(.*?)</text>')
_NO_LETTERS_OF_OURS: Final = ("double-struck", "script", "fraktur", "calligraphic")
_VIEW: Final = re.compile(r'viewBox="([-\d.]+) ([-\d.]+) ([-\d.]+) ([-\d.]+)"')
_STROKES: Final = {
    "mjx-solid": 'stroke-width="70" fill="none"',
    "mjx-dashed": 'stroke-width="70" fill="none" stroke-dasharray="140"',
    "mjx-dotted": 'stroke-width="70" fill="none" stroke-linecap="round" stroke-dasharray="0,140"',
}
"""What MathJax says in a style sheet, which only browsers read."""


def drawn_in_full(svg: str) -> str:
    """The SVG with the lines of tables and frames as a browser would show them."""
    svg = re.sub(
        r'(<g data-mml-node="mspace"[^>]*><rect) fill="black"([^>]*?) data-bgcolor="true"', r"\1\2", svg
    )  # \rule
    return re.sub(
        r"<(line|rect) (data-line|data-frame)=([^>]*?class=\"([\w-]+)\")",
        lambda found: f"<{found[1]} {_STROKES.get(found[4], _STROKES['mjx-solid'])} {found[2]}={found[3]}",
        svg,
    )


def missing_glyph(svg: str) -> str | None:
    """The first character that nothing can draw; it would be left out silently."""
    for variant, text in _TEXT.findall(svg):
        ours = not any(name in variant for name in _NO_LETTERS_OF_OURS)
        for letter in unescape(text):
            if not ours or not has_glyph(letter, bold="bold" in variant, italic="it" in variant):
                return letter
    return None


def wrong_colour(svg: str) -> str | None:
    """The first colour that is none: it would be drawn black."""
    for name in re.findall(r'(?:fill|stroke)="([^"]+)"', svg):
        if name not in {"currentColor", "none"} and not _is_colour(name):
            return unescape(name)
    return None


def _is_colour(name: str) -> bool:
    try:
        rgb(name)
    except ValueError:
        return False
    return True


# --- what overflows ---------------------------------------------------------------------------------------------------


def view_of(svg: str) -> tuple[float, float, float, float]:
    """Left, top, width and height of what is shown, in the SVG's units; its baseline is at 0."""
    found = _VIEW.search(svg)
    return (float(found[1]), float(found[2]), float(found[3]), float(found[4])) if found else (0.0, 0.0, 0.0, 0.0)


def with_all_ink(svg: str) -> str | None:
    r"""The SVG, made larger where ink would be cut off (labels of `\CD`, `\mathllap`, `\smash`); None where there is no ink."""
    left, top, width, height = view_of(svg)
    wide, tall = width + 2 * _MARGIN_UNITS, height + 2 * _MARGIN_UNITS
    scale = min(_LOOK_SCALE, _LOOK_PIXELS / max(wide, tall))
    view = f"{left - _MARGIN_UNITS} {top - _MARGIN_UNITS} {wide} {tall}"
    look = painted(svg, view, (max(1, round(wide * scale)), max(1, round(tall * scale))), "#000000", None)
    with Image.open(io.BytesIO(look)) as image:
        ink = image.convert("RGBA").getchannel("A").point(lambda alpha: 255 * (alpha > 24)).getbbox()
    if ink is None:
        return None
    slack = 1.5 / scale
    reach = [edge / scale - _MARGIN_UNITS for edge in ink]
    new_left, new_top = (min(0.0, near + slack) for near in reach[:2])
    new_right = max(width, reach[2] - slack)
    new_bottom = max(height, reach[3] - slack)
    # where something overflows, the reach is known to a pixel only: room is left for it
    new_left, new_top = (edge - 2 * slack if edge else 0.0 for edge in (new_left, new_top))
    new_right += 2 * slack if new_right > width else 0
    new_bottom += 2 * slack if new_bottom > height else 0
    if (new_left, new_top, new_right, new_bottom) == (0.0, 0.0, width, height):
        return svg
    view = f"{left + new_left:.1f} {top + new_top:.1f} {new_right - new_left:.1f} {new_bottom - new_top:.1f}"
    return _VIEW.sub(f'viewBox="{view}"', svg, count=1)


def painted(svg: str, view: str, pixels: tuple[int, int], ink: str, ground: str | None) -> bytes:
    """The part of the SVG as PNG, so many pixels wide and high."""
    head = re.match(r"<svg [^>]*>", svg)
    body = svg[head.end() :] if head else svg
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" color="{ink}" width="{pixels[0]}" height="{pixels[1]}"'
        f' viewBox="{view}">'
    )
    fonts = files_for("".join(unescape(text) for _, text in _TEXT.findall(body))) if "<text" in body else []
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=opening + body,
            background=ground,
            skip_system_fonts=True,
            font_files=fonts or None,
            serif_family=FAMILY if fonts else None,
            sans_serif_family=FAMILY if fonts else None,
            monospace_family=FAMILY if fonts else None,
        )
    )


# --- colours ----------------------------------------------------------------------------------------------------------


def legible(svg: str, ink: str, ground: str | None) -> str:
    r"""The SVG with its own colours as near to what was meant as can be read: on the ground, or behind the ink (`\colorbox`)."""
    if not re.search(r'(?:fill|stroke)="(?!currentColor|none)', svg):
        return svg
    behind = ground or (DARK_GROUND if luminance(rgb(ink)) > 0.4 else "#ffffff")

    def changed(element: re.Match[str]) -> str:
        against = ink if re.search(r"<rect\b[^>]*data-bgcolor", element[0]) else behind
        return re.sub(
            r'\b(fill|stroke)="(?!currentColor|none)([^"]+)"',
            lambda paint: f'{paint[1]}="{_apart(paint[2], against)}"',
            element[0],
        )

    return re.sub(r"<\w+[^>]*>", changed, svg)


def _apart(colour: str, against: str) -> str:
    """The colour, lighter or darker until it stands out from the other; its hue stays."""
    other = rgb(against)
    hue, light, saturation = colorsys.rgb_to_hls(*rgb(colour))
    step = 0.02 if luminance(other) < 0.18 else -0.02
    while (
        contrast_of(found := colorsys.hls_to_rgb(hue, light, saturation), other) < LEAST_CONTRAST
        and 0 < light + step < 1
    ):
        light += step
    return "#" + "".join(f"{round(part * 255):02x}" for part in found)
