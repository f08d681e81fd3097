"""The web: the manager's pages, the subscriber's pages, the API and what operators ask.

Takes: an open `App`. Gives: an ASGI application. Holds no rule of its own: each route reads a form, calls one deed of a
stage in one transaction, and shows a page. Knows every stage, and not the worker.
"""

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from mailer import __version__
from mailer.app import App
from mailer.base.settings import templates_dir
from mailer.web import api, health, login, manager, public
from mailer.web.errors import add_error_pages
from mailer.web.pages import Pages
from mailer.web.public.persons import CampaignAudiences
from mailer.web.security import Guard, Limits

__all__ = ["create_app"]


def create_app(app: App) -> FastAPI:
    """The web part over an open App, whose closing is the caller's affair."""
    web = FastAPI(title="mailer", version=__version__, docs_url=None, redoc_url=None)
    web.state.app = app
    web.state.pages = Pages(app)
    web.state.limits = Limits(app.settings.limits.api)
    web.state.campaign_audiences = CampaignAudiences()
    add_error_pages(web)
    web.add_middleware(Guard)
    web.mount("/static", StaticFiles(directory=templates_dir() / "web" / "static"), name="static")
    for part in (health, public, login, api, manager):
        web.include_router(part.router)
    api.describe(web)
    return web
