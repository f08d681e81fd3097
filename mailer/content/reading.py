"""One reading of one issue: what is found on the way, the files that it uses, whom the present block is for."""

import re
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from posixpath import dirname, join
from typing import Any, Final
from urllib.parse import quote, unquote, urljoin

from mailer.content.bibliography.bibtex import Entry
from mailer.content.files import inside
from mailer.content.formulas.macros import OWN_MACROS, Macro, expanded
from mailer.content.issue import Files, Finding, Level, Place, WhenPast
from mailer.content.plain import anchor_of

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
PASTED: Final = re.compile(
    r"data:image/(?P<kind>png|jpe?g|gif|webp);base64,(?P<content>[A-Za-z0-9+/=]{40,})", re.IGNORECASE
)
"""A picture in the text itself."""
_CONTROL: Final = re.compile(r"[\x00-\x20\x7f-\x9f\u200b-\u200f\u2028-\u202f\ufeff]")
WHEN_PAST: Final[dict[str, WhenPast]] = {"keep": "keep", "mark": "mark", "drop": "drop"}
SAFE_SCHEMES: Final = frozenset({"http", "https", "mailto", "tel", "sms", "ftp", "webcal"})


def scheme_of(address: str) -> str:
    """The scheme as a browser would see it, lower case; empty for a relative address."""
    found = _SCHEME.match(_CONTROL.sub("", address))
    return found[1].lower() if found else ""


