"""Forgetting a person: everything goes but a keyed hash of the address, which keeps them from being mailed again."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Column, ColumnElement, RowMapping, String, Table, and_, delete, or_, select, true, update
from sqlalchemy.orm import Session

from mailer.base import audit
from mailer.base.database import leave_no_trace
from mailer.base.errors import NotFound
from mailer.base.tables import MAY_NAME_PEOPLE, Base, SubscriberId
from mailer.base.tokens import Keys
from subscribers.erased_files import take_out_of_files
from subscribers.models import Subscriber, Suppression

ERASED = "(erased)"
NOBODY = "erased"
"""An address in a filter becomes this word: the filter can still be read, and finds nobody by it."""


def erase(session: Session, subscriber_id: SubscriberId, *, keys: Keys, now: datetime, actor: str) -> None:
    """Forget a person.

    Rows of other packages that point at them (what was sent, what came back) stay as counts: the pointer becomes empty,
    and the address is taken out of their texts, where a mail server's answer may have repeated it, and out of filters.

    Raises:
        NotFound: there is no such person.
    """
    person = session.get(Subscriber, subscriber_id, with_for_update=True)
    if person is None:
        raise NotFound("there is no such person (any more)", do="check how the address is written")
    leave_no_trace(session)
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
    """In every table that points at the person, in the audit log's lines about them, in filters, and in uploaded files.

    Found by the tables' own description.
    """
    traces = {person.address, person.address_key}
    address = "|".join(re.escape(text) for text in sorted(traces, key=len, reverse=True))
    anywhere = re.compile(address, re.IGNORECASE)
    # In a filter the same letters may be the end of somebody else's address, who must still be found by it.
    alone = re.compile(rf"(?<![\w.+-])(?:{address})(?![\w-]|\.\w)", re.IGNORECASE)
    for table in Base.metadata.sorted_tables:
        whose = _rows_about(table, person.id)
        if whose is not None:
            texts = [column for column in table.columns if isinstance(column.type, String)]
            _rewrite(session, table, texts, whose=whose, clean=partial(anywhere.sub, ERASED))
        filters = [column for column in table.columns if column.info == MAY_NAME_PEOPLE]
        _rewrite(session, table, filters, whose=_rows_about_nobody(table), clean=partial(alone.sub, NOBODY))
    take_out_of_files(session, traces, partial(anywhere.sub, ERASED))


def _rewrite(
    session: Session,
    table: Table,
    columns: Sequence[Column[Any]],
    *,
    whose: ColumnElement[bool],
    clean: Callable[[str], str],
) -> None:
    if not columns:
        return
    keys = list(table.primary_key.columns)
    # In the order of their keys, as whoever locks several of them does.
    for row in session.execute(select(*keys, *columns).where(whose).order_by(*keys)).mappings().all():
        if not _changed(row, columns, clean):
            continue
        mine = [key == row[key] for key in keys]
        # Whoever edits it at this moment is waited for, and what they wrote is read: it is not to be undone.
        newest = session.execute(select(*columns).where(*mine).with_for_update()).mappings().one_or_none()
        changed = _changed(newest, columns, clean) if newest is not None else {}
        if changed:
            session.execute(update(table).where(*mine).values(**changed))


def _changed(row: RowMapping, columns: Sequence[Column[Any]], clean: Callable[[str], str]) -> dict[str, Any]:
    cleaned = {column: _cleaned(row[column], clean) for column in columns if row[column]}
    return {column.name: value for column, value in cleaned.items() if value != row[column]}


def _cleaned(value: Any, clean: Callable[[str], str]) -> Any:
    """A text, or the texts of a JSON object."""
    return {name: clean(text) for name, text in value.items()} if isinstance(value, dict) else clean(value)


def _rows_about_nobody(table: Table) -> ColumnElement[bool]:
    """Rows that do not go with anybody who is erased; all of them, where a table has no such."""
    pointers = [
        key.parent
        for key in table.foreign_keys
        if key.target_fullname == "subscribers.id" and key.ondelete == "CASCADE"
    ]
    return and_(true(), *(pointer.is_(None) for pointer in pointers))


def _rows_about(table: Table, subscriber_id: SubscriberId) -> ColumnElement[bool] | None:
    if table.name == "audit_log":
        return table.c.subject == f"subscriber {subscriber_id}"
    pointers = [
        key.parent
        for key in table.foreign_keys
        if key.target_fullname == "subscribers.id" and key.ondelete != "CASCADE"
    ]
    return or_(*(pointer == subscriber_id for pointer in pointers)) if pointers else None
