"""The live preview of an issue on disk: every audience and reader, phone and desktop, dark, images off, text, findings.

One page whose choices stand in its address, so that it works without scripts; its script fetches the same page again when
a file was saved and puts the new parts in the place of the old ones.
"""

import hashlib
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from fastapi import FastAPI, Query, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel

from mailer.base.errors import MailerError, NotFound
from mailer.base.settings import templates_dir
from mailer.content import Finding, Issue, check_issue, read_issue
from mailer.content.parse import MAIN_FILE
from mailer.rendering import Frame, Letter, Press, check_letters
from mailer.rendering.letter import LinkName
from mailer.rendering.showing import html_of, text_of, values_of, with_picture_addresses
from mailer.web.letters import in_scheme

WIDTHS: Final = {"phone": 375, "desktop": 800}
READERS: Final = {
    "Ada Ashworth": {"name": "Ada Ashworth", "first_name": "Ada", "email": "ada@example.org"},
    "no name": {"email": "reader@example.org"},
    "a long name": {
        "name": "Dr Wolfeschlegelsteinhausen-Bergerdorff y Núñez de la Cruz",
        "first_name": "Wolfeschlegelsteinhausen-Bergerdorff",
        "email": "long@example.org",
    },
    "from right to left": {"name": "مريم ميرزاخاني", "first_name": "مريم", "email": "maryam@example.org"},
    "without letter case": {"name": "岩澤 健吉", "first_name": "健吉", "email": "kenkichi@example.org"},
    "signs of markup": {"name": 'Tom & <b>"Jo"</b> O\'Neil', "first_name": "Tom & <b>", "email": "tom@example.org"},
}
LINKS: Final[dict[LinkName, str]] = {"unsubscribe": "#unsubscribe", "preferences": "#preferences", "view": "#view"}
SITE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class Choice(BaseModel):
    """What the form asks to see; `given` tells a form without any audience from an address without a form."""

    audience: list[str] = []
    given: bool = False
    width: Literal["phone", "desktop"] = "desktop"
    show: Literal["letter", "text", "source"] = "letter"
    reader: str = "Ada Ashworth"
    dark: bool = False
    bare: bool = False

    @property
    def facts(self) -> dict[str, str]:
        """The sample reader's facts."""
        return READERS.get(self.reader, READERS["Ada Ashworth"])

    def audiences(self, issue: Issue) -> list[str]:
        """Whom the reader is one of: without a choice, of all that the issue names."""
        return [slug for slug in issue.meta.audiences if slug in self.audience or not (self.given or self.audience)]

    def query(self, **other: str) -> str:
        """The address of this choice with something else shown."""
        facts = {"width": self.width, "show": self.show, "reader": self.reader, **other}
        switches = [(name, "true") for name in ("given", "dark", "bare") if getattr(self, name)]
        return urlencode([*(("audience", slug) for slug in self.audience), *facts.items(), *switches])


ChoiceQuery = Annotated[Choice, Query()]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the workspace, where there is one, knows of the issue's readers; `clock` tells the moment of the check."""

    frame: Frame
    formula_cache: Path | None = None
    known_audiences: tuple[str, ...] | None = None
    clock: Callable[[], datetime] | None = None
    attributes: frozenset[str] = frozenset()


def create_preview(path: Path, around: Surroundings) -> FastAPI:
    """The preview of one issue; it looks at the files at every question and reads them anew where one has changed.

    Args:
        path: the issue's folder or file.
        around: what stands around the letter.
    """
    web = FastAPI(title="mailer preview", docs_url=None, redoc_url=None, openapi_url=None)
    preview = _Preview(path, around)
    web.get("/")(preview.whole)
    web.get("/letter")(preview.letter)
    web.get("/pictures/{name}")(preview.picture)
    web.get("/stamp")(preview.stamp)
    web.get("/favicon.ico")(lambda: Response(status_code=204))
    web.get("/preview.css")(preview.style)
    web.get("/preview.js")(preview.script)
    web.add_exception_handler(MailerError, _told)
    return web


class _Reading:
    """One reading of the issue, its letters and findings, each made when it is first asked for."""

    def __init__(self, issue: Issue, around: Surroundings) -> None:
        self.issue, self._around = issue, around
        self._letters: dict[frozenset[str], Letter] = {}

    @cached_property
    def _press(self) -> Press:
        return Press(self.issue, self._around.frame, formula_cache=self._around.formula_cache)

    def letter(self, audiences: Iterable[str]) -> Letter:
        readers = frozenset(audiences)
        if readers not in self._letters:
            self._letters[readers] = self._press.letter(readers)
        return self._letters[readers]

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        issue, around = self.issue, self._around
        now = around.clock() if around.clock else None
        text = check_issue(
            issue,
            known_audiences=around.known_audiences,
            attributes=around.attributes,
            now=now,
            formula_cache=around.formula_cache,
        )
        letters = check_letters(issue, issue.meta.audiences, around.frame, formula_cache=around.formula_cache)
        return tuple(sorted({*text, *letters}))


