"""Many people at once: what an import reads and writes, in the quickest way that each database has.

SQLite: `executemany`. PostgreSQL: COPY for new rows, `UPDATE … FROM unnest(…)` for changed ones. Both take whole columns
as the driver wants them; nothing here decides anything.
"""
# ruff: noqa: S608 - statements are put together of the constants of this module, never of what people give

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, islice
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from mailer.base.tables import UtcDateTime
from subscribers.upsert import Known

if TYPE_CHECKING:  # it takes 10 MB, and is not loaded where there is no PostgreSQL
    from psycopg import Connection as PsycopgConnection

PERSON = (
    "id", "public_id", "address", "address_key", "name", "language", "zone", "attributes", "status", "paused_until",
    "consented_at", "created_at", "updated_at",
)  # fmt: skip
CHANGED = ("name", "language", "zone", "attributes", "status", "paused_until", "updated_at", "id")
SUBSCRIPTION = ("subscriber_id", "audience_id", "state", "since")
SHARED = ("first_id", "last_id", "audience_id", "deed", "wording", "source", "at")
CONSENT = ("subscriber_id", "audience_id", "deed", "wording", "source", "at")
# The sequence's name is looked up once, not for every row.
_NEXT_IDS = """
    SELECT nextval((SELECT pg_get_serial_sequence('subscribers', 'id')::regclass)) AS id FROM generate_series(1, %s)
"""
Rows = Sequence[tuple[Any, ...]]

_PEOPLE = f"subscribers ({', '.join(PERSON)})"
_SUBSCRIPTIONS = f"subscriptions ({', '.join(SUBSCRIPTION)})"
_SHARED = f"shared_consents ({', '.join(SHARED)})"
_CONSENTS = f"consents ({', '.join(CONSENT)})"
_KNOWN = "SELECT address_key, id, name, language, zone, attributes, status, paused_until FROM subscribers"
_STATES = "SELECT subscriber_id, audience_id, state FROM subscriptions"
_LAST_WORDS = "SELECT subscriber_id, audience_id, deed FROM consents WHERE deed IN ('agreed', 'withdrew', 'declined')"
_SUPPRESSED = {
    column: f"SELECT {column} FROM suppressions WHERE {column}" for column in ("address_key", "address_hash", "domain")
}
BLOCK = 250  # people that are sent to PostgreSQL in one piece, so that it works while the next ones are written out
NULL = "\\N"
AT_ONCE = 100  # people in one statement of SQLite: the quickest of 1, 100 and 500
_ONE_PERSON = f"({', '.join('?' * len(PERSON))})"
_MANY_PEOPLE = f"INSERT INTO {_PEOPLE} VALUES {', '.join([_ONE_PERSON] * AT_ONCE)}"
_HAS_SUPPRESSIONS = "SELECT " + ", ".join(
    f"EXISTS (SELECT 1 FROM suppressions WHERE {column} IS NOT NULL)" for column in ("address_key", "domain")
)
_ERASED = "SELECT count(*) FROM suppressions WHERE address_hash IS NOT NULL"
_KEEP_NEW = " ON CONFLICT (subscriber_id, audience_id) DO UPDATE SET state = excluded.state, since = excluded.since"
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_quoted = encode_basestring
# An id is never given twice, so the counter is asked as well as the table (`sqlite_autoincrement`).
_LAST_ID = """
    SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'subscribers'), 0), coalesce(max(id), 0))
    FROM subscribers
"""


