"""The pages: templates of `templates/web`, a workspace's own first, filled with autoescape; nothing undefined passes."""

import hashlib
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mailer.app import App
from mailer.base.languages import Language
from mailer.base.settings import templates_dir
from mailer.base.wording import counted_people
from mailer.campaigns import left_out
from mailer.web import words


class Pages:
    """Makes pages of templates.

    Args:
        app: whose name and folders the pages show.
    """

    def __init__(self, app: App) -> None:
        self.languages = app.languages
        folders = (app.home / "templates" / "web", templates_dir() / "web")
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
            "people": counted_people,
            "state": words.state,
            "size": words.size,
            "deed": words.deed,
            "held": words.held,
            "reason": words.reason,
            "left_out": left_out,
            "moment": lambda moment, zone=zone: words.moment(moment, zone),
            "short": lambda moment, zone=zone: words.short(moment, zone),
        }
        self._templates.filters.update(filters)
        self._templates.globals.update(
            sender=app.sender,
            zone=zone,
            style=f"/static/site.css?v={_digest(templates_dir() / 'web' / 'static' / 'site.css')}",
            has_mailbox=not app.settings.smtp.relays,
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


def public_page(
    request: Request, template: str, language: Language, *, status: int = 200, **context: Any
) -> HTMLResponse:
    """A page for a subscriber in their language; it sets no cookie."""
    pages: Pages = request.app.state.pages
    spoken = pages.languages.offered
    others = [
        (one, request.url.include_query_params(language=one.code).query) for one in spoken if one.code != language.code
    ]
    # An answer to a form has no address to come back to.
    is_shown = request.method == "GET" and status < HTTPStatus.BAD_REQUEST
    shown = {"p": language, "languages": spoken, "others": others if is_shown else [], **context}
    return HTMLResponse(pages.html(template, shown), status_code=status)


def wanted_language(request: Request, known: str = "") -> Language:
    """The language of a page: the one that was pressed, else the person's own, else the browser's, else English."""
    pages: Pages = request.app.state.pages
    pressed = request.query_params.get("language", "")
    return pages.languages.best(pressed, known, request.headers.get("accept-language", ""))


def same_page(request: Request, **query: str) -> RedirectResponse:
    """After a deed, look at the page from which it was done, in the language that was pressed there."""
    pressed = request.query_params.get("language")
    query = {name: value for name, value in {"language": pressed, **query}.items() if value}
    return RedirectResponse(request.url.path + (f"?{urlencode(query)}" if query else ""), status_code=303)


def see_other(address: str, said: str = "") -> RedirectResponse:
    """After a deed, go and look at a page; `said` names a line of `words.SAID` that it shows."""
    if said:
        address += f"{'&' if '?' in address else '?'}said={said}"
    return RedirectResponse(address, status_code=303)


@lru_cache(maxsize=8)
def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
