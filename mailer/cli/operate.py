"""init, demo, user, token, audit: what the operator does."""

from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from mailer import accounts, demo
from mailer.accounts import SCOPES
from mailer.base import audit
from mailer.base.errors import WrongInput
from mailer.base.settings import leave_environment
from mailer.cli import serve
from mailer.cli.exits import DONE, FAULTS, INTERRUPTED
from mailer.cli.options import PortOption
from mailer.cli.output import JsonOption, say, show_either, show_json, show_table
from mailer.cli.stopping import stop_signals
from mailer.cli.workspace import WorkspaceOption, find_workspace, opened
from mailer.worker.threads import working
from mailer.workspace import init_workspace

user = typer.Typer(help="The people who sign in.", rich_markup_mode=None, no_args_is_help=True)
token = typer.Typer(help="The API tokens of scripts.", rich_markup_mode=None, no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Give `mailer` the commands of this module."""
    app.command(epilog="Example: mailer init my-workspace --sample")(init)
    app.command("demo", epilog="Example: mailer demo --once")(demo_command)
    app.command("audit", epilog="Example: mailer audit --since 2027-01-01")(audit_log)
    app.add_typer(user, name="user", epilog="Example: mailer user add helena@example.org")
    app.add_typer(token, name="token", epilog="Example: mailer token add 'nightly export' --user helena@example.org")


def init(
    directory: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Where; default as for --workspace.")
    ] = None,
    sample: Annotated[bool, typer.Option("--sample", help="Add sample people, for a trial.")] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Make a new workspace: settings, secrets, database, audiences and the sample issue."""
    home = directory.absolute() if directory else find_workspace(workspace)
    issue = init_workspace(home, sample_people=sample)
    say(f"workspace {home}")
    say(f"next: edit {home / 'mailer.toml'}, write {issue / 'issue.md'}, and run `mailer run`")


def demo_command(
    once: Annotated[bool, typer.Option("--once", help="Send, print what came of it, and leave.")] = False,
    people: Annotated[int, typer.Option(min=0, help="So many more people in each audience.")] = 0,
    port: PortOption = None,
    json_: JsonOption = False,
) -> int:
    """Render the sample issue and really send it, over SMTP, to sample people of three audiences."""
    leave_environment()  # what is set around it is a workspace with real people, to whom it would write
    home = demo.make_workspace(people)
    with stop_signals() as stopped, opened(home, works=True) as app:
        serving = nullcontext("") if once else serve.serving_app(app, "127.0.0.1", port)
        with serving as address, working(app):
            outcome = demo.send_sample(app, stopped)
            if stopped.is_set():
                return INTERRUPTED
            show_either(demo.as_text(outcome), outcome.as_dict(), json_=json_)
            if once:
                return DONE if outcome.is_right else FAULTS
            say(
                f"web     {address}/\nmailbox {address}/mailbox\nsign in {serve.first_login_link(app)}\nCtrl-C stops it."
            )
            stopped.wait()
            return DONE


@user.command("add", epilog="Example: mailer user add helena@example.org --name 'Helena Lake'")
def user_add(email: str, name: str = "", workspace: WorkspaceOption = None, json_: JsonOption = False) -> None:
    """Let a person sign in, and print a one-time link."""
    with opened(workspace) as app, app.database.begin() as session:
        account = accounts.add_user(session, email, name=name, now=app.clock())
        link = f"{app.base_url}/login/{accounts.login_link(session, account.id, now=app.clock())}"
    show_either(link, {"email": account.email, "name": account.name, "link": link}, json_=json_)


@user.command("reset", epilog="Example: mailer user reset helena@example.org")
def user_reset(email: str, workspace: WorkspaceOption = None, json_: JsonOption = False) -> None:
    """Print a new one-time sign-in link."""
    with opened(workspace) as app, app.database.begin() as session:
        account = accounts.find_user(session, email)
        link = f"{app.base_url}/login/{accounts.login_link(session, account.id, now=app.clock())}"
    show_either(link, {"email": account.email, "link": link}, json_=json_)


@user.command("disable", epilog="Example: mailer user disable helena@example.org")
def user_disable(email: str, workspace: WorkspaceOption = None) -> None:
    """Let a person in no longer."""
    with opened(workspace) as app, app.database.begin() as session:
        accounts.disable_user(session, email, now=app.clock())
    say(f"{email} is let in no longer")


@user.command("list", epilog="Example: mailer user list --json")
def user_list(workspace: WorkspaceOption = None, json_: JsonOption = False) -> None:
    """Show who signs in."""
    with opened(workspace) as app, app.database.read() as session:
        people = accounts.list_users(session)
    rows = [{"email": person.email, "name": person.name, "disabled": person.is_disabled} for person in people]
    if json_:
        show_json(rows)
    else:
        show_table(("email", "name", "disabled"), [tuple(row.values()) for row in rows])


@token.command("add", epilog="Example: mailer token add 'nightly export' --scope subscribers:read --expires 2030-01-01")
def token_add(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    of_user: Annotated[
        str, typer.Option("--user", help="Whose it is; may be left out where one person signs in.")
    ] = "",
    scope: Annotated[
        list[str] | None,
        typer.Option(metavar="S", help=f"What it is good for; may be repeated. Without: all of {', '.join(SCOPES)}."),
    ] = None,
    expires: Annotated[str, typer.Option(metavar="T", help="An ISO date or time at which it ends by itself.")] = "",
    workspace: WorkspaceOption = None,
    json_: JsonOption = False,
) -> None:
    """Make a token and print it, this once."""
    wanted = tuple(scope) if scope else SCOPES
    ends = _moment(expires, "--expires") if expires else None
    with opened(workspace) as app, app.database.begin() as session:
        account = accounts.find_user(session, of_user) if of_user else accounts.only_user(session)
        secret = accounts.add_token(session, account.id, name=name, scopes=wanted, expires_at=ends, now=app.clock())
    show_either(secret, {"name": name, "token": secret, "scopes": wanted, "expires_at": ends}, json_=json_)


@token.command("list", epilog="Example: mailer token list")
def token_list(workspace: WorkspaceOption = None, json_: JsonOption = False) -> None:
    """Show the tokens, never their secrets."""
    with opened(workspace) as app, app.database.read() as session:
        tokens = accounts.list_tokens(session)
    rows = [
        (row.id, row.name, row.created_at, row.revoked_at or "", row.expires_at or "", row.used_at or "", row.scopes)
        for row in tokens
    ]
    keys = ("id", "name", "created_at", "revoked_at", "expires_at", "used_at", "scopes")
    if json_:
        show_json([dict(zip(keys, row, strict=True)) | {"scopes": row[-1].split()} for row in rows])
    else:
        show_table(("id", "name", "created", "revoked", "expires", "last used", "scopes"), rows)


@token.command("revoke", epilog="Example: mailer token revoke 3")
def token_revoke(
    token_id: Annotated[int, typer.Argument(min=1, max=2**63 - 1)], workspace: WorkspaceOption = None
) -> None:
    """End a token."""
    with opened(workspace) as app, app.database.begin() as session:
        accounts.revoke_token(session, token_id, now=app.clock())
    say(f"token {token_id} is revoked")


def audit_log(
    since: Annotated[str, typer.Option(metavar="T", help="An ISO date or time; default: the newest thousand.")] = "",
    workspace: WorkspaceOption = None,
    json_: JsonOption = False,
) -> None:
    """Show who did what, when."""
    with opened(workspace) as app, app.database.read() as session:
        found = audit.entries(session, since=_moment(since, "--since") if since else None)
    rows = [
        {"at": entry.at, "actor": entry.actor, "deed": entry.deed, "subject": entry.subject, "detail": entry.detail}
        for entry in reversed(found)
    ]
    if json_:
        show_json(rows)
    else:
        show_table(("at", "actor", "deed", "subject", "detail"), [tuple(row.values()) for row in rows])


def _moment(text: str, option: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise WrongInput(f"{text!r} is no time", do="give an ISO date such as 2027-01-05", place=option) from error
    return moment.astimezone()
