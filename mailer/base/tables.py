"""What all tables share: the base class, constraint names, types, ids, the insert and the compare-and-set."""

from datetime import UTC, datetime
from typing import Any, Final, NewType

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, MetaData, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

SubscriberId = NewType("SubscriberId", int)
AudienceId = NewType("AudienceId", int)
CampaignId = NewType("CampaignId", int)
RevisionId = NewType("RevisionId", int)
BatchId = NewType("BatchId", int)
UserId = NewType("UserId", int)

# SQLite gives a primary key its rowid only where the type is INTEGER.
BigId = BigInteger().with_variant(Integer(), "sqlite")

MAY_NAME_PEOPLE: Final = {"may_name_people": True}
"""Of a column whose texts may hold anybody's address, such as a filter: an erasure looks through all of it."""


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC: refuses naive values and gives aware ones back on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC; a naive moment is a fault of ours."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = f"naive moment {value!r}: a moment that is stored needs its zone"
            raise ValueError(message)
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give UTC back; SQLite forgets the zone that it was given."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The common base of all tables, whose constraint names migrations can rely on."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def insert_into(session: Session, row: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """An insert that can say what becomes of a row that is there already: each kind of database has its own."""
    return insert_of(session.get_bind().dialect.name, row)


def insert_of(dialect: str, row: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """The same for whoever makes the statement once and keeps it."""
    return (postgresql.insert if dialect == "postgresql" else sqlite.insert)(row)


def move(
    session: Session, row: type[Base], row_id: int, before: str | tuple[str, ...], after: str, **values: Any
) -> bool:
    """Move the state of one row by compare-and-set; False where it was no longer in `before`.

    One statement decides: of two who try at once, one is told False.
    """
    states = (before,) if isinstance(before, str) else before
    table = row.__table__
    statement = update(row).where(table.c.id == row_id, table.c.state.in_(states)).values(state=after, **values)
    return session.execute(statement.returning(table.c.id)).scalar_one_or_none() is not None
