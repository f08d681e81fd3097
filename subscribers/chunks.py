"""One chunk of an import: what its rows meet in the database, and everything that is written for them, in one transaction."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from mailer.base.database import Database
from mailer.base.tables import SubscriberId
from mailer.base.tokens import Keys
from subscribers.bulk import Bulk, bulk_of, dumps
from subscribers.delimited import Record
from subscribers.models import Suppression
from subscribers.public_ids import new_public_ids
from subscribers.rejected import RejectedRows
from subscribers.rows import Candidate
from subscribers.standing import Standing
from subscribers.upsert import Decision, Known, Order, decide_known, decide_new

# By SQLAlchemy's statements and by the driver's own.
RACES = (IntegrityError, OperationalError, psycopg.IntegrityError, psycopg.OperationalError)
TRIES = 3  # of a chunk, where someone else wrote the same person at the same moment


class ChunkImport:
    """Takes in chunk after chunk and counts what became of the rows.

    Args:
        source: what the consent log and the suppression list say of where it came from.
    """

    def __init__(
        self,
        database: Database,
        *,
        keys: Keys,
        order: Order,
        consent: str,
        source: str,
        now: datetime,
        dry_run: bool,
    ) -> None:
        self.database = database
        self.keys = keys
        self.order = order
        self.consent = consent
        self.source = source[:200]
        self.now = now
        self.dry_run = dry_run
        self.read = 0
        self.counts = dict.fromkeys(("created", "updated", "unchanged", "suppressed", "duplicates"), 0)
        self._seen = Seen(dry_run=dry_run)

    def close(self) -> None:
        """Give back the scratch file of a dry run."""
        self._seen.close()

    def take(self, rows: Iterable[tuple[Record, Candidate | str]], rejected: RejectedRows) -> None:
        """One chunk: refuse what cannot be used, write the rest."""
        by_key: dict[str, Candidate] = {}
        for record, candidate in rows:
            self.read += 1
            if isinstance(candidate, str):
                rejected.add(record, candidate)
                continue
            unknown = next((slug for slug, _ in candidate.audiences if slug not in self.order.by_slug), None)
            if unknown is not None:
                rejected.add(record, f"names the audience {unknown!r}, which there is not")
                continue
            first = by_key.setdefault(candidate.key, candidate)
            if first is not candidate:
                self.counts["duplicates"] += 1
                _worsen(first, candidate)
        if by_key:
            self._write(by_key)

    def _write(self, by_key: dict[str, Candidate]) -> None:
        """Write a chunk; again from the start where another transaction was quicker at the same person."""
        for attempt in range(1, TRIES + 1):
            try:
                with self.database.read() if self.dry_run else self.database.begin() as session:
                    chunk = _Chunk(self, bulk_of(session), by_key)
                    chunk.decide()
                    if not self.dry_run:
                        chunk.write(session)
                break
            except RACES:
                if attempt == TRIES:
                    raise
        for outcome, count in chunk.counts.items():
            self.counts[outcome] += count
        for subscriber_id in chunk.ids:
            self._seen.add(subscriber_id)

    def was_seen(self, key: str, known: Known | None) -> bool:
        """Whether an earlier chunk of this run had this person."""
        if self.dry_run:
            return not self._seen.is_new_key(key)
        return known is not None and self._seen.has(known.id)


def _worsen(first: Candidate, later: Candidate) -> None:
    """Of several rows about one person the first counts, but for the worst that any says of their will."""
    if later.standing > first.standing:
        first.standing, first.reason = later.standing, later.reason or first.reason
        first.paused_until = first.paused_until or later.paused_until


@dataclass(slots=True)
class _Chunk:
    """The work on one chunk, inside one transaction."""

    run: ChunkImport
    bulk: Bulk
    by_key: dict[str, Candidate]
    counts: dict[str, int] = field(default_factory=dict)
    ids: list[SubscriberId] = field(default_factory=list)
    new: list[tuple[Candidate, Decision]] = field(default_factory=list)
    changed: list[tuple[Candidate, Known, Decision]] = field(default_factory=list)

    def decide(self) -> None:
        """Meet what is known; nothing is written yet."""
        found = self.bulk.known(list(self.by_key))
        suppressed, erased = self._suppressed()
        order = self.run.order
        for key, candidate in self.by_key.items():
            known = found.get(key)
            is_again = self.run.was_seen(key, known)
            if is_again and candidate.standing < Standing.UNSUBSCRIBED:
                self._count("duplicates")
                continue
            if known is not None:
                decision = decide_known(candidate, known, order, is_suppressed=key in suppressed)
                self.changed.append((candidate, known, decision))
                self.ids.append(known.id)
            else:
                decision = decide_new(candidate, order, is_suppressed=key in suppressed or key in erased)
                if key not in erased:  # whoever had themselves forgotten is not remembered again
                    self.new.append((candidate, decision))
            self._count("duplicates" if is_again else decision.outcome)

    def _count(self, outcome: str) -> None:
        self.counts[outcome] = self.counts.get(outcome, 0) + 1

    def _suppressed(self) -> tuple[set[str], set[str]]:
        """Keys that stand on the suppression list, themselves or by their domain; and those of people who were erased."""
        keys = list(self.by_key)
        suppressed = self.bulk.suppressed("address_key", keys)
        by_domain = {key: key.rpartition("@")[2] for key in keys}
        domains = self.bulk.suppressed("domain", list(set(by_domain.values())))
        if domains:
            suppressed |= {key for key, domain in by_domain.items() if domain in domains}
        if not self.bulk.has_erased():
            return suppressed, set()
        hashes = {digest: key for key in keys for digest in self.run.keys.keyed_hashes(key)}
        return suppressed, {hashes[digest] for digest in self.bulk.suppressed("address_hash", list(hashes))}

    def write(self, session: Session) -> None:
        """Write what was decided."""
        bulk, now = self.bulk, self.run.now
        at = bulk.moment(now)
        ids = bulk.next_ids(len(self.new))
        self.ids.extend(map(SubscriberId, ids))
        people, subscriptions, consents = [], [], []
        for subscriber_id, public_id, (candidate, decision) in zip(
            ids, new_public_ids(len(self.new), now), self.new, strict=True
        ):
            people.append(
                (
                    subscriber_id, public_id, candidate.written, candidate.key, candidate.name, candidate.language,
                    candidate.zone, dumps(candidate.attributes), decision.status, bulk.moment(candidate.paused_until),
                    bulk.moment(candidate.created_at) if candidate.created_at else at, at,
                )
            )  # fmt: skip
            for audience_id, state, deed in decision.changes:
                subscriptions.append((subscriber_id, audience_id, state, at))
                if deed is not None:
                    consents.append((subscriber_id, audience_id, deed, *self._how(deed, at)))
            consents.extend(self._above_all(subscriber_id, decision, at))
        bulk.add_people(people)
        bulk.add_subscriptions(subscriptions)
        bulk.add_consents(consents)
        self._write_changed(at)
        self._write_suppressions(session)

    def _write_changed(self, at: object) -> None:
        people: list[tuple[Any, ...]] = []
        subscriptions, consents = [], []
        for _, known, decision in self.changed:
            if decision.is_changed:
                people.append(
                    (
                        known.name, known.language, known.zone, dumps(known.attributes), known.status,
                        self.bulk.moment(known.paused_until), at, known.id,
                    )
                )  # fmt: skip
            for audience_id, state, deed in decision.changes:
                subscriptions.append((known.id, audience_id, state, at))
                if deed is not None:
                    consents.append((known.id, audience_id, deed, *self._how(deed, at)))
            consents.extend(self._above_all(known.id, decision, at))
        self.bulk.change_people(people)
        self.bulk.set_subscriptions(subscriptions)
        self.bulk.add_consents(consents)

    def _above_all(self, subscriber_id: int, decision: Decision, at: object) -> list[tuple[Any, ...]]:
        """The lines of consent that are about no audience."""
        if decision.withdrew:
            return [(subscriber_id, None, "withdrew", *self._how("withdrew", at))]
        return [(subscriber_id, None, "agreed", *self._how("agreed", at))] if decision.agreed else []

    def _how(self, deed: str, at: object) -> tuple[str, str, object]:
        """Wording, source and time of a line of consent; only an agreement has a wording."""
        return (self.run.consent if deed == "agreed" else "", self.run.source, at)

    def _write_suppressions(self, session: Session) -> None:
        decided = [(candidate, decision) for candidate, decision in self.new]
        decided += [(candidate, decision) for candidate, _, decision in self.changed]
        entries = [
            {
                "address_key": candidate.key,
                "reason": decision.suppress,
                "source": self.run.source,
                "since": self.run.now,
            }
            for candidate, decision in decided
            if decision.suppress
        ]
        if entries:
            session.execute(insert(Suppression), entries)


class Seen:
    """Which people the file has named: a bit for each id, or in a dry run, which gives no ids, keys in a scratch file."""

    def __init__(self, *, dry_run: bool) -> None:
        self._bits = bytearray()
        self._keys = sqlite3.connect("") if dry_run else None  # "": on disk, gone when closed
        if self._keys is not None:
            self._keys.execute("CREATE TABLE seen (key TEXT PRIMARY KEY) WITHOUT ROWID")

    def has(self, subscriber_id: int) -> bool:
        """Whether this person was named."""
        byte = subscriber_id >> 3
        return byte < len(self._bits) and bool(self._bits[byte] & 1 << (subscriber_id & 7))

    def add(self, subscriber_id: int) -> None:
        """Remember this person."""
        byte = subscriber_id >> 3
        if byte >= len(self._bits):
            self._bits.extend(bytes(byte + 65_536 - len(self._bits)))
        self._bits[byte] |= 1 << (subscriber_id & 7)

    def is_new_key(self, key: str) -> bool:
        """Remember this key; whether it is the first time."""
        if self._keys is None:
            return True
        return self._keys.execute("INSERT OR IGNORE INTO seen VALUES (?)", (key,)).rowcount == 1

    def close(self) -> None:
        """Drop the scratch file."""
        if self._keys is not None:
            self._keys.close()
