"""All rows of one database into another of the same schema, table by table, what is referred to first."""

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Row, Table, func, insert, select, text
from sqlalchemy.orm import Session

from mailer.every_table import EVERY_TABLE

SLICE = 5_000  # rows in hand


def copy_all(source: Session, target: Session) -> None:
    """Make the target hold what the source holds: the rows, and which ids were given last.

    An id is never given twice, not even one whose row has gone: it stands in links.
    """
    tables = EVERY_TABLE.sorted_tables
    _empty(target, tables)
    for table in tables:
        _write(target, table, source.execute(select(table).execution_options(yield_per=SLICE)).partitions())
    last_ids = _last_ids(source)
    for table in tables:
        _set_last_id(target, table, last_ids.get(table.name, 0))


def _empty(session: Session, tables: Sequence[Table]) -> None:
    """A database that migrations have made is not quite empty; on SQLite only such a one is ever written to."""
    if _is_postgresql(session):
        # Not DELETE: the log of consent refuses it, and triggers would look at every row.
        session.execute(text(f"TRUNCATE {', '.join(table.name for table in tables)}"))
        return
    for table in reversed(tables):
        session.execute(table.delete())


def _write(session: Session, table: Table, slices: Iterator[Sequence[Row[Any]]]) -> None:
    connection = session.connection().connection.driver_connection
    if not isinstance(connection, psycopg.Connection):
        for rows in slices:
            session.execute(insert(table), [row._asdict() for row in rows])
        return
    columns = list(table.columns)
    dialect = session.get_bind().dialect
    ready = [column.type.dialect_impl(dialect).bind_processor(dialect) or _as_it_is for column in columns]
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table.name), sql.SQL(", ").join(sql.Identifier(column.name) for column in columns)
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for rows in slices:
            for row in rows:
                copy.write_row([process(value) for process, value in zip(ready, row, strict=True)])


def _as_it_is(value: object) -> object:
    return value


def _last_ids(session: Session) -> dict[str, int]:
    """The last id that each table has given, where the database remembers it."""
    remembered = (
        "SELECT sequencename, coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = current_schema()"
        if _is_postgresql(session)
        else "SELECT name, seq FROM sqlite_sequence"
    )
    return {str(name).removesuffix("_id_seq"): int(last) for name, last in session.execute(text(remembered))}


def _set_last_id(session: Session, table: Table, last: int) -> None:
    if "id" not in table.columns:
        return
    if not _is_postgresql(session):
        if table.dialect_options["sqlite"]["autoincrement"]:
            session.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
            given = {"name": table.name, "last": last}
            session.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"), given)
        return
    highest = max(last, session.scalar(select(func.max(table.c.id))) or 0)
    given = {"sequence": f"{table.name}_id_seq", "last": max(highest, 1), "was_given": highest > 0}
    session.execute(text("SELECT setval(CAST(:sequence AS regclass), :last, :was_given)"), given)


def _is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"
