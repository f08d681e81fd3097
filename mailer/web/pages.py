"""The pages: templates of `templates/web`, a workspace's own first, filled with autoescape; nothing undefined passes."""

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mailer.app import App
from mailer.base.settings import templates_dir
from mailer.rendering.phrases import Phrases, direction, phrases
from mailer.web import words

LANGUAGES = {"en": "English", "de": "Deutsch", "fr": "Français"}
"""The languages that the public pages speak by themselves; a workspace's `templates/web/phrases.toml` adds others."""


class Pages:
    """Makes pages of templates.

    Args:
        app: whose name and folders the pages show.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._own = app.home / "templates"
        folders = (self._own / "web", templates_dir() / "web")
        self._templates = Environment(
            loader=FileSystemLoader([str(folder) for folder in folders]),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
        )
        zone = app.settings.sender.zone
        filters: dict[str, Callable[..., str]] = {
            "count": words.count,
            "state": words.state,
            "size": words.size,
            "moment": lambda moment, zone=zone: words.moment(moment, zone),
            "short": lambda moment, zone=zone: words.short(moment, zone),
        }
        self._templates.filters.update(filters)
        self._templates.globals.update(
            sender=app.sender,
            zone=zone,
            languages=LANGUAGES,
            style=f"/static/site.css?v={_digest(templates_dir() / 'web' / 'static' / 'site.css')}",
            has_mailbox=not app.settings.smtp.relays,
        )

    def phrases(self, language: str) -> Phrases:
        """The words of the public pages in a language, or in English."""
        return phrases(
            language, (self._own / "web", templates_dir() / "web", self._own / "email", templates_dir() / "email")
        )

    def html(self, name: str, context: dict[str, Any]) -> str:
        """The page as text."""
        return self._templates.get_template(name).render(context)


def page(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """A page for whoever is signed in, or for anybody, in English."""
    pages: Pages = request.app.state.pages
    shown = {
        "path": request.url.path,
        "account": getattr(request.state, "account", None),
        "said": words.SAID.get(request.query_params.get("said", ""), ""),
        **context,
    }
    return HTMLResponse(pages.html(template, shown), status_code=status)


def public_page(request: Request, template: str, language: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """A page for a subscriber in their language; it sets no cookie."""
    pages: Pages = request.app.state.pages
    spoken = pages.phrases(language)
    shown = {"p": spoken, "language": spoken["language"], "direction": direction(spoken["language"]), **context}
    return HTMLResponse(pages.html(template, shown), status_code=status)


def wanted_language(request: Request, known: str = "") -> str:
    """The language of a page: the person's own, else the first of the browser's that the pages speak, else English."""
    if known:
        return known
    for part in request.headers.get("accept-language", "")[:200].split(","):
        code = part.partition(";")[0].strip().lower()
        if code.partition("-")[0] in LANGUAGES:
            return code
    return "en"


def see_other(address: str, said: str = "") -> RedirectResponse:
    """After a deed, go and look at a page; `said` names a line of `words.SAID` that it shows."""
    if said:
        address += f"{'&' if '?' in address else '?'}said={said}"
    return RedirectResponse(address, status_code=303)


@lru_cache(maxsize=8)
def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