class Bulk(Protocol):
    """One chunk's reads and writes, inside the session's transaction."""

    def known(self, keys: Sequence[str]) -> dict[str, Known]:
        """Those of these addresses' keys that are people already, locked."""

    def suppressed(self, column: str, values: Sequence[str]) -> set[str]:
        """Those of these values that stand in a column of the suppression list."""

    def has_suppressions(self) -> tuple[bool, bool]:
        """Whether the suppression list holds addresses, and domains, at all."""

    def erased(self) -> int:
        """How many hashes of erased people the suppression list holds at this moment."""

    def next_ids(self, count: int) -> Sequence[int]:
        """Ids for new people, never given to anyone."""

    def add_people(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Rows of `PERSON`; they may be made while the database takes in those before them."""

    def change_people(self, rows: Rows) -> None:
        """Rows of `CHANGED`."""

    def join(self, first_id: int, last_id: int, audience_id: int, state: str, at: object) -> None:
        """One subscription for each of the new people of these ids, all alike."""

    def add_shared_consents(self, rows: Rows) -> None:
        """Rows of `SHARED`."""

    def add_subscriptions(self, rows: Rows) -> None:
        """Rows of `SUBSCRIPTION` of people who are new."""

    def set_subscriptions(self, rows: Rows) -> None:
        """Rows of `SUBSCRIPTION` of people who may have one there."""

    def add_consents(self, rows: Rows) -> None:
        """Rows of `CONSENT`."""

    def moment(self, value: datetime | None) -> object:
        """A moment as the driver wants it."""


def bulk_of(session: Session) -> Bulk:
    """The bulk access of the session's database."""
    connection = session.connection()
    return _Sqlite(connection) if connection.dialect.name == "sqlite" else _Postgres(connection)


def dumps(attributes: Mapping[str, Any]) -> str:
    """JSON as it is kept."""
    if not attributes:
        return "{}"
    try:  # nearly all are texts only, and this is four times quicker
        return "{" + ",".join([_quoted(name) + ":" + _quoted(value) for name, value in attributes.items()]) + "}"
    except TypeError:
        return _ENCODER.encode(attributes)


class _Sqlite:
    """By `executemany`; the writer's lock is held, so nobody else gives out ids."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        kind = UtcDateTime().dialect_impl(connection.dialect)
        self._to_text: Callable[[Any], Any] = kind.bind_processor(connection.dialect) or _as_it_is
        self._from_text: Callable[[Any], Any] = kind.result_processor(connection.dialect, None) or _as_it_is

    def known(self, keys: Sequence[str]) -> dict[str, Known]:
        found = {}
        people = self._connection.exec_driver_sql(
            f"{_KNOWN} WHERE address_key IN (SELECT value FROM json_each(?))", (json.dumps(keys),)
        )
        for key, subscriber_id, name, language, zone, attributes, status, paused_until in people:
            found[key] = Known(
                subscriber_id, name, language, zone, json.loads(attributes), status, self._from_text(paused_until)
            )
        ids = json.dumps([known.id for known in found.values()])
        _with_states(
            found,
            self._connection.exec_driver_sql(
                f"{_STATES} WHERE subscriber_id IN (SELECT value FROM json_each(?))", (ids,)
            ),
        )
        waiting = json.dumps(_waiting(found))
        words = f"{_LAST_WORDS} AND subscriber_id IN (SELECT value FROM json_each(?)) ORDER BY id"
        _with_left(found, self._connection.exec_driver_sql(words, (waiting,)) if waiting != "[]" else ())
        return found

    def suppressed(self, column: str, values: Sequence[str]) -> set[str]:
        query = f"{_SUPPRESSED[column]} IN (SELECT value FROM json_each(?))"
        return set(self._connection.exec_driver_sql(query, (json.dumps(values),)).scalars())

    def has_suppressions(self) -> tuple[bool, bool]:
        addresses, domains = self._connection.exec_driver_sql(_HAS_SUPPRESSIONS).one()
        return bool(addresses), bool(domains)

    def erased(self) -> int:
        count: int = self._connection.exec_driver_sql(_ERASED).scalar_one()
        return count

    def next_ids(self, count: int) -> Sequence[int]:
        last: int = self._connection.exec_driver_sql(_LAST_ID).scalar_one()
        return range(last + 1, last + 1 + count)

    def add_people(self, rows: Iterable[tuple[Any, ...]]) -> None:
        for block in _blocks(rows, AT_ONCE):
            if len(block) == AT_ONCE:
                self._connection.exec_driver_sql(_MANY_PEOPLE, tuple(chain.from_iterable(block)))
            else:
                self._insert(_PEOPLE, block)

    def join(self, first_id: int, last_id: int, audience_id: int, state: str, at: object) -> None:
        self._connection.exec_driver_sql(
            f"INSERT INTO {_SUBSCRIPTIONS} SELECT id, ?, ?, ? FROM subscribers WHERE id BETWEEN ? AND ?",
            (audience_id, state, at, first_id, last_id),
        )

    def add_shared_consents(self, rows: Rows) -> None:
        self._insert(_SHARED, rows)

    def change_people(self, rows: Rows) -> None:
        assigned = ", ".join(f"{column} = ?" for column in CHANGED[:-1])
        self._many(f"UPDATE subscribers SET {assigned} WHERE id = ?", rows)

    def add_subscriptions(self, rows: Rows) -> None:
        self._insert(_SUBSCRIPTIONS, rows)

    def set_subscriptions(self, rows: Rows) -> None:
        self._insert(_SUBSCRIPTIONS, rows, _KEEP_NEW)

    def add_consents(self, rows: Rows) -> None:
        self._insert(_CONSENTS, rows)

    def moment(self, value: datetime | None) -> object:
        return self._to_text(value)

    def _insert(self, table: str, rows: Rows, conflict: str = "") -> None:
        marks = ", ".join("?" * (table.count(",") + 1))
        self._many(f"INSERT INTO {table} VALUES ({marks}){conflict}", rows)

    def _many(self, statement: str, rows: Rows) -> None:
        if rows:
            self._connection.exec_driver_sql(statement, list(rows))


class _Postgres:
    """By COPY and arrays; people who are known are locked, so that nobody leaves between the look and the write."""

    def __init__(self, connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        self._connection: PsycopgConnection[Any] = driver

    def known(self, keys: Sequence[str]) -> dict[str, Known]:
        people = self._connection.execute(f"{_KNOWN} WHERE address_key = ANY(%s) ORDER BY id FOR UPDATE", (list(keys),))
        found = {row[0]: Known(*row[1:]) for row in people}
        ids = [known.id for known in found.values()]
        _with_states(found, self._connection.execute(f"{_STATES} WHERE subscriber_id = ANY(%s)", (ids,)))
        waiting = _waiting(found)
        words = f"{_LAST_WORDS} AND subscriber_id = ANY(%s) ORDER BY id"
        _with_left(found, self._connection.execute(words, (waiting,)) if waiting else ())
        return found

    def suppressed(self, column: str, values: Sequence[str]) -> set[str]:
        return {row[0] for row in self._connection.execute(f"{_SUPPRESSED[column]} = ANY(%s)", (list(values),))}

    def has_suppressions(self) -> tuple[bool, bool]:
        addresses, domains = self._connection.execute(_HAS_SUPPRESSIONS).fetchone() or (False, False)
        return addresses, domains

    def erased(self) -> int:
        (count,) = self._connection.execute(_ERASED).fetchone() or (0,)
        return count

    def next_ids(self, count: int) -> Sequence[int]:
        # Where nobody else has taken one meanwhile they have no gap, and two numbers tell them all; else others are asked for.
        ends = self._connection.execute(f"SELECT min(id), max(id) FROM ({_NEXT_IDS}) AS new", (count,)).fetchone()
        first, last = ends if ends and count else (1, 0)
        if last - first + 1 == count:
            return range(first, last + 1)
        return [number for (number,) in self._connection.execute(_NEXT_IDS, (count,))]

    def add_people(self, rows: Iterable[tuple[Any, ...]]) -> None:
        # Written out here: COPY's own `write_row` takes twice as long, and the server waits for it.
        with self._connection.cursor() as cursor, cursor.copy(f"COPY {_PEOPLE} FROM STDIN") as copy:
            for block in _blocks(rows, BLOCK):
                copy.write("".join(map(_person_line, block)))

    def join(self, first_id: int, last_id: int, audience_id: int, state: str, at: object) -> None:
        self._connection.execute(
            f"INSERT INTO {_SUBSCRIPTIONS} SELECT id, %s, %s, %s::timestamptz"
            " FROM generate_series(%s::bigint, %s::bigint) AS id",
            (audience_id, state, at, first_id, last_id),
        )

    def add_shared_consents(self, rows: Rows) -> None:
        self._copy(_SHARED, rows)

    def change_people(self, rows: Rows) -> None:
        types = ("text", "text", "text", "json", "text", "timestamptz", "timestamptz", "bigint")
        assigned = ", ".join(f"{column} = new.{column}" for column in CHANGED[:-1])
        self._with_arrays(
            f"UPDATE subscribers SET {assigned} FROM {_unnested(CHANGED, types)} WHERE subscribers.id = new.id", rows
        )

    def add_subscriptions(self, rows: Rows) -> None:
        self._copy(_SUBSCRIPTIONS, rows)

    def set_subscriptions(self, rows: Rows) -> None:
        new = _unnested(SUBSCRIPTION, ("bigint", "bigint", "text", "timestamptz"))
        self._with_arrays(f"INSERT INTO {_SUBSCRIPTIONS} SELECT * FROM {new}{_KEEP_NEW}", rows)

    def add_consents(self, rows: Rows) -> None:
        self._copy(_CONSENTS, rows)

    def moment(self, value: datetime | None) -> object:
        return None if value is None else value.isoformat()

    def _copy(self, table: str, rows: Rows) -> None:
        if rows:
            with self._connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)

    def _with_arrays(self, statement: str, rows: Rows) -> None:
        if rows:
            self._connection.execute(statement, [list(column) for column in zip(*rows, strict=True)])


def _blocks(rows: Iterable[tuple[Any, ...]], size: int) -> Iterator[Rows]:
    rest = iter(rows)
    while block := list(islice(rest, size)):
        yield block


def _person_line(row: tuple[Any, ...]) -> str:
    """A row of `PERSON` in COPY's text format; what is no free text holds none of the signs that would be escaped."""
    (
        number, public_id, address, key, name, language, zone, attributes, status, paused_until, consented_at, made, changed,
    ) = row  # fmt: skip
    if "\\" in name:
        name = name.replace("\\", "\\\\")
    if "\\" in attributes:
        attributes = attributes.replace("\\", "\\\\")
    return (
        f"{number}\t{public_id}\t{address}\t{key}\t{name}\t{language}\t{zone}\t{attributes}\t{status}"
        f"\t{paused_until or NULL}\t{consented_at or NULL}\t{made}\t{changed}\n"
    )


def _unnested(columns: tuple[str, ...], types: tuple[str, ...]) -> str:
    return f"unnest({', '.join(f'%s::{kind}[]' for kind in types)}) AS new({', '.join(columns)})"


def _with_states(found: dict[str, Known], states: Iterable[Any]) -> None:
    by_id = {known.id: known for known in found.values()}
    for subscriber_id, audience_id, state in states:
        by_id[subscriber_id].states[audience_id] = state


def _waiting(found: Mapping[str, Known]) -> list[int]:
    """Those who are asked to confirm something."""
    return [known.id for known in found.values() if "unconfirmed" in known.states.values()]


def _with_left(found: Mapping[str, Known], words: Iterable[Any]) -> None:
    """Of each person and audience the last word counts; a word about everything is about none in particular."""
    last = {(subscriber_id, audience_id): deed for subscriber_id, audience_id, deed in words}
    by_id = {known.id: known for known in found.values()} if last else {}
    for (subscriber_id, audience_id), deed in last.items():
        if deed != "agreed":
            by_id[subscriber_id].left.add(audience_id)


def _as_it_is(value: Any) -> Any:
    return value
