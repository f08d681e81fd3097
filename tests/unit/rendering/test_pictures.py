import io
import re
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from mailer.content.issue import Figure, Picture
from mailer.rendering import Frame, render, web_edition
from mailer.rendering import Picture as Shot
from mailer.rendering.pictures import Gallery, is_embedded, prepared
from tests.unit.rendering.builders import FRAME, PLACE, SENDER, an_issue, filled_html, from_markdown, page_of, words

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="80" height="40"><rect width="80" height="40" fill="#123456"/></svg>'


def a_picture(width: int = 40, height: int = 20, *, mode: str = "RGB", kind: str = "PNG", noisy: bool = False) -> bytes:
    image = Image.effect_noise((width, height), 80).convert(mode) if noisy else Image.new(mode, (width, height))
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def a_figure(src: str, alt: str = "A curve") -> Figure:
    return Figure(place=PLACE, picture=Picture(src, alt, PLACE), caption=words("The caption"), credit=words("us"))


def test_a_large_picture_is_made_twice_the_column() -> None:
    found = prepared(a_picture(4000, 2000), 544)
    assert found
    assert (found.width, found.height) == (544, 272)
    with Image.open(io.BytesIO(found.content)) as image:
        assert image.size == (1088, 544)


def test_a_small_picture_keeps_its_size() -> None:
    found = prepared(a_picture(100, 50), 544)
    assert found
    assert (found.width, found.height) == (100, 50)


def test_the_same_picture_gives_the_same_file() -> None:
    content = a_picture(900, 300, noisy=True)
    first = prepared(content, 544)
    prepared.cache_clear()
    assert prepared(content, 544) == first


def test_a_photograph_is_a_jpeg_and_a_drawing_a_png() -> None:
    photo, drawing = prepared(a_picture(800, 600, kind="JPEG", noisy=True), 544), prepared(a_picture(800, 600), 544)
    assert photo
    assert drawing
    assert (photo.media_type, drawing.media_type) == ("image/jpeg", "image/png")
    assert photo.name.endswith(".jpg")


def test_transparency_stays() -> None:
    found = prepared(a_picture(40, 20, mode="RGBA"), 544)
    assert found
    with Image.open(io.BytesIO(found.content)) as image:
        assert image.convert("RGBA").getpixel((1, 1)) == (0, 0, 0, 0)


def test_svg_becomes_a_sharp_png_and_reads_no_other_file() -> None:
    found = prepared(SVG, 544)
    assert found
    assert (found.width, found.height, found.media_type) == (80, 40, "image/png")
    outside = SVG.replace(b"<rect", b'<image href="/etc/hostname.png" width="9" height="9"/><rect')
    assert prepared(outside, 544) is not None


