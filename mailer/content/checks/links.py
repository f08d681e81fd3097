"""Rules about links and pictures."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import unquote, urlsplit

from PIL import Image, UnidentifiedImageError

from mailer.content.checks.checked import Checked, error, lines_of_bibliographies, warning
from mailer.content.files import inside
from mailer.content.issue import Button, Event, Finding, Heading, Issue, Link, Picture, Place, Publications
from mailer.content.plain import plain
from mailer.content.reading import scheme_of
from mailer.content.svg import drawn, is_svg
from mailer.content.walk import all_blocks, all_inlines, in_inlines

PICTURE_BYTES: Final = 1_000_000
ALT_CHARACTERS: Final = 300
_SAYS_NOTHING: Final = frozenset({
    "here", "click here", "click", "more", "read more", "learn more", "link", "this link", "this", "this page", "page",
    "website", "details", "see here", "find out more", "go", "more info", "more information", "further information", "see more",
    "info", "continue reading", "this site", "this website", "this article", "web page", "webpage", "homepage", "click this link",
    "hier", "hier klicken", "weiter", "mehr", "weiterlesen", "mehr lesen", "klicken sie hier", "klick hier", "weitere informationen",
    "mehr informationen", "mehr infos", "mehr erfahren", "mehr dazu", "webseite", "dieser link", "diese seite", "diesem link",
    "zum link", "zur webseite", "zur website",
    "ici", "cliquez ici", "cliquer ici", "en savoir plus", "savoir plus", "plus", "lire la suite", "lien", "ce lien", "cette page",
    "site web", "site", "voir ici", "plus d informations", "plus d infos", "url", "download", "pdf",
})  # fmt: skip
_SHORTENERS: Final = frozenset({
    "bit.ly", "tinyurl.com", "t.co", "goo.gl", "ow.ly", "is.gd", "buff.ly", "lnkd.in", "rb.gy", "cutt.ly", "shorturl.at",
    "tiny.cc", "eepurl.com", "t1p.de", "urlz.fr", "kutt.it", "snip.ly", "adf.ly", "rebrand.ly", "bl.ink", "t.ly", "v.gd", "dlvr.it", "trib.al", "qrco.de",
})  # fmt: skip
_SVG_ROOM: Final = 64
"""CSS pixels: enough to see whether it can be drawn."""
_HEIF: Final = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"})
_LOOKS_LIKE_ADDRESS: Final = re.compile(
    r"\s*(?:(?:https?://|www\.)[^\s]+|(?:[a-z0-9-]+\.)+(?:com|org|net|edu|gov|info|io|eu|int|ac\.uk|co\.uk|uk|de|fr|ch|at|it|es|nl)(?:/\S*)?)\s*",
    re.IGNORECASE,
)
_MAIL_ADDRESS: Final = re.compile(r"\s*[\w.+-]+@[\w-]+(?:\.[\w-]+)+\s*")
LONG_ADDRESS: Final = 60
"""Characters: who listens to a longer address hears it letter by letter."""
_POOR_ALT: Final = re.compile(
    r"(?:DSC[NF]?|IMG|PXL|MVIMG|GOPR)[_-]?[\d_-]+|(?:image|picture|photo) (?:description|text)|whatsapp image\b[\d:. apm-]*(?:\bat\b[\d:. apm-]*)?"
    r"|(?:image|picture|photo(?:graph)?|figure|fig|img|bild|foto|abbildung|abb|grafik|graphic|logo|icon|banner|illustration|chart|graph|diagram|plot|map"
    r"|captionless image|png|jpe?g|gif|svg|screen ?shot|bildschirmfoto|capture(?: d[’']écran)?|alt(?: text)?|untitled|unnamed|placeholder)"
    r"\W*(?:[\d_]|\b(?:at|um|à|von|de)\b|\W)*|\S+\.(?:png|jpe?g|gif|svg|webp)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A link as its reader sees it: its address, its words, its place."""

    href: str
    words: str
    place: Place


def links_of(issue: Issue) -> Iterator[Shown]:
    """Every link of an issue's text, buttons and events."""
    for _, inline in all_inlines(issue.blocks):
        if isinstance(inline, Link):
            pictures = [part for part in in_inlines(inline.children) if isinstance(part, Picture)]
            words = plain(inline.children) or (pictures[0].alt if pictures else "")
            yield Shown(inline.href, words, inline.place)
    for block in all_blocks(issue.blocks):
        if isinstance(block, Button):
            yield Shown(block.href, plain(block.label), block.place)
        elif isinstance(block, Event) and block.link:
            yield Shown(block.link, plain(block.title), block.place)


