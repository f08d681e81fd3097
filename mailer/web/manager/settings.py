"""/settings: what is set, where to set it, who signs in, and the tokens of scripts."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel, SecretStr

from mailer import accounts
from mailer.base.errors import NotAllowed, WrongInput
from mailer.base.settings import PREFIX, SECRET_SECTIONS, Settings
from mailer.web.dependencies import AppOf, Manager, RowNumber
from mailer.web.pages import page, see_other

router = APIRouter(include_in_schema=False)

UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


@router.get("/settings")
def show(request: Request, app: AppOf) -> Response:
    """Settings are read from the workspace and the environment; this page shows them."""
    return _page(request, app)


@router.post("/settings/people")
def add_person(
    app: AppOf,
    manager: Manager,
    email: Annotated[str, Form(max_length=320)],
    name: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Let somebody sign in."""
    with app.database.begin() as session:
        accounts.add_user(session, email, name=name.strip(), now=app.clock(), actor=manager.actor)
    return see_other("/settings", "added")


@router.post("/settings/people/disable")
def disable_person(app: AppOf, manager: Manager, email: Annotated[str, Form(max_length=320)]) -> Response:
    """Let somebody in no longer; not oneself, or nobody could be left."""
    if email == manager.email:
        raise NotAllowed("nobody can lock themselves out", do="let somebody else do it")
    with app.database.begin() as session:
        accounts.disable_user(session, email, now=app.clock(), actor=manager.actor)
    return see_other("/settings", "disabled")


@router.post("/settings/tokens")
def add_token(
    request: Request,
    app: AppOf,
    manager: Manager,
    name: Annotated[str, Form(max_length=200)],
    scope: Annotated[list[str] | None, Form()] = None,
    days: Annotated[int, Form(ge=0, le=3650)] = 0,
) -> Response:
    """A token for a script, good for these scopes and so many days (0: until it is revoked); it is shown this once."""
    now = app.clock()
    if not scope:
        raise WrongInput("a token without a scope is good for nothing", do="tick what the script may do")
    with app.database.begin() as session:
        secret = accounts.add_token(
            session,
            manager.id,
            name=name.strip() or "script",
            scopes=scope,
            expires_at=now + timedelta(days=days) if days else None,
            now=now,
        )
    return _page(request, app, secret=secret)


@router.post("/settings/tokens/{token_id}/revoke")
def revoke_token(app: AppOf, manager: Manager, token_id: RowNumber) -> Response:
    """End a token."""
    with app.database.begin() as session:
        accounts.revoke_token(session, token_id, now=app.clock(), actor=manager.actor)
    return see_other("/settings", "revoked")


def _page(request: Request, app: AppOf, *, secret: str = "") -> Response:
    with app.database.read() as session:
        users = accounts.list_users(session)
        tokens = accounts.list_tokens(session)
    return page(
        request,
        "manager/settings.html",
        sections=_shown(app.settings),
        users=users,
        tokens=tokens,
        secret=secret,
        scopes=accounts.SCOPES,
        now=app.clock(),
    )


def _shown(settings: Settings) -> list[tuple[str, str, list[tuple[str, str, str, str]]]]:
    """Sections with what is set: variable, key, value, what it is; of addresses that can hold a password only the kind."""
    sections = []
    for section_name in type(settings).model_fields:
        section = getattr(settings, section_name)
        if not isinstance(section, BaseModel) or section_name == "secret":
            continue
        rows = []
        for field, info in type(section).model_fields.items():
            key = field.removesuffix("_")
            value = _value(getattr(section, field), hidden=section_name in SECRET_SECTIONS)
            rows.append((f"{PREFIX}{section_name}_{key}".upper(), key, value, info.description or ""))
        sections.append((section_name, (type(section).__doc__ or "").strip().partition("\n")[0], rows))
    return sections


def _value(value: Any, *, hidden: bool) -> str:
    """A value as it is written in `mailer.toml`; of an address that can hold a password only the kind."""
    if isinstance(value, SecretStr):
        return "•••"
    text = _written(value)
    if hidden and "://" in text and "@" in text:
        scheme, _, rest = text.partition("://")
        return f"{scheme}://•••@{rest.rpartition('@')[2]}"
    return text


def _written(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case timedelta():
            seconds = round(value.total_seconds())
            unit, length = next((unit, length) for unit, length in UNITS if seconds % length == 0)
            return f"{seconds // length} {unit}" if seconds else "0"
        case tuple():
            return ", ".join(map(str, value))
        case dict():
            return ", ".join(f"{key} = {item}" for key, item in value.items())
        case _:
            return str(value)
