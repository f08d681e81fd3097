"""/audiences: the segments that people can join."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from markupsafe import escape

from mailer.app import App
from mailer.base.errors import MailerError
from mailer.base.languages import Language
from mailer.web.dependencies import AppOf, Manager
from mailer.web.errors import status_of
from mailer.web.pages import page, see_other
from subscribers import audiences
from subscribers.audiences import AudienceRow

router = APIRouter(include_in_schema=False)


@router.get("/audiences")
def show(request: Request, app: AppOf) -> Response:
    """All audiences, and a form for one more."""
    return _list(request, app)


@router.post("/audiences")
def add(
    request: Request,
    app: AppOf,
    manager: Manager,
    slug: Annotated[str, Form(max_length=64)],
    name: Annotated[str, Form(max_length=200)],
    description: Annotated[str, Form(max_length=1000)] = "",
    is_public: Annotated[bool, Form()] = False,
    double_opt_in: Annotated[bool, Form()] = False,
) -> Response:
    """Make one."""
    try:
        with app.database.begin() as session:
            audiences.add_audience(
                session,
                slug.strip(),
                name.strip() or slug,
                description=description.strip(),
                is_public=is_public,
                double_opt_in=double_opt_in,
                now=app.clock(),
                actor=manager.actor,
            )
    except MailerError as error:
        return _list(request, app, {"slug": slug, "name": name, "description": description}, error)
    return see_other("/audiences", "added")


@router.get("/audiences/{slug}")
def edit(request: Request, slug: str, app: AppOf) -> Response:
    """One audience."""
    with app.database.read() as session:
        row = audiences.find_audience(session, slug)
    return page(request, "manager/audience.html", row=row, base_url=app.base_url)


def _list(
    request: Request, app: App, filled: Mapping[str, str] = MappingProxyType({}), wrong: MailerError | None = None
) -> Response:
    with app.database.read() as session:
        rows = audiences.count_audiences(session, archived=True)
    offered = [row for row in rows if row.is_public and not row.is_archived]
    language = app.languages.best(request.query_params.get("language", ""))
    return page(
        request,
        "manager/audiences.html",
        status=status_of(wrong) if wrong else 200,
        rows=rows,
        filled=filled,
        wrong=wrong,
        base_url=app.base_url,
        form=_form(app.base_url, offered, language) if offered else "",
        language=language,
        languages=app.languages.offered,
    )


@router.post("/audiences/{slug}")
def save(
    slug: str,
    app: AppOf,
    manager: Manager,
    name: Annotated[str, Form(max_length=200)] = "",
    description: Annotated[str, Form(max_length=1000)] = "",
    is_public: Annotated[bool, Form()] = False,
    double_opt_in: Annotated[bool, Form()] = False,
) -> Response:
    """Change it; its slug stays."""
    with app.database.begin() as session:
        audiences.edit_audience(
            session,
            slug,
            name=name.strip() or slug,
            description=description.strip(),
            is_public=is_public,
            double_opt_in=double_opt_in,
            now=app.clock(),
            actor=manager.actor,
        )
    return see_other("/audiences", "saved")


@router.post("/audiences/{slug}/archive")
def archive(slug: str, app: AppOf, manager: Manager) -> Response:
    """Offer it no more."""
    with app.database.begin() as session:
        audiences.archive_audience(session, slug, now=app.clock(), actor=manager.actor)
    return see_other("/audiences", "archived")


def _form(base_url: str, offered: Sequence[AudienceRow], language: Language) -> str:
    """A form to join by, for any other page: it needs no script, no style and no file of ours.

    `hidden` keeps the bait from people also where a page's own policy forbids styles.
    """
    if len(offered) == 1:
        choice = f'  <input type="hidden" name="audience" value="{offered[0].slug}">'
    else:
        boxes = "\n".join(
            f'    <div><label><input type="checkbox" name="audience" value="{row.slug}"> {escape(row.name)}</label></div>'
            for row in offered
        )
        choice = f"  <fieldset>\n    <legend>{escape(language['join_what'])}</legend>\n{boxes}\n  </fieldset>"
    return f"""<form method="post" action="{base_url}/subscribe" accept-charset="utf-8" lang="{language.code}">
  <input type="hidden" name="language" value="{language.code}">
  <p><label>{escape(language["email"])}<br>
    <input type="email" name="email" required autocomplete="email" maxlength="320"></label></p>
{choice}
  <div hidden><label>Website <input name="website" tabindex="-1" autocomplete="off"></label></div>
  <p><button>{escape(language["join_button"])}</button></p>
</form>"""
