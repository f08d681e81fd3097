"""Who is not to be mailed any more, carried into an older state of the same people: a backup that is restored."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from mailer.base.tables import SubscriberId
from mailer.base.tokens import Keys
from subscribers.erasure import erase
from subscribers.leaving import unsubscribe
from subscribers.models import Audience, Subscriber, Subscription, Suppression

SOURCE = "restored backup"
_SUPPRESSION = (
    Suppression.address_key,
    Suppression.address_hash,
    Suppression.domain,
    Suppression.reason,
    Suppression.source,
    Suppression.since,
)


@dataclass(frozen=True, slots=True)
class Departures:
    """Who had left everything and who had left which audience, both by the person's public id; and who is suppressed."""

    everything: frozenset[str]
    audiences: frozenset[tuple[str, str]]
    suppressed: tuple[dict[str, Any], ...]


def departures(session: Session) -> Departures:
    """Who is not to be mailed, as these people have it."""
    left = (
        select(Subscriber.public_id, Audience.slug)
        .join(Subscription, Subscription.subscriber_id == Subscriber.id)
        .join(Audience, Audience.id == Subscription.audience_id)
        .where(Subscription.state == "unsubscribed")
    )
    return Departures(
        everything=frozenset(session.scalars(select(Subscriber.public_id).where(Subscriber.status == "unsubscribed"))),
        audiences=frozenset((public_id, slug) for public_id, slug in session.execute(left)),
        suppressed=tuple(row._asdict() for row in session.execute(select(*_SUPPRESSION))),
    )


def see_off(session: Session, later: Departures, *, keys: Keys, now: datetime, actor: str) -> int:
    """Let whoever is gone later be gone here; how many people left or were erased here by that."""
    mine = departures(session)
    standing = {_subject(entry) for entry in mine.suppressed}
    new = [entry for entry in later.suppressed if _subject(entry) not in standing]
    erased = {entry["address_hash"] for entry in new if entry["address_hash"]}
    gone = list(_people_of(session, erased, keys)) if erased else []
    for subscriber_id in gone:
        erase(session, subscriber_id, keys=keys, now=now, actor=actor)  # it keeps the hash itself
    others = [entry for entry in new if not entry["address_hash"]]
    if others:
        session.execute(insert(Suppression), others)
    _keep_hashes(session, [entry for entry in new if entry["address_hash"]])
    left = _leave(session, later, mine, now=now, actor=actor)
    session.flush()
    return len(gone) + left


def _subject(entry: dict[str, Any]) -> tuple[str | None, str | None, str | None]:
    return entry["address_key"], entry["address_hash"], entry["domain"]


def _people_of(session: Session, hashes: set[str], keys: Keys) -> Iterator[SubscriberId]:
    people = session.execute(select(Subscriber.id, Subscriber.address_key).execution_options(yield_per=5_000))
    return (found for found, key in people if not hashes.isdisjoint(keys.keyed_hashes(key)))


def _keep_hashes(session: Session, entries: list[dict[str, Any]]) -> None:
    """Those of people whom this state never knew, or whom a key that has gone since had hashed."""
    known = set(session.scalars(select(Suppression.address_hash)))
    missing = [entry for entry in entries if entry["address_hash"] not in known]
    if missing:
        session.execute(insert(Suppression), missing)


def _leave(session: Session, later: Departures, mine: Departures, *, now: datetime, actor: str) -> int:
    everything = later.everything - mine.everything
    some: dict[str, list[str]] = {}
    for public_id, slug in sorted(later.audiences - mine.audiences):
        some.setdefault(public_id, []).append(slug)
    wanted: dict[str, list[str] | None] = {**some, **dict.fromkeys(everything)}
    people = session.execute(select(Subscriber.public_id, Subscriber.id)).all() if wanted else ()
    here = [(subscriber_id, wanted[public_id]) for public_id, subscriber_id in people if public_id in wanted]
    for subscriber_id, slugs in here:
        unsubscribe(session, subscriber_id, audience_slugs=slugs, now=now, source=SOURCE, actor=actor)
    return len(here)
