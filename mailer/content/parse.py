"""An issue is read: front matter, Markdown, the files it refers to."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from mailer.base.domain_names import ascii_domain
from mailer.base.errors import WrongInput
from mailer.content.blocks import blocks_of_tokens
from mailer.content.containers.table import HEAD_KEYS
from mailer.content.files import FolderFiles
from mailer.content.formulas.macros import Macro
from mailer.content.front import OUR_KEYS, Front, split_front
from mailer.content.issue import Blocks, Files, Finding, FrontMatter, Heading, Issue, WhenPast
from mailer.content.language import language_of
from mailer.content.markdown.fences import container_environment
from mailer.content.markdown.foreign import Foreign
from mailer.content.markdown.grammar import tokens_of
from mailer.content.markdown.inlines import checked_field, foreign
from mailer.content.moments import is_zone
from mailer.content.numbering import unresolved
from mailer.content.plain import plain, template
from mailer.content.reading import PASTED, WHEN_PAST, Reading
from mailer.content.timing import at_date_of

MAIN_FILE: Final = "issue.md"
SUFFIXES: Final = frozenset({".md", ".markdown", ".rmd", ".qmd"})
LIMIT_CHARACTERS: Final = 2_000_000
_MAY_HOLD_FIELDS: Final = frozenset({"title", "subject", "preheader", "by_audience"})
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


def read_issue(path: Path) -> Issue:
    """The issue in a folder with `issue.md`, or in one `.md`, `.markdown`, `.Rmd` or `.qmd` file.

    Raises:
        WrongInput: there is no such file, it is no UTF-8 text, or its front matter is invalid; with its place.
    """
    main = path / MAIN_FILE if path.is_dir() else path
    if not main.is_file():
        if path.is_dir():
            raise WrongInput(
                f"the folder has no {MAIN_FILE}", do="name an issue folder or a Markdown file", place=str(path)
            )
        raise WrongInput(
            "there is no such file or folder", do="name an issue folder or a Markdown file", place=str(path)
        )
    if main.suffix.lower() not in SUFFIXES:
        raise WrongInput(
            "this is no Markdown file",
            do="name an issue folder or a .md, .markdown, .Rmd or .qmd file",
            place=str(path),
        )
    return _read(FolderFiles(main.parent), main.name, str(main))


def read_files(files: Files, main: str = MAIN_FILE) -> Issue:
    """The same from any files, such as a stored revision's.

    Raises:
        WrongInput: there is no file of that name, it is no UTF-8 text, or its front matter is invalid; with its place.
    """
    return _read(files, main, main)


def read_front_matter(files: Files, main: str = MAIN_FILE) -> FrontMatter:
    """What stands above the text of an issue, which is not read: a title that is its first heading is not known.

    Raises:
        WrongInput: as `read_files` does.
    """
    return _opened(files, main, main)[2]


def _read(files: Files, main: str, source: str) -> Issue:
    front, reading, meta = _opened(files, main, source)
    reading.base_url, reading.language = meta.base_url, meta.language
    reading.env = container_environment(HEAD_KEYS)
    blocks = blocks_of_tokens(
        reading, tokens_of(Foreign(reading).at_home(reading.without_pasted(front.text)), reading.env)
    )
    unresolved(reading, blocks)
    meta, blocks = _titled(meta, blocks, source)
    _require_sections(meta, blocks, front, reading)
    issue = Issue(
        source=source,
        meta=meta,
        blocks=blocks,
        assets=dict(sorted(reading.assets.items())),
        findings=judged(reading.findings, own=front.own),
        text="\n".join(reading.lines),
        source_files=dict(sorted(reading.used_files.items())),
        audience_uses=tuple(reading.audience_uses),
    )
    return at_date_of(issue)


def _opened(files: Files, main: str, source: str) -> tuple[Front, Reading, FrontMatter]:
    """The front matter, as it stands and as it is meant, and what the reading of the rest begins with."""
    try:
        content = files.read(main)
    except FileNotFoundError as fault:
        raise WrongInput(
            "the file cannot be read", do="check its name, its rights and its size", place=source
        ) from fault
    text = decoded(content, source)
    front = split_front(text, source)
    reading = Reading(source=source, lines=text.split("\n"), files=files, own=front.own, franklin=front.franklin)
    reading.kramdown = not front.own and "layout" in front.values
    reading.used_files[main] = content
    return front, reading, _meta(front, reading)


def judged(findings: Iterable[Finding], *, own: bool) -> tuple[Finding, ...]:
    """The findings in order; a file without our front matter has no errors, only warnings."""
    return tuple(sorted({finding if own else replace(finding, level="warning") for finding in findings}))


def decoded(content: bytes, source: str) -> str:
    """The text of a file, its lines ended by line feeds alone.

    Raises:
        WrongInput: it is no UTF-8, or longer than a newsletter can be.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        place = f"{source}:{line}:1"
        raise WrongInput("the file is not UTF-8 text", do="save it as UTF-8", place=place) from fault
    if len(text) > LIMIT_CHARACTERS and len(PASTED.sub("", text)) > LIMIT_CHARACTERS:
        raise WrongInput(
            "the file is too long for a newsletter", do=f"keep it under {LIMIT_CHARACTERS:,} characters", place=source
        )
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd")