class _Preview:
    def __init__(self, path: Path, around: Surroundings) -> None:
        self._path, self._around = path, around
        self._lock = threading.RLock()
        self._read: tuple[str, _Reading] | None = None
        self._files: frozenset[Path] = frozenset()
        self._templates = Environment(loader=FileSystemLoader(_folder()), autoescape=True, undefined=StrictUndefined)

    def whole(self, choice: ChoiceQuery) -> HTMLResponse:
        stamp = self._stamp()
        try:
            with self._lock:
                reading, stamp = self._reading(), self._stamp()
                chosen = choice.audiences(reading.issue)
                letter = reading.letter(chosen)
                findings = reading.findings
        except MailerError as error:
            return self._page("broken.html", error=error, stamp=stamp)
        values = values_of(letter, choice.facts, LINKS)
        letter_query = urlencode(
            [*(("audience", slug) for slug in chosen), ("given", "true"), ("reader", choice.reader)]
        )
        return self._page(
            "preview.html",
            issue=reading.issue,
            choice=choice,
            chosen=chosen,
            widths=WIDTHS,
            readers=list(READERS),
            findings=findings,
            lines=_lines(reading.issue, findings) if choice.show == "source" else [],
            elsewhere=[finding for finding in findings if finding.place.file != reading.issue.source],
            subject=" ".join(text_of(letter.subject, values).split()),
            preheader=" ".join(text_of(letter.preheader, values).split()),
            text=text_of(letter.text, values) if choice.show == "text" else "",
            letter=letter,
            budget_bytes=self._around.frame.budget_bytes,
            address=f"/letter?{letter_query}&dark={choice.dark}&bare={choice.bare}",
            digest=_digest(html_of(letter.html, values)),
            stamp=stamp,
        )

    def letter(self, choice: ChoiceQuery) -> HTMLResponse:
        with self._lock:
            reading = self._reading()
            made = reading.letter(choice.audiences(reading.issue))
        html = with_picture_addresses(html_of(made.html, values_of(made, choice.facts, LINKS)), made, "/pictures/")
        html = html.replace(f"{self._around.frame.base_url}/media/", "/pictures/")
        html = in_scheme(html, dark=choice.dark).replace("<head>", '<head><base target="_blank">', 1)
        sources = "'none'" if choice.bare else "'self' https: http:"
        policy = f"default-src 'none'; style-src 'unsafe-inline'; img-src {sources}; frame-ancestors 'self'"
        return HTMLResponse(html, headers={"Content-Security-Policy": policy, "Cache-Control": "no-store"})

    def picture(self, name: str) -> Response:
        with self._lock:
            reading = self._reading()
            for made in reading.letter(reading.issue.meta.audiences).pictures:
                if made.name == name:
                    return Response(made.content, media_type=made.media_type)
        raise NotFound(f"there is no picture {name}", do="reload the preview")

    def stamp(self) -> PlainTextResponse:
        return PlainTextResponse(self._stamp(), headers={"Cache-Control": "no-store"})

    def style(self) -> Response:
        return Response((Path(_folder()) / "preview.css").read_bytes(), media_type="text/css")

    def script(self) -> Response:
        return Response((Path(_folder()) / "preview.js").read_bytes(), media_type="text/javascript")

    def _reading(self) -> _Reading:
        """The reading of the files as they are now.

        Raises:
            WrongInput: the issue cannot be read, for the moment.
        """
        stamp = self._stamp()
        if self._read is None or self._read[0] != stamp:
            issue = read_issue(self._path)
            folder = Path(issue.source).parent
            self._files = frozenset(folder / name for name in {*issue.source_files, *issue.assets})
            self._read = (self._stamp(), _Reading(issue, self._around))
        return self._read[1]

    def _stamp(self) -> str:
        """Changes with every save of what the issue and the workspace's templates are made of, and when a file comes or goes."""
        main = self._path
        watched = {main, main / MAIN_FILE, *self._files}
        overrides = self._around.frame.overrides
        templates = [path for path in Path(overrides).rglob("*") if path.is_file()] if overrides else []
        folders = {main if main.is_dir() else main.parent, *(file.parent for file in self._files)}
        return _digest("\n".join(_state(path) for path in sorted({*watched, *templates, *folders})))

    def _page(self, name: str, **context: object) -> HTMLResponse:
        html = self._templates.get_template(name).render(context)
        headers = {
            "Content-Security-Policy": SITE_POLICY,
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
        }
        return HTMLResponse(html, headers=headers)


def _folder() -> str:
    return str(templates_dir() / "web" / "preview")


def _told(_request: Request, error: Exception) -> PlainTextResponse:
    return PlainTextResponse(str(error), status_code=404 if isinstance(error, NotFound) else 422)


def _lines(issue: Issue, findings: tuple[Finding, ...]) -> list[tuple[int, str, list[Finding]]]:
    """The source with each line's findings beside it."""
    by_line: dict[int, list[Finding]] = {}
    for finding in findings:
        if finding.place.file == issue.source:
            by_line.setdefault(finding.place.line, []).append(finding)
    return [(number, line, by_line.get(number, [])) for number, line in enumerate(issue.text.split("\n"), 1)]


def _state(path: Path) -> str:
    """What is known of a file or folder without reading it; nothing where it is gone."""
    try:
        facts = path.stat()
    except OSError:  # it was deleted, perhaps for a moment by an editor that saves by renaming
        return f"{path}:gone"
    return f"{path}:{facts.st_mtime_ns}:{facts.st_size}:{facts.st_ino}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
