"""/audiences: the segments that people can join."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from mailer.base.errors import MailerError, NotFound
from mailer.web.dependencies import AppOf, Manager
from mailer.web.errors import status_of
from mailer.web.pages import page, see_other
from subscribers import audiences

router = APIRouter(include_in_schema=False)


@router.get("/audiences")
def show(request: Request, app: AppOf) -> Response:
    """All audiences, and a form for one more."""
    with app.database.read() as session:
        rows = audiences.list_audiences(session, archived=True)
    return page(request, "manager/audiences.html", rows=rows, filled={}, wrong=None)


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
        with app.database.read() as session:
            rows = audiences.list_audiences(session, archived=True)
        filled = {"slug": slug, "name": name, "description": description}
        return page(request, "manager/audiences.html", status=status_of(error), rows=rows, filled=filled, wrong=error)
    return see_other("/audiences", "added")


@router.get("/audiences/{slug}")
def edit(request: Request, slug: str, app: AppOf) -> Response:
    """One audience."""
    with app.database.read() as session:
        found = [row for row in audiences.list_audiences(session, archived=True) if row.slug == slug]
    if not found:
        raise NotFound(f"there is no audience {slug!r}", do="look at the list of audiences")
    return page(request, "manager/audience.html", row=found[0], base_url=app.base_url, form=_form(app.base_url, slug))


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


def _form(base_url: str, slug: str) -> str:
    """A form to join by, for any other page; it needs no script and no file of ours."""
    return f"""<form method="post" action="{base_url}/subscribe" accept-charset="utf-8">
  <input type="hidden" name="audience" value="{slug}">
  <label>Email address <input type="email" name="email" required autocomplete="email"></label>
  <button>Subscribe</button>
</form>"""