# --- title ------------------------------------------------------------------------------------------------------------


def _titled(meta: FrontMatter, blocks: Blocks, source: str) -> tuple[FrontMatter, Blocks]:
    """The title, from the front matter or the first heading; that heading is not shown a second time."""
    heading = next((block for block in blocks if isinstance(block, Heading) and block.audiences is None), None)
    if meta.title:
        same = (
            heading is not None
            and heading.level == 1
            and heading is blocks[0]
            and _alike(plain(heading.inlines), meta.title)
        )
    else:
        title = template(heading.inlines) if heading else _name_of(source)
        meta, same = replace(meta, title=title), heading is not None
    if same:
        blocks = tuple(block for block in blocks if block is not heading)
    return (meta if meta.subject else replace(meta, subject=meta.title)), blocks


def _alike(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _name_of(source: str) -> str:
    path = Path(source)
    name = path.resolve().parent.name if path.name == MAIN_FILE and path.parent.name != "" else path.stem
    return name.replace("-", " ").replace("_", " ").strip() or "Newsletter"


# --- front matter -----------------------------------------------------------------------------------------------------


def _meta(front: Front, reading: Reading) -> FrontMatter:
    values = _Values(front, reading)
    for key in front.values:
        if key not in OUR_KEYS and (key != "lang" or "language" in front.values):  # Pandoc's and Quarto's word for it
            reading.warn(
                front.places.get(key, reading.place(1)), "front-matter-key", f"{key} is no key of ours and is ignored"
            )
    for key, place in front.duplicates:
        reading.warn(place, "front-matter-key", f"{key} stands twice, the last one counts; delete one")
    by_audience: dict[str, dict[str, str]] = {}
    texts = {key: values.varied(key, by_audience) for key in ("title", "subject", "preheader")}
    values.merge_by_audience(by_audience)
    language = values.text("language") or values.text("lang") or language_of(front.text) or "en"
    if not _LANGUAGE.fullmatch(language):
        values.complain("language", f"{language!r} is no language; write a code such as en, de or fr")
        language = "en"
    if front.zone and not is_zone(front.zone):
        values.complain("zone", f"{front.zone} is no time zone; write one such as Europe/London")
    elif front.zone:
        reading.zone = front.zone
    reading.past_events = values.past_events()
    reading.macros.update(values.macros())
    reading.style = values.text("style")
    return FrontMatter(
        title=texts["title"],
        subject=texts["subject"],
        preheader=texts["preheader"],
        slug=values.slug(),
        number=values.text("number"),
        date=values.date(),
        language=language,
        sender=values.mailbox("from"),
        reply_to=values.mailbox("reply_to"),
        audiences=values.slugs("audiences"),
        template=values.text("template"),
        theme=values.text("theme"),
        base_url=values.base_url(),
        by_audience=by_audience,
        fold_first=values.fold("first"),
        fold_never=values.fold("never"),
        own=front.own,
    )


def _require_sections(meta: FrontMatter, blocks: Blocks, front: Front, reading: Reading) -> None:
    """Name what is to fold, or never, and is no section."""
    known = {plain(block.inlines).casefold() for block in blocks if isinstance(block, Heading)}
    for name in (*meta.fold_first, *meta.fold_never):
        if name.casefold() not in known:
            reading.warn(
                front.places.get("fold", reading.place(1)),
                "fold-unknown",
                f"no heading says “{name}”; write it as the heading has it",
            )


class _Values:
    """The values of the front matter, each made what it must be, with a finding where it cannot."""

    def __init__(self, front: Front, reading: Reading) -> None:
        self._front = front
        self._reading = reading

    def complain(self, key: str, message: str) -> None:
        place = self._front.places.get(key, self._reading.place(1))
        self._reading.fault(place, "front-matter-value", message)

    def text(self, key: str) -> str:
        return self._text_of(key, self._front.values.get(key))

    def _text_of(self, key: str, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, str | int | float | date):
            text = " ".join(str(value).split())
            return self._with_our_fields(key, text) if key in _MAY_HOLD_FIELDS else text
        self.complain(key, f"{key} must be a text; put quotes around it")
        return ""

    def _with_our_fields(self, key: str, text: str) -> str:
        """The text without other systems' fields and tags, each of which is named."""
        place = self._front.places.get(key, self._reading.place(1))

        def ours(found: re.Match[str]) -> str:
            if found[1] is None:
                foreign(self._reading, "{%", found[2].strip(), place)
                return ""
            return found[0] if checked_field(self._reading, found[1], place) else ""

        return " ".join(re.sub(r"\{\{(.*?)\}\}|\{%(.*?)%\}", ours, text).split())

    def varied(self, key: str, by_audience: dict[str, dict[str, str]]) -> str:
        """A text, or one for each audience with `default` for the others."""
        value = self._front.values.get(key)
        if not isinstance(value, Mapping):
            return self.text(key)
        for slug, text in value.items():
            if str(slug) != "default":
                by_audience.setdefault(str(slug).lower(), {})[key] = self._text_of(key, text)
        if "default" not in value:
            self.complain(key, f"{key} has no text for the other audiences; add default: …")
        return self._text_of(key, value.get("default", next(iter(value.values()), None)))

    def merge_by_audience(self, by_audience: dict[str, dict[str, str]]) -> None:
        value = self._front.values.get("by_audience")
        if value is None:
            return
        if not isinstance(value, Mapping) or not all(isinstance(texts, Mapping) for texts in value.values()):
            self.complain("by_audience", "by_audience must hold, for each audience, its subject, preheader or title")
            return
        for slug, texts in value.items():
            for key, text in texts.items():
                if key in {"title", "subject", "preheader"}:
                    by_audience.setdefault(str(slug).lower(), {})[str(key)] = self._text_of("by_audience", text)
                else:
                    self.complain(
                        "by_audience", f"{key} cannot differ by audience; only title, subject and preheader can"
                    )

    def slugs(self, key: str) -> tuple[str, ...]:
        value = self._front.values.get(key)
        if isinstance(value, str):
            value = [part for part in re.split(r"[\s,]+", value) if part]
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
            self.complain(key, f"{key} must be a list; write {key}: [academic, industry]")
            return ()
        return tuple(dict.fromkeys(part.strip().lower() for part in value if part.strip()))

    def fold(self, key: str) -> tuple[str, ...]:
        value = self._front.values.get("fold")
        if value is None:
            return ()
        names = value.get(key, []) if isinstance(value, Mapping) else None
        names = [names] if isinstance(names, str) else names
        if not isinstance(names, list) or not set(value) <= {"first", "never"}:
            if key == "first":  # said once
                self.complain("fold", "fold holds first: and never:, each a list of headings")
            return ()
        return tuple(dict.fromkeys(" ".join(str(name).split()) for name in names))

    def slug(self) -> str:
        value = self.text("slug")
        if value and not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,99}", value):
            self.complain("slug", f"the slug {value!r} may hold only a-z, 0-9 and hyphens")
            return ""
        return value

    def date(self) -> date | None:
        value = self._front.values.get("date")
        if value is None or value == "":
            return None
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value)[:10])
        except ValueError:
            self.complain("date", f"{str(value)[:40]!r} is no date; write it as 2027-01-12")
            return None

    def past_events(self) -> WhenPast:
        value = self.text("past_events").lower()
        if value and value not in WHEN_PAST:
            self.complain("past_events", f"past_events must be one of {', '.join(WHEN_PAST)}")
        return WHEN_PAST.get(value, "keep")

    def macros(self) -> dict[str, Macro]:
        r"""`macros: {E: '\mathbb{E}[#1]'}`: TeX commands of the author's own, for every formula."""
        value = self._front.values.get("macros")
        if value is None:
            return {}
        if not isinstance(value, Mapping) or not all(isinstance(body, str) for body in value.values()):
            self.complain("macros", r"macros must hold a text for each name; write macros: {E: '\mathbb{E}'}")
            return {}
        named = {str(name).lstrip("\\"): str(body) for name, body in value.items()}
        return {
            name: Macro(max((int(number) for number in re.findall(r"#(\d)", body)), default=0), body)
            for name, body in named.items()
            if name.isalpha()
        }

    def mailbox(self, key: str) -> str:
        """Whom mail comes from, or answers go to; `from` may be a name alone, whose address is that of the settings."""
        value = self.text(key)
        if not value or _is_mailbox(value) or (key == "from" and not re.search("[@<]", value)):
            return value
        self.complain(key, f"{key} must be an address such as news@example.org, or Name <news@example.org>")
        return ""

    def base_url(self) -> str:
        value = self.text("base_url")
        if value and not re.match(r"https?://[^\s/]", value):
            self.complain("base_url", "base_url must be an address that begins with https://")
            return ""
        return value if not value or value.endswith("/") else value + "/"


def _is_mailbox(value: str) -> bool:
    """Whether it is an address, or a name and an address in angle brackets, that every header can hold (RFC 5322 §3.4)."""
    found = re.fullmatch(r"(?:[^<]*<\s*)?([!-~]+)@([^\s<>@]+?)(?:\s*>\s*)?", value)
    if found is None or ("<" in value) != (">" in value) or re.search("[<>,;:@]", found[1]):
        return False
    try:
        ascii_domain(found[2])
    except WrongInput:
        return False
    return True
