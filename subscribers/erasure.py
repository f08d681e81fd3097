"""Forgetting a person: everything goes but a keyed hash of the address, which keeps them from being mailed again."""

import re
from datetime import datetime

from sqlalchemy import ColumnElement, String, Table, delete, or_, select, update
from sqlalchemy.orm import Session

from mailer.base import audit
from mailer.base.errors import NotFound
from mailer.base.tables import Base, SubscriberId
from mailer.base.tokens import Keys
from subscribers.models import Subscriber, Suppression

ERASED = "(erased)"


def erase(session: Session, subscriber_id: SubscriberId, *, keys: Keys, now: datetime, actor: str) -> None:
    """Forget a person.

    Rows of other packages that point at them (what was sent, what came back) stay as counts: the pointer becomes empty,
    and the address is taken out of their texts, where a mail server's answer may have repeated it.

    Raises:
        NotFound: there is no such person.
    """
    person = session.get(Subscriber, subscriber_id, with_for_update=True)
    if person is None:
        raise NotFound("there is no such person (any more)", do="check how the address is written")
    if session.connection().dialect.name == "sqlite":
        session.connection().exec_driver_sql("PRAGMA secure_delete=ON")  # what is freed is overwritten with zeros
    _take_out_of_texts(session, person)
    _keep_hash(session, keys.keyed_hash(person.address_key), person.address_key, now)
    session.execute(delete(Subscriber).where(Subscriber.id == subscriber_id))
    session.expunge(person)
    audit.note(session, actor=actor, deed="person_erased", subject=f"subscriber {subscriber_id}", now=now)
    session.flush()


def _keep_hash(session: Session, digest: str, key: str, now: datetime) -> None:
    session.execute(delete(Suppression).where(Suppression.address_key == key))
    if session.scalar(select(Suppression.id).where(Suppression.address_hash == digest)) is None:
        session.add(Suppression(address_hash=digest, reason="erased", source="erasure", since=now))


def _take_out_of_texts(session: Session, person: Subscriber) -> None:
    """In every table that points at the person, and in the audit log's lines about them, by the tables' own description."""
    traces = {person.address, person.address_key}
    pattern = re.compile("|".join(re.escape(text) for text in sorted(traces, key=len, reverse=True)), re.IGNORECASE)
    for table in Base.metadata.sorted_tables:
        whose = _rows_about(table, person.id)
        columns = [column for column in table.columns if isinstance(column.type, String)]
        if whose is None or not columns:
            continue
        keys = list(table.primary_key.columns)
        for row in session.execute(select(*keys, *columns).where(whose)).mappings().all():
            clean = {column: pattern.sub(ERASED, row[column]) for column in columns if row[column]}
            changed = {column.name: text for column, text in clean.items() if text != row[column]}
            if changed:
                session.execute(update(table).where(*(key == row[key] for key in keys)).values(**changed))


def _rows_about(table: Table, subscriber_id: SubscriberId) -> ColumnElement[bool] | None:
    if table.name == "audit_log":
        return table.c.subject == f"subscriber {subscriber_id}"
    pointers = [
        key.parent
        for key in table.foreign_keys
        if key.target_fullname == "subscribers.id" and key.ondelete != "CASCADE"
    ]
    return or_(*(pointer == subscriber_id for pointer in pointers)) if pointers else None
