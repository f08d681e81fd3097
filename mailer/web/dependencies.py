"""What a route asks for: the open App, and who is signed in.

A route opens its transaction itself, `with app.database.begin() as session:`, and answers after the block has committed.
A dependency with `yield` would hold SQLite's one write lock between two visits to the thread pool: with 40 threads waiting
for that lock, the route that holds it finds no thread, and nobody moves.
"""

from typing import Annotated

from fastapi import Depends, Request
from pydantic import Field

from mailer import accounts
from mailer.accounts import Account
from mailer.app import App
from mailer.web.security import session_secret

RowNumber = Annotated[int, Field(ge=0, lt=2**63)]
"""A number of a row in an address: as large as databases count."""


class NoLongerOnRecord(Exception):
    """A link of ours, whose person was erased, or forgotten because they never confirmed."""


class SignInFirst(Exception):
    """Nobody is signed in."""


async def app_of(request: Request) -> App:
    """The open App; a coroutine, because a plain function would cost a visit to the thread pool."""
    app: App = request.app.state.app
    return app


AppOf = Annotated[App, Depends(app_of)]


def signed_in(request: Request, app: AppOf) -> Account:
    """Who is signed in.

    Raises:
        SignInFirst: nobody is.
    """
    secret = session_secret(request)
    account = None
    if secret:
        with app.database.read() as session:
            account = accounts.session_user(session, secret, now=app.clock())
    if account is None:
        raise SignInFirst
    request.state.account = account
    return account


Manager = Annotated[Account, Depends(signed_in)]
