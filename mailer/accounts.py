"""People who sign in, their one-time links and sessions, and the API tokens of scripts.

Nothing that opens a door is kept: of links, sessions and tokens only the SHA-256 stands in the database.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy import ColumnElement, ForeignKey, String, Text, delete, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from mailer.base import audit
from mailer.base.database import Database
from mailer.base.errors import NotFound, NotPermitted, WrongInput
from mailer.base.tables import Base, BigId, UserId, UtcDateTime

LINK_LIFETIME = timedelta(minutes=30)
SESSION_LIFETIME = timedelta(days=14)
BETWEEN_USES = timedelta(minutes=1)
"""How exactly a token's last use is known: a busy script writes it once a minute, not at every call."""
SCOPES: Final = (
    "audiences:read", "audiences:write",
    "campaigns:read", "campaigns:write", "campaigns:send",
    "imports:read", "imports:write",
    "segments:read", "segments:write",
    "subscribers:read", "subscribers:write", "subscribers:erase",
    "subscriptions:read", "subscriptions:write",
    "suppressions:read", "suppressions:write",
)  # fmt: skip
"""What a token can be good for. Writing does not include reading; sending and erasing stand apart, having no way back."""


class User(Base):
    """A person who signs in."""

    __tablename__ = "users"

    id: Mapped[UserId] = mapped_column(BigId, primary_key=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LoginLink(Base):
    """A link that signs in once."""

    __tablename__ = "login_links"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[UserId] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


class WebSession(Base):
    """A browser that is signed in."""

    __tablename__ = "web_sessions"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[UserId] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ApiToken(Base):
    """A script's key to the API; `scopes` are separated by blanks."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[UserId] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    scopes: Mapped[str] = mapped_column(Text, default=" ".join(SCOPES))
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


@dataclass(frozen=True, slots=True)
class Account:
    """Who is signed in."""

    id: UserId
    email: str
    name: str
    is_disabled: bool = False

    @property
    def actor(self) -> str:
        """How the audit log names this person."""
        return f"user {self.id}"


def add_user(session: Session, email: str, *, name: str = "", now: datetime, actor: str = "cli") -> Account:
    """Let a person sign in; somebody who was disabled is let in again.

    Raises:
        WrongInput: the address has no @.
    """
    key = email.strip().casefold()
    if key.count("@") != 1 or any(sign.isspace() for sign in key):
        raise WrongInput(f"{email!r} is not an address", do="give one such as helena@example.org")
    user = session.scalar(select(User).where(User.email == key))
    if user is None:
        user = User(email=key, name=name, created_at=now)
        session.add(user)
    user.disabled_at = None
    user.name = name or user.name
    session.flush()
    audit.note(session, actor=actor, deed="user_added", subject=f"user {user.id}", now=now)
    return _account(user)


def disable_user(session: Session, email: str, *, now: datetime, actor: str = "cli") -> Account:
    """Let a person in no longer, and end the sessions, links and tokens.

    Raises:
        NotFound: there is no such person.
    """
    user = _by_email(session, email)
    user.disabled_at = now
    session.execute(delete(WebSession).where(WebSession.user_id == user.id))
    session.execute(delete(LoginLink).where(LoginLink.user_id == user.id))
    session.execute(
        update(ApiToken).where(ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None)).values(revoked_at=now)
    )
    audit.note(session, actor=actor, deed="user_disabled", subject=f"user {user.id}", now=now)
    return _account(user)


def list_users(session: Session) -> tuple[Account, ...]:
    """Everybody who has ever been let in."""
    return tuple(_account(user) for user in session.scalars(select(User).order_by(User.email)))


def names_of_actors(session: Session) -> dict[str, str]:
    """What people call the actors who sign in."""
    return {account.actor: account.name or account.email for account in list_users(session)}


def find_user(session: Session, email: str) -> Account:
    """The person with this address.

    Raises:
        NotFound: there is none, or it was disabled.
    """
    user = _by_email(session, email)
    if user.disabled_at is not None:
        raise NotFound(f"{email} was disabled", do="`mailer user add` lets a person in again")
    return _account(user)


def only_user(session: Session) -> Account:
    """The one person who signs in.

    Raises:
        WrongInput: there are several, or none.
    """
    people = [account for account in list_users(session) if not account.is_disabled]
    if len(people) != 1:
        do = "say whose with --user" if people else "`mailer user add` lets a person in"
        raise WrongInput(f"{len(people) or 'no'} people sign in", do=do)
    return people[0]


def login_link(session: Session, user_id: UserId, *, now: datetime) -> str:
    """The secret of a new one-time link, good for half an hour."""
    secret = secrets.token_urlsafe(24)
    session.execute(delete(LoginLink).where(LoginLink.expires_at < now - timedelta(days=1)))
    session.add(LoginLink(digest=_digest(secret), user_id=user_id, expires_at=now + LINK_LIFETIME))
    return secret


def is_login_link(session: Session, secret: str, *, now: datetime) -> bool:
    """Whether a link can still be used; asking does not use it up."""
    return session.scalar(select(LoginLink.digest).where(*_usable(secret, now))) is not None


def use_login(session: Session, secret: str, *, now: datetime) -> Account:
    """Use a link up and tell whom it lets in; of two who try at once, one is told NotPermitted.

    Raises:
        NotPermitted: the link is unknown, used or too old.
    """
    used = update(LoginLink).where(*_usable(secret, now)).values(used_at=now).returning(LoginLink.user_id)
    user_id = session.execute(used).scalar_one_or_none()
    user = session.get(User, user_id) if user_id is not None else None
    if user is None or user.disabled_at is not None:
        raise NotPermitted("this sign-in link was used or is too old", do="ask for a new one")
    audit.note(session, actor=f"user {user.id}", deed="signed_in", subject=f"user {user.id}", now=now)
    return _account(user)


def new_session(session: Session, user_id: UserId, *, now: datetime) -> str:
    """The secret of a new session, for a cookie."""
    secret = secrets.token_urlsafe(32)
    session.execute(delete(WebSession).where(WebSession.expires_at < now))
    session.add(WebSession(digest=_digest(secret), user_id=user_id, expires_at=now + SESSION_LIFETIME))
    return secret


def session_user(session: Session, secret: str, *, now: datetime) -> Account | None:
    """Who is signed in with this secret, if anybody."""
    query = (
        select(User)
        .join(WebSession, WebSession.user_id == User.id)
        .where(WebSession.digest == _digest(secret), WebSession.expires_at > now, User.disabled_at.is_(None))
    )
    user = session.scalar(query)
    return None if user is None else _account(user)


def end_session(session: Session, secret: str) -> None:
    """Sign out."""
    session.execute(delete(WebSession).where(WebSession.digest == _digest(secret)))


@dataclass(frozen=True, slots=True)
class Script:
    """A script that showed a live token: whose it is, and what it may do."""

    account: Account
    token_id: int
    scopes: frozenset[str]

    @property
    def actor(self) -> str:
        """How the audit log names it."""
        return f"{self.account.actor} by api"


def add_token(
    session: Session,
    user_id: UserId,
    *,
    name: str,
    scopes: Sequence[str] = SCOPES,
    expires_at: datetime | None = None,
    now: datetime,
) -> str:
    """The secret of a new API token; it is shown once and not kept.

    Args:
        scopes: what it is good for; without, everything.
        expires_at: when it ends by itself; None is never.

    Raises:
        WrongInput: there is no such scope, or the token would have ended already.
    """
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown:
        raise WrongInput(f"there is no scope {unknown[0]!r}", do=f"use some of {', '.join(SCOPES)}")
    if expires_at is not None and expires_at <= now:
        raise WrongInput("a token cannot end in the past", do="give a later day")
    secret = "mlr_" + secrets.token_urlsafe(30)
    token = ApiToken(
        user_id=user_id,
        name=name[:200],
        digest=_digest(secret),
        scopes=" ".join(scope for scope in SCOPES if scope in scopes),
        expires_at=expires_at,
        created_at=now,
    )
    session.add(token)
    audit.note(session, actor=f"user {user_id}", deed="token_added", subject=f"user {user_id}", now=now, detail=name)
    return secret


def list_tokens(session: Session) -> tuple[ApiToken, ...]:
    """All API tokens, the revoked too."""
    return tuple(session.scalars(select(ApiToken).order_by(ApiToken.id)))


def revoke_token(session: Session, token_id: int, *, now: datetime, actor: str = "cli") -> None:
    """End a token.

    Raises:
        NotFound: there is no such token, or it was revoked before.
    """
    revoked = update(ApiToken).where(ApiToken.id == token_id, ApiToken.revoked_at.is_(None)).values(revoked_at=now)
    if session.execute(revoked.returning(ApiToken.id)).scalar_one_or_none() is None:
        raise NotFound(f"there is no live token {token_id}", do="`mailer token list` shows them")
    audit.note(session, actor=actor, deed="token_revoked", subject=f"token {token_id}", now=now)


def script_of(session: Session, secret: str, *, now: datetime) -> Script | None:
    """Which script shows this token, if it is a live one."""
    query = (
        select(User, ApiToken)
        .join(ApiToken, ApiToken.user_id == User.id)
        .where(
            ApiToken.digest == _digest(secret),
            ApiToken.revoked_at.is_(None),
            or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now),
            User.disabled_at.is_(None),
        )
    )
    found = session.execute(query).one_or_none()
    if found is None:
        return None
    user, token = found
    return Script(_account(user), token.id, frozenset(token.scopes.split()))


def note_use(database: Database, script: Script, *, now: datetime) -> None:
    """Write down that a token was used just now, where that is not known to the minute."""
    before = (ApiToken.id == script.token_id, or_(ApiToken.used_at.is_(None), ApiToken.used_at < now - BETWEEN_USES))
    with database.read() as session:
        is_news = session.scalar(select(ApiToken.id).where(*before)) is not None
    if is_news:
        with database.begin() as session:
            session.execute(update(ApiToken).where(*before).values(used_at=now))


def _usable(secret: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return LoginLink.digest == _digest(secret), LoginLink.used_at.is_(None), LoginLink.expires_at > now


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _by_email(session: Session, email: str) -> User:
    user = session.scalar(select(User).where(User.email == email.strip().casefold()))
    if user is None:
        raise NotFound(f"nobody signs in as {email}", do="`mailer user list` shows who does")
    return user


def _account(user: User) -> Account:
    return Account(user.id, user.email, user.name, user.disabled_at is not None)
