"""Whether a database is sound: its file, its schema, what its rows point at, its ledger."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Table, and_, func, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from mailer import campaigns
from mailer.base.database import Database
from mailer.base.errors import Spoilt
from mailer.base.schema import newest_revision, schema_revision
from mailer.delivery.soundness import ledger_faults
from mailer.every_table import EVERY_TABLE

KEPT_BY_TRIGGERS = ("subscriptions", "deliveries")
"""The references of these tables are looked after by triggers on PostgreSQL, a statement at a time (decisions 21, 27)."""


def faults(database: Database) -> list[str]:
    """What is wrong, a line each; none is sound. Everything is read once, in one moment.

    Raises:
        Unreachable: the database does not answer.
    """
    if database.is_missing:
        return ["there is no database: run `mailer init`, or name another workspace"]
    try:
        return _faults(database)
    except Spoilt as error:
        return [error.message]
    except DatabaseError as error:
        if not database.is_sqlite:
            raise
        return [f"the file is damaged: {error.orig}"]


def schema_differences(database: Database) -> list[Any]:
    """How the tables that are there differ from those that this version describes, as Alembic tells it."""
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415 - 11 MB that nobody else needs
    from alembic.migration import MigrationContext  # noqa: PLC0415

    with database.engine.connect() as connection:
        options = {"compare_type": True, "render_as_batch": True}
        found = compare_metadata(MigrationContext.configure(connection, opts=options), EVERY_TABLE)
    return [difference for difference in found if not _is_kept_by_trigger(difference)]


def _is_kept_by_trigger(difference: Any) -> bool:
    return isinstance(difference, tuple) and difference[0] == "add_fk" and difference[1].table.name in KEPT_BY_TRIGGERS


def _faults(database: Database) -> list[str]:
    found = list(_file_faults(database)) if database.is_sqlite else []
    if found:
        return found  # what a damaged file says of its rows is worth nothing
    has, wants = schema_revision(database), newest_revision()
    if has != wants:
        return [f"the schema is at {has or 'nothing'}, this version wants {wants}: run `mailer db upgrade`"]
    found = [f"the schema is not as it should be: {_words(difference)}" for difference in schema_differences(database)]
    if found:
        return found
    with database.snapshot() as session:
        return [*_lost_references(session), *ledger_faults(session, [row.id for row in campaigns.working(session)])]


def _file_faults(database: Database) -> Iterator[str]:
    with database.read() as session:
        for line in session.execute(text("PRAGMA integrity_check(20)")).scalars():
            if line != "ok":
                yield f"the file is damaged: {line}"


def _words(difference: Any) -> str:
    kind, *what = difference if isinstance(difference, tuple) else (difference[0][0], *difference[0][1:])
    names = [getattr(item, "name", item) for item in what if item is not None]
    return f"{kind} {' '.join(str(name) for name in names)}"


def _lost_references(session: Session) -> Iterator[str]:
    for table in EVERY_TABLE.sorted_tables:
        for key in sorted(table.foreign_key_constraints, key=lambda key: str(key.name)):
            count = session.scalar(_pointing_at_nothing(table, key)) or 0
            if count:
                yield f"{table.name}: {count} rows point at {key.referred_table.name} that are not there"


def _pointing_at_nothing(table: Table, key: ForeignKeyConstraint) -> Any:
    target = key.referred_table.alias()
    pairs = [(element.parent, target.c[element.column.name]) for element in key.elements]
    return (
        select(func.count())
        .select_from(table.outerjoin(target, and_(*(pointer == its for pointer, its in pairs))))
        .where(*(pointer.is_not(None) for pointer, _ in pairs), pairs[0][1].is_(None))
    )