def addresses_of(issue: Issue) -> Iterator[tuple[str, Place]]:
    """Every address on the web that a reader's click or mail app would ask for, publications and pictures too."""
    for link in links_of(issue):
        yield link.href, link.place
    for _, inline in all_inlines(issue.blocks):
        if isinstance(inline, Picture) and inline.src not in issue.assets:
            yield inline.src, inline.place
    places = _places_of_entries(issue)
    for block in all_blocks(issue.blocks):
        if isinstance(block, Publications):
            for _, entries in block.groups:
                yield from ((entry.href, places.get(entry.key, block.place)) for entry in entries if entry.href)


def _places_of_entries(issue: Issue) -> dict[str, Place]:
    """Where each key stands first in the bibliographies."""
    places: dict[str, Place] = {}
    for place, line in lines_of_bibliographies(issue):
        if found := re.match(r"\s*@\w+\s*[{(]\s*([^,]*?)\s*,", line):
            places.setdefault(found[1], place)
    return places


def link_texts(checked: Checked) -> Iterator[Finding]:
    """`link-text`, `link-text-mismatch`: words that do not say where the link goes, or say it wrongly."""
    for link in links_of(checked.issue):
        href, words, place = link.href, link.words, link.place
        text = " ".join(re.sub(r"[^\w\s]", " ", words).split()).casefold()
        if not text and words != href:
            yield warning(place, "link-text", f"the link to {href} has no words; write where it goes")
        elif text in _SAYS_NOTHING:
            yield warning(
                place, "link-text", f"“{words.strip()}” does not say where the link goes; name what is behind it"
            )
        elif re.fullmatch(r"\d{1,3}", text):
            message = f"“{words.strip()}” alone does not say where the link goes; make the words before it the link"
            yield warning(place, "link-text", message)
        elif words == href and len(href) > LONG_ADDRESS:
            message = (
                f"the link shows an address of {len(href)} characters; write [words](…) that say what is behind it"
            )
            yield warning(place, "link-text", message)
        elif _shows_another_site(words, href):
            shown, real = (words.strip(), urlsplit(href).path) if "@" in words else (_host(words), _host(href))
            message = f"the link shows {shown} and leads to {real}, as frauds do; write the same address"
            yield warning(place, "link-text-mismatch", message)


def _shows_another_site(words: str, href: str) -> bool:
    if _MAIL_ADDRESS.fullmatch(words) and scheme_of(href) == "mailto":
        return words.strip().casefold() != unquote(urlsplit(href).path).casefold()
    if not _LOOKS_LIKE_ADDRESS.fullmatch(words) or scheme_of(href) not in {"http", "https"}:
        return False
    shown, real = _host(words), _host(href)
    return shown != real and not real.endswith(f".{shown}")


def _host(address: str) -> str:
    address = address.strip()
    try:
        host = urlsplit(address if "://" in address else f"http://{address}").hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.").lower()


def _is_private(host: str) -> bool:
    """Whether the host's name alone tells that it is a machine or network of the author's."""
    if host.rpartition(".")[2] in {"localhost", "local", "internal", "lan", "home", "intranet"}:
        return True
    try:
        return not ip_address(host).is_global
    except ValueError:  # a name
        return False


def link_addresses(checked: Checked) -> Iterator[Finding]:
    """`relative-link`, `link-malformed`, `private-link`, `http-link`, `short-link`: addresses that fail or frighten in a mail."""
    for link in links_of(checked.issue):
        href, place = link.href, link.place
        scheme = scheme_of(href)
        if href.startswith("#"):
            continue
        if not scheme:
            hint = "write it with https://, or set base_url in the front matter"
            yield error(place, "relative-link", f"{href} leads nowhere from a mail; {hint}")
        elif scheme in {"http", "https"}:
            yield from _web_address(link, scheme)
        elif scheme == "mailto" and not re.match(r"mailto:[^@\s,]+@[^@\s,]+\.[^@\s,]+", href):
            yield error(place, "link-malformed", f"{href} is no mail address; write mailto:name@example.org")


