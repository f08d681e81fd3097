"""Who calls, whether they may, how often, and whether this call was made before."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import Depends, Header, Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.responses import Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes
from pydantic import BaseModel
from sqlalchemy.orm import Session

from mailer import accounts
from mailer.accounts import Script
from mailer.app import App
from mailer.base import answers
from mailer.base.answers import Answer, Reserved
from mailer.base.errors import WrongInput
from mailer.base.tables import SubscriberId
from mailer.web.dependencies import AppOf
from mailer.web.problems import Problem
from mailer.web.security import limits_of, network_of

bearer = HTTPBearer(auto_error=False, description="A token made under Settings or by `mailer token add`.")
JSON: Final = "application/json"
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        pattern="^[!-~]+$",
        # Told in words: a machine that makes inputs of the schema would send one key with many requests, which is refused.
        include_in_schema=False,
    ),
]
IfMatch = Annotated[
    str | None,
    Header(max_length=200, pattern="^[ -~]*$", include_in_schema=False),
]


def script(
    request: Request,
    wanted: SecurityScopes,
    app: AppOf,
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> Script:
    """The script that calls.

    Raises:
        Problem: 401, it shows no live token; 403, the token lacks the scope; 429, it calls too often.
    """
    limits = limits_of(request)
    found = None
    if given is not None:
        with app.database.read() as session:
            found = accounts.script_of(session, given.credentials, now=app.clock())
    if found is None:
        if not limits.refusals_by_network.allows(network_of(request)):
            raise Problem(429, "too many calls without a valid token; wait a minute", headers={"Retry-After": "60"})
        raise Problem(
            401, "this needs a valid token; `mailer token add` makes one", headers={"WWW-Authenticate": "Bearer"}
        )
    if not limits.calls_by_token.allows(str(found.token_id)):
        raise Problem(429, "this token calls too often; wait a few seconds", headers={"Retry-After": "5"})
    missing = [scope for scope in wanted.scopes if scope not in found.scopes]
    if missing:
        raise Problem(
            403,
            f"this token lacks the scope {missing[0]}; make one with `mailer token add NAME --scope {missing[0]}`",
            # RFC 6750 §3.1
            headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{missing[0]}"'},
            more={"scope": missing[0]},
        )
    accounts.note_use(app.database, found, now=app.clock())
    return found


@dataclass(frozen=True, slots=True)
class Call:
    """A call that may be made.

    Args:
        key: of the Idempotency-Key header.
        fingerprint: of the whole request.
    """

    app: App
    script: Script
    now: datetime
    key: str | None = None
    fingerprint: str = ""

    @property
    def actor(self) -> str:
        """How the audit log names the caller."""
        return self.script.actor

    def once(self, deed: Callable[[Session], "BaseModel | None"], *, status: int = 200) -> Response:
        """Do a deed in one transaction and answer with what it gives; a call that was made before is answered again."""
        if self.key is None:
            with self.app.database.begin() as session:
                return _response(_answer(deed(session), status))
        taken = answers.reserve(
            self.app.database, self.script.token_id, self.key, fingerprint=self.fingerprint, now=self.now
        )
        if isinstance(taken, Answer):
            return _response(taken, is_repeated=True)
        return _response(self._first(taken, deed, status))

    def _first(self, taken: Reserved, deed: Callable[[Session], "BaseModel | None"], status: int) -> Answer:
        try:
            with self.app.database.begin() as session:
                answer = _answer(deed(session), status)
                answers.keep(session, taken, answer)
        except BaseException:
            answers.give_back(self.app.database, taken)
            raise
        return answer


def refuse_unknown_query(request: Request) -> None:
    """Let nothing be asked for that the operation does not know: mistyped, it would list, or do, too much.

    Raises:
        WrongInput: the first such name, and those that there are.
    """
    if not request.query_params:
        return
    known = _queries(request.scope["route"].dependant)
    for name in request.query_params:
        if name not in known:
            do = f"use one of {', '.join(sorted(known))}" if known else "this address takes none"
            raise WrongInput("there is no such query parameter", do=do, place=name)


def _queries(asked: Dependant) -> set[str]:
    """The names of all query parameters of a route, its dependencies' too."""
    return {field.alias for field in asked.query_params}.union(*map(_queries, asked.dependencies))


async def fingerprint(request: Request) -> str:
    """What tells one request from another: method, address and body."""
    digest = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    digest.update(await request.body())
    return digest.hexdigest()


def may_read(scope: str) -> object:
    """A dependency: a call that changes nothing and needs a scope."""

    def call(request: Request, app: AppOf, who: Annotated[Script, Security(script, scopes=[scope])]) -> Call:
        refuse_unknown_query(request)
        return Call(app, who, app.clock())

    return Depends(call)


def may(scope: str) -> object:
    """A dependency: a call that changes something, needs a scope and may carry an Idempotency-Key."""

    def call(
        request: Request,
        app: AppOf,
        who: Annotated[Script, Security(script, scopes=[scope])],
        request_is: Annotated[str, Depends(fingerprint)],
        idempotency_key: IdempotencyKey = None,
    ) -> Call:
        refuse_unknown_query(request)
        return Call(app, who, app.clock(), idempotency_key, request_is)

    return Depends(call)


class About(BaseModel):
    """An answer that is about a person and goes with that person; the id stays inside."""

    def about(self) -> SubscriberId | None:
        """Whom it is about."""
        return None


def etag(shown: BaseModel) -> str:
    """A tag of what is shown (RFC 9110 §8.8.3): another one as soon as anything in it differs."""
    return f'"{hashlib.sha256(shown.model_dump_json().encode()).hexdigest()[:32]}"'


def shown(model: BaseModel) -> Response:
    """What was asked for, with its tag."""
    return Response(model.model_dump_json(), media_type=JSON, headers={"ETag": etag(model)})


def require_match(if_match: str | None, current: BaseModel) -> None:
    """Refuse to change what is not as it was read.

    Raises:
        Problem: 412, it was changed since.
    """
    if if_match is None or if_match.strip() == "*":
        return
    if etag(current) not in [tag.strip() for tag in if_match.split(",")]:
        raise Problem(412, "it was changed since you read it; read it again and decide anew")


def _answer(given: BaseModel | None, status: int) -> Answer:
    if given is None:
        return Answer(204, "")
    return Answer(status, given.model_dump_json(), given.about() if isinstance(given, About) else None)


def _response(answer: Answer, *, is_repeated: bool = False) -> Response:
    headers = {"Idempotency-Replayed": "true"} if is_repeated else {}
    return Response(answer.body or None, answer.status, headers=headers, media_type=JSON if answer.body else None)
