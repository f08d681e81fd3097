"""run, web, preview: what serves pages until it is told to stop."""

import logging
import socket
import threading
import time
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, cast

import typer
import uvicorn
from fastapi import FastAPI
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from mailer import accounts
from mailer.app import App
from mailer.base.errors import Unreachable, WrongInput
from mailer.base.notation import place_of
from mailer.cli.options import HostOption, IssueArgument, PortOption
from mailer.cli.output import say
from mailer.cli.stopping import stop_signals
from mailer.cli.workspace import WorkspaceOption, find_workspace, opened, workspace_exists
from mailer.content import read_issue
from mailer.specimen import sample_frame
from mailer.web import create_app
from mailer.web.preview import Surroundings, create_preview
from mailer.web.security import PlainAddresses
from mailer.worker.threads import working
from subscribers import attributes, list_audiences

DEFAULT_PORT = 8000
FIRST_USER = "manager@localhost"


def add_to(app: typer.Typer) -> None:
    """Give `mailer` the commands of this module."""
    app.command(epilog="Example: mailer run --port 8080")(run)
    app.command(epilog="Example: mailer web --host 0.0.0.0 --port 8000")(web)
    app.command(epilog="Example: mailer preview issues/spring")(preview)


def run(
    workspace: WorkspaceOption = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = None,
    open_: Annotated[bool, typer.Option("--open", help="Open the browser.")] = False,
) -> None:
    """Web, worker and scheduler in one process; Ctrl-C ends it."""
    with stop_signals() as stopped, opened(workspace, works=True) as app:
        if not app.settings.is_embedded:
            raise WrongInput(
                "`run` is for the embedded queue",
                do="with a broker start `mailer web`, `mailer worker` and `mailer beat`",
                place="MAILER_BROKER_URL",
            )
        with serving_app(app, host, port) as address, working(app):
            link = first_login_link(app)
            say(f"web       {address}/")
            if not app.settings.smtp.relays:
                say(f"mailbox   {address}/mailbox")
            say(f"sign in   {link}   (once, within 30 minutes)")
            say(f"workspace {app.home}\nCtrl-C stops it.")
            if open_:
                webbrowser.open(link)
            stopped.wait()
            say("stopping …")


def web(workspace: WorkspaceOption = None, host: HostOption = "127.0.0.1", port: PortOption = None) -> None:
    """The web part alone."""
    with stop_signals() as stopped, opened(workspace) as app, serving_app(app, host, port) as address:
        say(f"web {address}/")
        if not accounts_exist(app):
            say(f"sign in {first_login_link(app)}   (once, within 30 minutes)")
        stopped.wait()


def preview(
    issue: IssueArgument,
    host: HostOption = "127.0.0.1",
    port: PortOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Show an issue in the browser while it is being written; it reloads on save."""
    slug = read_issue(issue).meta.slug
    home = find_workspace(workspace)
    around = Surroundings(sample_frame(), clock=App.clock)
    if workspace_exists(home):
        with opened(home) as app, app.database.read() as session:
            known = tuple(audience.slug for audience in list_audiences(session))
            declared = frozenset(attributes.kinds(session))
            around = Surroundings(app.frame(session, slug=slug), app.formula_cache, known, App.clock, declared)
    web = create_preview(issue.absolute(), around)
    with stop_signals() as stopped, serving(web, host, port) as address:
        say(f"preview {address}/\nCtrl-C stops it.")
        stopped.wait()


def accounts_exist(app: App) -> bool:
    """Whether anybody can sign in."""
    with app.database.read() as session:
        return any(not account.is_disabled for account in accounts.list_users(session))


def first_login_link(app: App) -> str:
    """A one-time link for the first person who may sign in; the first start makes one."""
    with app.database.begin() as session:
        now = app.clock()
        people = [account for account in accounts.list_users(session) if not account.is_disabled]
        person = people[0] if people else accounts.add_user(session, FIRST_USER, name="Manager", now=now)
        return f"{app.base_url}/login/{accounts.login_link(session, person.id, now=now)}"


@contextmanager
def serving_app(app: App, host: str, port: int | None) -> Iterator[str]:
    """Serve the web part of a workspace; without a public address set, links follow the port really bound."""
    proxies = [str(proxy) for proxy in app.settings.base.trusted_proxies]
    with serving(create_app(app), host, port, trusted_proxies=proxies) as address:
        if not app.settings.base.url:
            app.bind(address)
        yield address


@contextmanager
def serving(web: FastAPI, host: str, port: int | None, *, trusted_proxies: Sequence[str] = ()) -> Iterator[str]:
    """Serve in a thread for the time of the block; gives the address."""
    listener = listening_socket(host, port)
    bound = listener.getsockname()[1]
    shown = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104 - compared, not bound
    address = f"http://{place_of(shown, bound)}"
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    # The same interface; Starlette and uvicorn write its types differently.
    proxied: Any = ProxyHeadersMiddleware(cast("Any", web), trusted_hosts=list(trusted_proxies))
    config = uvicorn.Config(
        PlainAddresses(proxied),
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
        server_header=False,
        proxy_headers=False,  # see above: by plain addresses
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="web", daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    if not server.started:
        raise Unreachable("web", "it did not start", do="see the message above")
    try:
        yield address
    finally:
        server.should_exit = True
        thread.join(timeout=10)


def listening_socket(host: str, port: int | None) -> socket.socket:
    """A socket that listens; without a wish the usual port, or a free one where that is taken.

    Raises:
        WrongInput: the port that was asked for is taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in (DEFAULT_PORT, 0) if port is None else (port,):
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, candidate))
            listener.listen(1024)
        except OSError as error:
            listener.close()
            reason = error.strerror or str(error)
        else:
            return listener
    raise WrongInput(f"{host}:{port} cannot be listened on: {reason}", do="choose another --port or --host")
