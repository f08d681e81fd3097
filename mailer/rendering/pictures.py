"""Pictures as mail wants them: no wider than twice the column, re-encoded, named by their content, with explicit sizes."""

import hashlib
import io
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal
from urllib.parse import quote

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from mailer.base.errors import WrongInput
from mailer.content.svg import drawn, is_svg
from mailer.rendering.letter import Picture
from mailer.rendering.themes import Logo

EMBED_LIMIT_BYTES: Final = 1_000_000
DENSITY: Final = 2
"""How many pixels of the file stand for one CSS pixel, at most."""
PIXEL_LIMIT: Final = 60_000_000
ANIMATION_LIMIT_BYTES: Final = 2_000_000
PHOTO_BYTES: Final = 150_000
"""A PNG above this is tried as a JPEG too."""
REFERENCE: Final = re.compile(r'="cid:([0-9a-f]{24}\.[a-z]{3})@mailer"')
MEDIA_TYPES: Final = {"PNG": ("image/png", "png"), "JPEG": ("image/jpeg", "jpg"), "GIF": ("image/gif", "gif")}


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture at its place: the address and the size in CSS pixels; a foreign picture's height is not known."""

    src: str
    width: int
    height: int | None


@dataclass(frozen=True, slots=True)
class ShownLogo:
    """The logo at its place, and the one for dark mode where there is one."""

    alt: str
    light: Shown
    dark: Shown | None


def content_name(content: bytes, suffix: str) -> str:
    """A name that only this content has: 96 bits of its SHA-256, and the suffix."""
    return f"{hashlib.sha256(content).hexdigest()[:24]}.{suffix}"


def content_id(name: str) -> str:
    """The Content-ID of an embedded picture, without its brackets (RFC 2392)."""
    return f"{name}@mailer"


class Gallery:
    """Makes the pictures of an issue ready and keeps each once, whichever letters show it."""

    def __init__(self, assets: Mapping[str, bytes], column: int) -> None:
        self._assets = assets
        self._column = column
        self._pictures: dict[str, Picture] = {}

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """Every picture shown so far, once."""
        return tuple(self._pictures.values())

    def shown_in(self, html: str) -> tuple[Picture, ...]:
        """The embedded pictures that the HTML shows, in the order of their first use."""
        names = dict.fromkeys(REFERENCE.findall(html))
        return tuple(self._pictures[name] for name in names if name in self._pictures)

    def show(
        self, src: str, *, width: int | None = None, share: int | None = None, column: int | None = None
    ) -> Shown | None:
        """An asset or a foreign address, ready to be shown; None where there is no such asset or it is no picture.

        Args:
            src: a name among the issue's assets, or an http(s) address.
            width: CSS pixels that the author asked for.
            share: hundredths of the column that the author asked for instead.
            column: CSS pixels that there are, where it is not the letter's column.
        """
        room = column or self._column
        if share:
            width = max(1, room * share // 100)
        if re.match(r"https?://", src, re.IGNORECASE):
            return Shown(src, min(width or room, room), None)
        content = self._assets.get(src)
        if content is None:
            return None
        picture = prepared(content, min(width or room, room))
        if picture is None:
            return None
        return self.keep(picture)

    def logo(self, logo: Logo | None) -> "ShownLogo | None":
        """The theme's logo, ready to be shown.

        Raises:
            WrongInput: a file of it is no picture.
        """
        if logo is None:
            return None
        light, dark = (prepared(content, logo.width) if content else None for content in (logo.light, logo.dark))
        if light is None or (logo.dark and dark is None):
            raise WrongInput("the logo is no picture", do="name a PNG, JPEG, GIF or SVG", place=logo.place)
        return ShownLogo(logo.alt, self.keep(light), self.keep(dark) if dark else None)

    def keep(self, picture: Picture) -> Shown:
        """Take a finished picture in, such as a formula's."""
        self._pictures.setdefault(picture.name, picture)
        return Shown(f"cid:{content_id(picture.name)}", picture.width, picture.height)


def is_embedded(pictures: Iterable[Picture], wanted: Literal["embed", "host"]) -> bool:
    """Whether the pictures travel in the message: by setting, and only up to 1 MB in all."""
    return wanted == "embed" and sum(len(picture.content) for picture in pictures) <= EMBED_LIMIT_BYTES


def hosted(html: str, pictures: Iterable[Picture], base_url: str) -> str:
    """The HTML with every embedded picture's reference turned into its public address."""
    for picture in pictures:
        src = f"cid:{content_id(picture.name)}"
        html = html.replace(f'="{src}"', f'="{public_address(src, base_url)}"')
    return html


def public_address(src: str, base_url: str) -> str:
    """Where the world finds what `Gallery.show` shows."""
    if not src.startswith("cid:"):
        return src
    name = src.removeprefix("cid:").removesuffix(content_id(""))
    return f"{base_url.rstrip('/')}/media/{quote(name)}"


@lru_cache(maxsize=256)
def prepared(content: bytes, room: int) -> Picture | None:
    """The picture for a column of that many CSS pixels; None where the bytes are no picture that we can draw.

    The same bytes give the same file: no metadata, no time, fixed settings.
    """
    if is_svg(content):
        raster = drawn(content, room, density=DENSITY)
        if raster is None:
            return None
        content, room = raster
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content)) as image:
                if image.width * image.height > PIXEL_LIMIT:
                    return None
                return _animated(image, content, room) or _encoded(
                    ImageOps.exif_transpose(image), room, was_photo=image.format in {"JPEG", "MPO"}
                )
    except (
        UnidentifiedImageError,
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        Image.DecompressionBombWarning,
        Image.DecompressionBombError,
    ):
        return None  # Pillow tells of damaged files in all these ways