@dataclass(slots=True)
class Reading:
    """What a reading gathers.

    `source` is the main file's name in places; `lines` its lines; `zone` the zone of events that name none.
    """

    source: str
    lines: list[str]
    files: Files
    base_url: str = ""
    zone: str = "Europe/London"
    language: str = "en"
    past_events: WhenPast = "keep"
    style: str = ""
    own: bool = True
    franklin: bool = False
    kramdown: bool = False
    """Whether the file is Jekyll's, in whose Markdown `$$…$$` within a line is a formula of that line."""
    env: dict[str, Any] = field(default_factory=dict)
    findings: dict[Finding, None] = field(default_factory=dict)
    """What was found, in order, each once."""
    assets: dict[str, bytes] = field(default_factory=dict)
    used_files: dict[str, bytes] = field(default_factory=dict)
    audiences: frozenset[str] | None = None
    audience_uses: list[tuple[str, Place]] = field(default_factory=list)
    anchors: dict[str, int] = field(default_factory=dict)
    named_headings: dict[str, str] = field(default_factory=dict)
    """The anchors of headings that have a name of their own, `## Words {#name}`."""
    event_slugs: dict[str, int] = field(default_factory=dict)
    footnote_ids: list[int] = field(default_factory=list)
    pasted: dict[str, bytes] = field(default_factory=dict)
    macros: dict[str, Macro] = field(default_factory=lambda: dict(OWN_MACROS))
    bibliographies: dict[str, dict[str, Entry]] = field(default_factory=dict)

    # --- places ---

    def place(self, line: int, column: int = 1) -> Place:
        """A place in the main file; the line is kept within it."""
        return Place(self.source, min(max(line, 1), max(len(self.lines), 1)), max(column, 1))

    def column_of(self, text: str, line: int, start: int = 0) -> int:
        """The column at which `text` stands in that line, at or after `start` (from 0); 1 where it is not found."""
        source = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return source.find(text, start) + 1 or 1

    def find(self, place: Place, level: Level, code: str, message: str) -> None:
        """Notes a finding; what is the same at the same place is noted once."""
        self.findings[Finding(place, level, code, message)] = None

    def warn(self, place: Place, code: str, message: str) -> None:
        """Notes a warning."""
        self.find(place, "warning", code, message)

    def fault(self, place: Place, code: str, message: str) -> None:
        """Notes an error (which a file without our front matter will see as a warning)."""
        self.find(place, "error", code, message)

    # --- audiences ---

    @contextmanager
    def only_for(self, slugs: frozenset[str]) -> Iterator[None]:
        """Blocks made inside are for these audiences only, within those of the surroundings."""
        outer = self.audiences
        self.audiences = slugs if outer is None else outer & slugs
        try:
            yield
        finally:
            self.audiences = outer

    # --- formulas ---

    def tex(self, written: str, place: Place) -> str:
        """The source of a formula with the macros written out."""
        if "\\href" in written:
            message = (
                "a link within a formula cannot be followed in a letter; what it shows stays; link the words beside it"
            )
            self.warn(place, "formula-link", message)
        return expanded(written, self.macros)

    # --- addresses and files ---

    def link(self, href: str, place: Place) -> str | None:
        """The address of a link, made absolute by `base_url`; None where it must not be followed."""
        href = self._without_fields(href, place)
        scheme = scheme_of(href)
        if scheme and scheme not in SAFE_SCHEMES:
            self.warn(place, "unsafe-link", f"a link by {scheme}: is dropped, its text stays; use an https address")
            return None
        if href.startswith("#") and len(href) > 1:
            written = unquote(href[1:])  # GitHub's anchors keep accents, and a hyphen where an emoji stood
            return f"#{self.named_headings.get(written) or anchor_of(written)}"
        if self.base_url and not scheme and not href.startswith("#"):
            return urljoin(self.base_url, href)
        return href

    def picture(self, src: str, place: Place) -> str:
        """The name of the picture's asset, which is read here, or its http(s) address; empty where it is refused.

        A picture that cannot be found keeps its name and is in no asset; the checker says so.
        """
        if src in self.pasted:
            self.assets[src] = self.pasted[src]
            return src
        src = self._without_fields(src, place)
        if not src:
            return ""
        scheme = scheme_of(src)
        if scheme in {"http", "https"} or src.startswith("//"):
            return f"https:{src}" if src.startswith("//") else src
        if scheme:
            self.warn(place, "unsafe-link", f"a picture by {scheme}: is dropped; put the file beside the text")
            return ""
        name = unquote(src.split("?", 1)[0].split("#", 1)[0])
        for candidate in (name, name.lstrip("/")):
            short = inside(candidate)
            content = self.read(short) if short else None
            if short and content is not None:
                self.assets[short] = content
                return short
        return urljoin(self.base_url, src) if self.base_url else inside(name) or name

    def without_pasted(self, text: str) -> str:
        """The text with a name in the place of each picture whose bytes stand in it, as Google Docs writes them.

        A parser of Markdown goes through such an address letter by letter.
        """

        def named(found: re.Match[str]) -> str:
            try:
                content = b64decode(found["content"], validate=True)
            except ValueError:
                return found[0]  # damaged: it is refused as an address
            name = f"pasted-{sha256(content).hexdigest()[:12]}.{found['kind'].lower()}"
            self.pasted[name] = content
            return name

        return PASTED.sub(named, text) if "data:image/" in text else text

    def _without_fields(self, address: str, place: Place) -> str:
        """The address without fields and tags of template languages, each named; a quoted path in one stays."""
        if not re.search(r"\{\{|\{%|%7B%7B|%7B%25|%7B%", address, re.IGNORECASE):
            return address
        written = unquote(address)
        field = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
        for found in field.findall(written):
            self.fault(
                place, "field-in-address", f"{found} stands in an address and is dropped; write the address itself"
            )
        path = re.compile(r"[\"']([^\"']+)[\"']")
        bare = field.sub(lambda found: quoted[1] if (quoted := path.search(found[0])) else "", written)
        return quote(bare, safe="/:?#[]@!$&'()*+,;=%~-._")

    def read(self, name: str) -> bytes | None:
        """The bytes of a file of the issue, None where there is none; it is remembered as used."""
        try:
            content = self.files.read(name)
        except FileNotFoundError:
            return None
        self.used_files[name] = content
        return content

    def file_beside(self, name: str) -> str:
        """How another file of the issue is called in places."""
        return join(dirname(self.source), name)
