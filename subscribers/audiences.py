"""Audiences: the named segments that people join, and who of them may receive now."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import Session

from mailer.base import audit
from mailer.base.errors import NotAllowed, NotFound, WrongInput
from mailer.base.tables import AudienceId, SubscriberId
from subscribers.models import Audience, Subscriber, Subscription
from subscribers.narrowing import EVERYBODY, Narrowing
from subscribers.suppression import may_receive

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class AudienceRow:
    """An audience as it is shown."""

    id: AudienceId
    slug: str
    name: str
    description: str
    is_public: bool
    double_opt_in: bool
    is_archived: bool


@dataclass(frozen=True, slots=True)
class CountedAudience(AudienceRow):
    """An audience with its live subscriptions."""

    subscribed: int


def add_audience(
    session: Session,
    slug: str,
    name: str,
    *,
    description: str = "",
    is_public: bool = True,
    double_opt_in: bool = True,
    now: datetime | None = None,
    actor: str = "system",
) -> AudienceId:
    """A new audience.

    Raises:
        WrongInput: the slug is not made of lower case letters, digits and hyphens.
        NotAllowed: there is one of this slug already.
    """
    if not SLUG.fullmatch(slug) or len(slug) > 64:
        raise WrongInput(f"{slug!r} cannot name an audience", do="use lower case letters, digits and hyphens")
    if session.scalar(select(Audience.id).where(Audience.slug == slug)) is not None:
        raise NotAllowed(f"there is an audience {slug} already", do="choose another slug, or edit it")
    audience = Audience(
        slug=slug, name=name[:200], description=description, is_public=is_public, double_opt_in=double_opt_in
    )
    session.add(audience)
    session.flush()
    if now is not None:
        audit.note(session, actor=actor, deed="audience_added", subject=f"audience {audience.id}", now=now, detail=slug)
    return audience.id


def edit_audience(
    session: Session,
    slug: str,
    *,
    name: str | None = None,
    description: str | None = None,
    is_public: bool | None = None,
    double_opt_in: bool | None = None,
    now: datetime,
    actor: str,
) -> None:
    """Change what is given; None leaves as it is. A slug stays, because campaigns and issues name it.

    Raises:
        NotFound: there is no such audience.
    """
    audience_id = find_audience_id(session, slug, archived=True)
    given = {"name": name, "description": description, "is_public": is_public, "double_opt_in": double_opt_in}
    changes: dict[str, Any] = {field: value for field, value in given.items() if value is not None}
    if changes:
        session.execute(update(Audience).where(Audience.id == audience_id).values(**changes))
        detail = ", ".join(sorted(changes))
        audit.note(
            session, actor=actor, deed="audience_edited", subject=f"audience {audience_id}", now=now, detail=detail
        )


def archive_audience(session: Session, slug: str, *, now: datetime, actor: str) -> None:
    """Offer it no more and send to it no more; its subscriptions and consents stay on record. Idempotent.

    Raises:
        NotFound: there is no such audience.
    """
    audience_id = find_audience_id(session, slug, archived=True)
    moved = update(Audience).where(Audience.id == audience_id, Audience.archived_at.is_(None)).values(archived_at=now)
    if session.execute(moved.returning(Audience.id)).scalar_one_or_none() is not None:
        audit.note(session, actor=actor, deed="audience_archived", subject=f"audience {audience_id}", now=now)


def list_audiences(session: Session, *, archived: bool = False) -> tuple[AudienceRow, ...]:
    """All audiences in the order of their making; with `archived`, those too. Nobody is counted: public pages ask for it."""
    query = select(Audience).where(_these(archived=archived)).order_by(Audience.id)
    return tuple(AudienceRow(*_shown(found)) for found in session.scalars(query))


def count_audiences(session: Session, *, archived: bool = False) -> tuple[CountedAudience, ...]:
    """The same with how many are subscribed, which looks at every subscription."""
    counts = (
        select(Subscription.audience_id, func.count().label("subscribed"))
        .where(Subscription.state == "subscribed")
        .group_by(Subscription.audience_id)
        .subquery()
    )
    query = (
        select(Audience, func.coalesce(counts.c.subscribed, 0))
        .outerjoin(counts, counts.c.audience_id == Audience.id)
        .where(_these(archived=archived))
        .order_by(Audience.id)
    )
    return tuple(CountedAudience(*_shown(found), subscribed) for found, subscribed in session.execute(query))


def _these(*, archived: bool) -> ColumnElement[bool]:
    return true() if archived else Audience.archived_at.is_(None)


def _shown(a: Audience) -> tuple[AudienceId, str, str, str, bool, bool, bool]:
    return a.id, a.slug, a.name, a.description, a.is_public, a.double_opt_in, a.archived_at is not None


def find_audience(session: Session, slug: str, *, lock: bool = False) -> CountedAudience:
    """An audience, archived or not; with `lock` nobody else changes it before this transaction ends.

    Raises:
        NotFound: there is none.
    """
    audience_id = find_audience_id(session, slug, archived=True)
    if lock:
        session.execute(select(Audience.id).where(Audience.id == audience_id).with_for_update())
    return next(row for row in count_audiences(session, archived=True) if row.id == audience_id)


def audience_names(session: Session) -> dict[str, str]:
    """The names of all audiences by their slugs, archived ones too; asked for every batch, so nobody is counted."""
    return dict(session.execute(select(Audience.slug, Audience.name)).all())


def audience_ids(session: Session, slugs: Sequence[str], *, archived: bool = False) -> tuple[AudienceId, ...]:
    """The ids of audiences that an order names, in their order.

    Raises:
        NotAllowed: one is unknown, or archived and `archived` is not asked for; it is named, and the known ones too.
    """
    known = _ids_by_slug(session, archived=archived)
    for slug in slugs:
        if slug not in known:
            raise NotAllowed(f"there is no audience {slug!r}", do=f"use one of {_listed(known)}")
    return tuple(known[slug] for slug in slugs)


def find_audience_id(session: Session, slug: str, *, archived: bool = False) -> AudienceId:
    """The id of an audience that is itself asked for.

    Raises:
        NotFound: there is none, or it is archived and `archived` is not asked for.
    """
    known = _ids_by_slug(session, archived=archived)
    if slug not in known:
        raise NotFound(f"there is no audience {slug!r}", do=f"use one of {_listed(known)}")
    return known[slug]


def _ids_by_slug(session: Session, *, archived: bool) -> dict[str, AudienceId]:
    query = select(Audience.slug, Audience.id).order_by(Audience.id)
    if not archived:
        query = query.where(Audience.archived_at.is_(None))
    return dict(session.execute(query).all())


def _listed(known: Iterable[str]) -> str:
    return ", ".join(known) or "(there is none yet)"


def public_slugs(session: Session) -> tuple[str, ...]:
    """The audiences that are offered on the pages and shown in the archive."""
    query = select(Audience.slug).where(Audience.is_public, Audience.archived_at.is_(None)).order_by(Audience.id)
    return tuple(session.scalars(query))


def recipients(
    audience_ids: Sequence[AudienceId],
    *,
    now: datetime | BindParameter[Any],
    among: tuple[int, int] | None = None,
    narrowing: Narrowing = EVERYBODY,
) -> Select[Any]:
    """Everyone who may receive now: the one definition that counts, sends and shows.

    Columns: `subscriber_id`, `address`, `name`, `language`, `attributes`, and `mask`, whose bit i is set where the person is
    live in `audience_ids[i]`. Every condition is correlated to the person, so that a range of ids stays cheap.

    Args:
        now: or a parameter for it, in a statement that is kept.
        among: only those whose ids are from the first of the two to the second.
        narrowing: only those whom segments leave over.
    """
    live = [_is_live_in(audience_id, among) for audience_id in audience_ids]
    mask: ColumnElement[int] = literal(1 if len(live) == 1 else 0)  # of one audience is whoever is asked for at all
    for bit, is_live in enumerate(live if len(live) > 1 else ()):
        mask = mask + case((is_live, 1 << bit), else_=0)
    query = select(
        Subscriber.id.label("subscriber_id"),
        Subscriber.address.label("address"),
        Subscriber.name.label("name"),
        Subscriber.language.label("language"),
        Subscriber.attributes.label("attributes"),
        mask.label("mask"),
    ).where(
        Subscriber.status == "subscribed",
        or_(Subscriber.paused_until.is_(None), Subscriber.paused_until <= now),
        or_(*live) if live else literal(value=False),
        may_receive(Subscriber.address_key),
        *narrowing.conditions(),
    )
    return query.where(Subscriber.id.between(*among)) if among else query


def last_of_next(session: Session, *, after: int, count: int) -> SubscriberId | None:
    """The last of the next `count` people by their ids, whoever they are; None where nobody comes after `after`.

    It walks the primary key and nothing else: PostgreSQL sorts everyone to find the next 20,000 of those who may receive.
    """
    next_ids = select(Subscriber.id).where(Subscriber.id > after).order_by(Subscriber.id).limit(count).subquery()
    last: SubscriberId | None = session.execute(select(func.max(next_ids.c.id))).scalar_one()
    return last


def shown_status(now: datetime) -> ColumnElement[str]:
    """The status that is shown of a person, in SQL: suppression wins, then having left, then a pause."""
    return case(
        (~may_receive(Subscriber.address_key), "suppressed"),
        (and_(Subscriber.status == "subscribed", Subscriber.paused_until > now), "paused"),
        else_=Subscriber.status,
    )


def exclusions(
    session: Session, audience_ids: Sequence[AudienceId], *, now: datetime, narrowing: Narrowing = EVERYBODY
) -> dict[str, int]:
    """Why others who are or were in these audiences do not receive, each counted once.

    `suppressed`, `unsubscribed`, `paused` and `unconfirmed`; and of those who could, `outside` every segment that was asked
    for, or `excluded` by one.
    """
    receiving = recipients(audience_ids, now=now).subquery()
    in_any = exists().where(
        Subscription.subscriber_id == Subscriber.id, Subscription.audience_id.in_(list(audience_ids))
    )
    waiting = exists().where(
        Subscription.subscriber_id == Subscriber.id,
        Subscription.audience_id.in_(list(audience_ids)),
        Subscription.state == "unconfirmed",
    )
    status = shown_status(now)
    reason = case(
        (status != "subscribed", status),
        (waiting, "unconfirmed"),
        else_="unsubscribed",
    ).label("reason")
    # Not NOT IN: of more ids than fit its memory PostgreSQL makes a list, and reads the whole of it for each person.
    receives = exists().where(receiving.c.subscriber_id == Subscriber.id)
    found = _counted(session, select(reason).where(in_any, ~receives))
    if narrowing.conditions():
        could = recipients(audience_ids, now=now)
        away = could.with_only_columns(narrowing.reason().label("reason"), maintain_column_froms=True)
        found |= _counted(session, away)
    return found


def _counted(session: Session, reasons: Select[str]) -> dict[str, int]:
    """How often each reason stands in the rows; where there is none, the person is not left out."""
    rows = reasons.subquery()
    counted = select(rows.c.reason, func.count()).group_by(rows.c.reason)
    return {reason: count for reason, count in session.execute(counted).all() if reason}


def _is_live_in(audience_id: AudienceId, among: tuple[int, int] | None = None) -> ColumnElement[bool]:
    is_open = exists().where(Audience.id == audience_id, Audience.archived_at.is_(None))
    subscribed = exists().where(
        Subscription.subscriber_id == Subscriber.id,
        Subscription.audience_id == audience_id,
        Subscription.state == "subscribed",
    )
    if among:
        # Said of both tables: PostgreSQL does not infer it, and would read every subscription for each range.
        subscribed = subscribed.where(Subscription.subscriber_id.between(*among))
    return and_(subscribed, is_open)
