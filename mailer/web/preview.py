"""The live preview of an issue on disk: every audience, phone and desktop, dark, images off, text, source with findings."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

from fastapi import FastAPI, Query, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel

from mailer.base.errors import MailerError, NotFound
from mailer.base.settings import templates_dir
from mailer.content import Finding, Issue, check_issue, read_issue
from mailer.rendering import Frame, Letter, render
from mailer.rendering.letter import LinkName
from mailer.rendering.showing import html_of, text_of, values_of, with_picture_addresses

WIDTHS: Final = {"phone": 375, "desktop": 800}
READERS: Final = {
    "Ada Ashworth": {"name": "Ada Ashworth", "first_name": "Ada", "email": "ada@example.org"},
    "without a name": {"email": "reader@example.org"},
    "a long name": {
        "name": "Dr Wolfeschlegelsteinhausen-Bergerdorff y Núñez de la Cruz",
        "first_name": "Wolfeschlegelsteinhausen-Bergerdorff",
        "email": "long@example.org",
    },
}
LINKS: Final[Mapping[LinkName, str]] = {"unsubscribe": "#unsubscribe", "preferences": "#preferences", "view": "#view"}


class Choice(BaseModel):
    """What the form asks to see."""

    audience: list[str] = []
    width: Literal["phone", "desktop"] = "desktop"
    show: Literal["letter", "text", "source"] = "letter"
    reader: str = "Ada Ashworth"
    dark: bool = False
    images: bool = True

    @property
    def facts(self) -> dict[str, str]:
        """The sample reader's facts."""
        return READERS.get(self.reader, READERS["Ada Ashworth"])


ChoiceQuery = Annotated[Choice, Query()]


def create_preview(path: Path, frame: Frame, formula_cache: Path | None) -> FastAPI:
    """The preview of one issue; it reads the files anew at every look.

    Args:
        path: the issue's folder or file.
        frame: what stands around the letter.
        formula_cache: where set formulas are kept, so that only changed ones are set anew.
    """
    web = FastAPI(title="mailer preview", docs_url=None, redoc_url=None, openapi_url=None)
    preview = _Preview(path, frame, formula_cache)
    web.get("/")(preview.whole)
    web.get("/letter")(preview.letter)
    web.get("/pictures/{name}")(preview.picture)
    web.get("/stamp")(preview.stamp)
    web.add_exception_handler(MailerError, _told)
    return web


class _Preview:
    def __init__(self, path: Path, frame: Frame, formula_cache: Path | None) -> None:
        self._path, self._frame, self._formula_cache = path, frame, formula_cache
        self._templates = Environment(
            loader=FileSystemLoader(templates_dir() / "web" / "preview"), autoescape=True, undefined=StrictUndefined
        )

    def whole(self, choice: ChoiceQuery) -> HTMLResponse:
        try:
            issue = read_issue(self._path)
            findings = check_issue(issue)
            chosen = choice.audience or list(issue.meta.audiences)
            text = self._text(chosen, choice) if choice.show == "text" else ""
        except MailerError as error:
            return self._page("broken.html", error=error, stamp=_stamp(self._path))
        return self._page(
            "preview.html",
            issue=issue,
            choice=choice,
            chosen=chosen,
            pixels=WIDTHS[choice.width],
            readers=list(READERS),
            findings=findings,
            lines=_lines(issue, findings) if choice.show == "source" else [],
            text=text,
            stamp=_stamp(self._path),
        )

    def letter(self, choice: ChoiceQuery) -> HTMLResponse:
        made = self._letter_for(choice.audience)
        html = html_of(made.html, values_of(made, choice.facts, LINKS))
        sources = "'self' https: http:" if choice.images else "'none'"
        policy = f"default-src 'none'; style-src 'unsafe-inline'; img-src {sources}"
        return HTMLResponse(
            with_picture_addresses(html, made, "/pictures/"), headers={"Content-Security-Policy": policy}
        )

    def picture(self, name: str) -> Response:
        for made in self._letter_for(list(read_issue(self._path).meta.audiences)).pictures:
            if made.name == name:
                return Response(made.content, media_type=made.media_type)
        raise NotFound(f"there is no picture {name}", do="reload the preview")

    def stamp(self) -> PlainTextResponse:
        return PlainTextResponse(_stamp(self._path))

    def _letter_for(self, audiences: list[str]) -> Letter:
        return render(read_issue(self._path), frozenset(audiences), self._frame, formula_cache=self._formula_cache)

    def _text(self, audiences: list[str], choice: Choice) -> str:
        made = self._letter_for(audiences)
        return text_of(made.text, values_of(made, choice.facts, LINKS))

    def _page(self, name: str, **context: object) -> HTMLResponse:
        return HTMLResponse(self._templates.get_template(name).render(context))


def _told(_request: Request, error: Exception) -> PlainTextResponse:
    return PlainTextResponse(str(error), status_code=404 if isinstance(error, NotFound) else 422)


def _lines(issue: Issue, findings: tuple[Finding, ...]) -> list[tuple[int, str, list[Finding]]]:
    """The source with each line's findings beside it."""
    by_line: dict[int, list[Finding]] = {}
    for finding in findings:
        if finding.place.file == issue.source:
            by_line.setdefault(finding.place.line, []).append(finding)
    return [(number, line, by_line.get(number, [])) for number, line in enumerate(issue.text.splitlines(), 1)]


def _stamp(path: Path) -> str:
    """Changes with every save of the issue's files."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    facts = [f"{file}:{file.stat().st_mtime_ns}:{file.stat().st_size}" for file in files if file.is_file()]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]