def test_an_animation_stays_one() -> None:
    frames = [Image.new("L", (30, 30), shade) for shade in (0, 90, 200)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    found = prepared(out.getvalue(), 544)
    assert found
    assert found.content == out.getvalue()


@given(st.binary(max_size=200))
def test_what_is_no_picture_is_not_shown(content: bytes) -> None:
    assert prepared(content, 544) is None


@pytest.mark.parametrize(
    "content", [a_picture()[:60], b"<svg>", b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 9999'/>"]
)
def test_a_damaged_picture_is_not_shown(content: bytes) -> None:
    assert prepared(content, 544) is None


def test_a_missing_picture_becomes_its_alt_text() -> None:
    page = page_of(render(an_issue(a_figure("gone.png")), frozenset(), FRAME))
    assert not page.all("img")
    assert "A curve The caption Credit: us" in page.text


def test_small_pictures_travel_in_the_message_and_large_ones_are_hosted() -> None:
    small = render(an_issue(a_figure("a.png"), assets={"a.png": a_picture()}), frozenset(), FRAME)
    name = small.pictures[0].name
    assert small.embedded
    assert page_of(small).all("img")[0]["src"] == f"cid:{name}@mailer"

    host = Frame(sender=SENDER, base_url="https://news.test/", pictures="host")
    hosted = render(an_issue(a_figure("a.png"), assets={"a.png": a_picture()}), frozenset(), host)
    assert not hosted.embedded
    assert page_of(hosted).all("img")[0]["src"] == f"https://news.test/media/{name}"
    assert hosted.pictures == small.pictures

    half = Shot("a.png", bytes(500_000), "image/png", 1, 1)
    assert is_embedded([half, half], "embed")
    assert not is_embedded([half, half, Shot("b.png", b"x", "image/png", 1, 1)], "embed")


def test_every_picture_has_its_size_and_alt() -> None:
    html = render(an_issue(a_figure("a.png"), assets={"a.png": a_picture(2000, 1000)}), frozenset(), FRAME)
    image = page_of(html).all("img")[0]
    assert (image["width"], image["height"], image["alt"]) == ("544", "272", "A curve")
    assert "data:" not in filled_html(html)


def test_a_foreign_picture_is_referred_to_as_it_is() -> None:
    shown = Gallery({}, 544).show("https://x.test/a.png", width=900)
    assert shown
    assert (shown.src, shown.width, shown.height) == ("https://x.test/a.png", 544, None)


def middle_of(content: bytes, room: int = 544) -> tuple[int, ...]:
    found = prepared(content, room)
    assert found
    with Image.open(io.BytesIO(found.content)) as image:
        pixel = image.convert("RGBA").getpixel((image.width // 2, image.height // 2))
    assert isinstance(pixel, tuple)
    return pixel


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def test_print_colours_sixteen_bits_and_profiles_look_the_same_in_a_letter() -> None:
    red = Image.new("RGB", (80, 60), (200, 30, 30))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for content in (
        saved(red.convert("CMYK"), "JPEG", quality=95),
        saved(red, "JPEG", quality=95, icc_profile=profile),
        saved(red, "JPEG", quality=95, icc_profile=b"nonsense"),
    ):
        assert all(abs(one - other) < 8 for one, other in zip(middle_of(content), (200, 30, 30, 255), strict=True))
    grey = middle_of(saved(Image.new("I;16", (80, 60), 30_000), "PNG"))
    assert all(abs(part - 117) < 3 for part in grey[:3])


def test_a_picture_taken_with_the_camera_on_its_side_stands_upright() -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    found = prepared(saved(Image.new("RGB", (80, 60)), "JPEG", exif=turned), 544)
    assert found
    assert (found.width, found.height) == (60, 80)


def test_a_large_picture_with_transparency_gets_few_colours() -> None:
    noise = Image.effect_noise((900, 900), 90).convert("RGBA")
    noise.putalpha(Image.effect_noise((900, 900), 60))
    content = saved(noise, "PNG")
    found = prepared(content, 544)
    assert found
    assert len(found.content) < len(content) / 2
    with Image.open(io.BytesIO(found.content)) as image:
        assert min(image.convert("RGBA").getchannel("A").tobytes()) < 250


def test_words_in_an_svg_do_not_depend_on_the_fonts_of_the_machine() -> None:
    def drawn(family: str) -> bytes:
        text = f'<text x="2" y="30" font-size="30" font-family="{family}">Hamburg</text>'
        found = prepared(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40">{text}</svg>'.encode(), 544)
        assert found
        return found.content

    assert drawn("Helvetica, sans-serif") == drawn("A face that nobody has") == drawn("serif")
    with Image.open(io.BytesIO(drawn("monospace"))) as image:
        assert image.convert("RGBA").getchannel("A").getbbox() is not None


@pytest.mark.parametrize("side", [60_000, 20_000])
def test_a_picture_that_would_fill_the_memory_is_refused(side: int) -> None:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 999)) + chunk(b"IEND", b"")
    )
    assert prepared(bomb, 544) is None


@pytest.mark.parametrize(
    ("written", "width"),
    [
        ("![A field](a.png){width=50%}", 272),
        ("![A field](a.png){ #fig-a .wide width=300px }", 300),
        ("![A field](a.png){width=2in}", 192),
        ("![A field](a.png){width=0.5\\linewidth}", 272),
        ('![A field](a.png)\n{: width="25%"}', 136),
        ("![A field](a.png =320x200)", 320),
        ("![A field|250](a.png)", 250),
        ("![[a.png|250]]", 250),
        ('<img src="a.png" alt="A field" width="40%">', 217),
        ('<img src="a.png" alt="A field" style="max-width: 320px">', 320),
        ("::: figure a.png\nalt: A field\nwidth: 60%\n:::", 326),
        ("![A field](a.png){width=250%}", 544),
        ("![A field](a.png){width=5000px}", 544),
        ("![A field](a.png){height=100}", 544),
        ("Inline ![A field](a.png){width=20%} here", 108),
    ],
)
def test_a_picture_is_as_wide_as_it_is_asked_to_be_and_never_wider_than_its_column(written: str, width: int) -> None:
    issue = from_markdown(written, **{"a.png": a_picture(1600, 900)})
    letter, page = filled_html(render(issue, frozenset(), FRAME)), web_edition(issue, frozenset(), FRAME).html
    for shown in (letter, page):
        (image,) = re.findall("<img[^>]*>", shown)
        assert f'width="{width}"' in image
        assert f'height="{round(width * 9 / 16)}"' in image


def test_a_picture_in_a_column_takes_its_share_of_that_column() -> None:
    issue = from_markdown("::: columns\n![A](a.png){width=50%}\n+++\nright\n:::\n", **{"a.png": a_picture(1600, 900)})
    assert 'width="130"' in filled_html(render(issue, frozenset(), FRAME))
    (image,) = re.findall("<img[^>]*>", web_edition(issue, frozenset(), FRAME).html)
    assert 'style="width:50%"' in image  # of the column of several that it stands in, however wide the page


def test_a_width_that_cannot_be_read_is_named_and_a_year_is_none() -> None:
    files = {"a.png": a_picture(1600, 900)}
    issue = from_markdown("\n![A](a.png){width=huge}\n\n![2024](a.png)", **files)
    assert [str(finding.place) for finding in issue.findings if finding.code == "picture-width"] == ["issue.md:2:12"]
    assert 'alt="2024" width="544"' in filled_html(render(issue, frozenset(), FRAME))


def test_quartos_alt_text_is_the_alt_text_and_the_words_in_brackets_are_the_caption() -> None:
    issue = from_markdown('![Sales rose.](a.png){fig-alt="A rising line"}\n', **{"a.png": a_picture(1600, 900)})
    page = web_edition(issue, frozenset(), FRAME).html
    assert 'alt="A rising line"' in page
    assert "<figcaption>Sales rose.</figcaption>" in page