def _web_address(link: Shown, scheme: str) -> Iterator[Finding]:
    href, place, host = link.href, link.place, _host(link.href)
    if not host or ("." not in host and host != "localhost" and ":" not in host) or "%7B%7B" in href:
        yield error(place, "link-malformed", f"{href} is no complete address; mend it")
    elif _is_private(host):
        yield error(place, "private-link", f"no reader can reach {host}; write the public address")
    elif host in _SHORTENERS:
        yield warning(
            place, "short-link", f"{host} hides where the link goes, and spam filters refuse it; write the real address"
        )
    elif scheme == "http" and link.words.casefold().startswith("www."):
        yield warning(place, "http-link", f"{link.words} leads to {href}, not encrypted; write https://{link.words}")
    elif scheme == "http":
        yield warning(place, "http-link", f"{href} is not encrypted; use https where the site has it")


def anchors(checked: Checked) -> Iterator[Finding]:
    """`anchor-missing`, `anchor-link`: links within the letter, which several mail apps ignore."""
    headings = {block.anchor for block in checked.blocks if isinstance(block, Heading)}
    for link in links_of(checked.issue):
        href, place = link.href, link.place
        if not href.startswith("#"):
            continue
        if href[1:] not in headings:
            yield error(
                place, "anchor-missing", f"no heading has the anchor {href}; write the heading's words with hyphens"
            )
        else:
            yield warning(
                place,
                "anchor-link",
                "links within a letter fail in several mail apps; link to the web edition, or do without",
            )


# --- pictures -----------------------------------------------------------------------------------------------------------


def _pictures(checked: Checked) -> Iterator[Picture]:
    for _, inline in all_inlines(checked.issue.blocks):
        if isinstance(inline, Picture):
            yield inline


def alt_texts(checked: Checked) -> Iterator[Finding]:
    """`missing-alt`, `poor-alt`: what a reader without pictures gets."""
    for picture in _pictures(checked):
        alt = picture.alt.strip()
        if not alt:
            message = f"the picture {picture.src} has no alt text; write in a sentence what it shows"
            yield warning(picture.place, "missing-alt", message)
        elif _POOR_ALT.fullmatch(alt):
            yield warning(
                picture.place, "poor-alt", f"“{alt}” does not tell what the picture shows; write it in a sentence"
            )
        elif len(alt) > ALT_CHARACTERS:
            yield warning(
                picture.place,
                "poor-alt",
                f"the alt text has {len(alt)} characters; keep it short, tell the rest in the text",
            )


def picture_files(checked: Checked) -> Iterator[Finding]:
    """`missing-picture`, `picture-unreadable`, `picture-large`, `remote-picture`."""
    for picture in _pictures(checked):
        content = checked.issue.assets.get(picture.src)
        if content is None and re.match(r"https?://", picture.src):
            message = f"{picture.src} is fetched from elsewhere, which may be blocked or count readers; put the file beside the text"
            yield warning(picture.place, "remote-picture", message)
        elif content is None:
            where = "lies outside the issue's folder" if inside(picture.src) is None else "is not beside the text"
            yield error(
                picture.place, "missing-picture", f"the picture {picture.src} {where}; add the file or mend its name"
            )
        elif not _is_picture(content):
            message = f"{picture.src} is {_unreadable(content)}"
            yield error(picture.place, "picture-unreadable", message)
        elif len(content) > PICTURE_BYTES * 4:
            message = f"{picture.src} has {len(content) / 1e6:.1f} MB; it is made smaller for the letter, better do it yourself"
            yield warning(picture.place, "picture-large", message)


def _is_picture(content: bytes) -> bool:
    if is_svg(content):
        return drawn(content, _SVG_ROOM, density=1) is not None
    try:
        with Image.open(io.BytesIO(content)) as image:
            image.verify()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return False
    return True


def _unreadable(content: bytes) -> str:
    """What such a file is, and what to do about it."""
    if is_svg(content):
        return "an SVG that cannot be drawn; save it as PNG"
    if content[4:8] == b"ftyp" and content[8:12] in _HEIF:  # ISO 14496-12 §4.3; ISO 23008-12 §10.2
        return "in a camera's format (HEIC) that browsers and mail apps cannot show; save it as JPEG"
    return "no picture that can be read; save it as PNG, JPEG, GIF, WebP or SVG"