def _animated(image: Image.Image, content: bytes, room: int) -> Picture | None:
    """An animation is passed on as it is, if mail clients can play it and its size is bearable."""
    if not getattr(image, "is_animated", False) or image.format != "GIF" or len(content) > ANIMATION_LIMIT_BYTES:
        return None
    width = min(image.width, room)
    return Picture(content_name(content, "gif"), content, "image/gif", width, _height(image, width))


def _encoded(image: Image.Image, room: int, *, was_photo: bool) -> Picture:
    shown = min(image.width, room)
    height = _height(image, shown)
    has_alpha = "A" in image.getbands() or "transparency" in image.info
    image = _in_common_colours(image)
    if image.mode not in {"RGB", "RGBA"}:
        image = image.convert("RGBA" if has_alpha else "RGB")
    if image.width > shown * DENSITY:
        size = (shown * DENSITY, max(1, round(image.height * shown * DENSITY / image.width)))
        image = image.resize(size, Image.Resampling.LANCZOS)
    content, kind = (_jpeg(image), "JPEG") if was_photo and not has_alpha else (_png(image), "PNG")
    if kind == "PNG" and not has_alpha and len(content) > PHOTO_BYTES:
        photo = _jpeg(image)
        if len(photo) * 2 < len(content):  # a photograph saved as PNG; drawings do not shrink by half
            content, kind = photo, "JPEG"
    elif kind == "PNG" and has_alpha and len(content) > PHOTO_BYTES:
        few = _png(image.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE))
        content = few if len(few) * 2 < len(content) else content
    media_type, suffix = MEDIA_TYPES[kind]
    return Picture(content_name(content, suffix), content, media_type, shown, height)


def _in_common_colours(image: Image.Image) -> Image.Image:
    """The picture in eight bits and sRGB: sixteen bits would be cut off, a profile would be lost with the metadata."""
    if image.mode.startswith("I;16") or image.mode == "I":
        image = (
            image.convert("I").point(lambda value: value / 256).convert("L")
        )  # 16 bits: the upper eight are what is seen
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in {"RGB", "RGBA", "CMYK", "L"}:
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = "RGBA" if image.mode == "RGBA" else "L" if image.mode == "L" else "RGB"
        made = ImageCms.profileToProfile(image, source, _SRGB if target != "L" else source, outputMode=target)
    except (ImageCms.PyCMSError, OSError):  # a broken profile says nothing
        return image
    return made or image


_SRGB: Final = ImageCms.createProfile("sRGB")


def _height(image: Image.Image, width: int) -> int:
    return max(1, round(image.height * width / image.width))


def _png(image: Image.Image) -> bytes:
    colours = image.getcolors(256)
    if colours is not None and image.mode == "RGB":
        # exact: there are no more colours than the palette holds
        image = image.quantize(colors=max(2, len(colours)), dither=Image.Dither.NONE)
    out = io.BytesIO()
    image.info = {}
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=84, optimize=True, progressive=True, subsampling="4:2:0")
    return out.getvalue()
