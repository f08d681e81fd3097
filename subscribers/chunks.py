"""A chunk of an import: what its rows meet in the database, and everything that is written for them, in one transaction."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from mailer.base.database import Database
from mailer.base.tables import AudienceId, SubscriberId
from mailer.base.tokens import Keys
from subscribers.attributes import LONGEST, TAGS, declare_new
from subscribers.bulk import Bulk, bulk_of, dumps
from subscribers.candidate import Candidate
from subscribers.delimited import Record
from subscribers.models import Suppression
from subscribers.public_ids import AT_ONCE, new_public_ids
from subscribers.rejected import RejectedRows
from subscribers.seen import Seen
from subscribers.standing import Standing
from subscribers.upsert import Decision, Known, Order, decide_known, decide_new

_KEY = attrgetter("key")
TRIES = 4  # of a chunk, where someone else wrote the same person at the same moment


class Refusal(NamedTuple):
    """A row that cannot be used, and why."""

    record: Record
    reason: str


class OvertakenError(Exception):
    """Somebody was erased while they were written; never leaves this module."""


class ChunkImport:
    """Takes in chunk after chunk and counts what became of the rows.

    Args:
        source: what the consent log and the suppression list say of where it came from.
        meanwhile: is called where the database begins to work by itself for a while, if it does.
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
        meanwhile: Callable[[], object],
    ) -> None:
        self.database = database
        self.keys = keys
        self.order = order
        self.consent = consent
        self.source = source[:200]
        self.now = now
        self.dry_run = dry_run
        self.meanwhile = meanwhile
        self.read = 0
        self.counts = dict.fromkeys(("created", "updated", "unchanged", "suppressed", "duplicates"), 0)
        # Names of attributes that the file brought, declared with the first chunk that has a value of them.
        self.declared: set[str] = set()
        self._made = 0
        self._seen = Seen(dry_run=dry_run)
        # Where a chunk has met nobody, the next is written without a look: the unique key tells if that was wrong.
        self._looks = True

    def close(self) -> None:
        """Give back the scratch file of a dry run."""
        self._seen.close()

    def take(self, rows: Iterable[Candidate | Refusal], rejected: RejectedRows, *, at_once: int) -> None:
        """Some rows: refuse what cannot be used, write the rest, `at_once` people in a transaction.

        They are written in the order of their keys: neighbours of an index together, so that its leaves are met less often.
        """
        by_key: dict[str, Candidate] = {}
        for row in rows:
            self.read += 1
            if isinstance(row, Refusal):
                rejected.add(*row)
            elif row.audiences and (unknown := self._unknown(row)):
                rejected.add(
                    Record(row.line, ("email",), [row.written]), f"names the audience {unknown!r}, which there is not"
                )
            elif (first := by_key.setdefault(row.key, row)) is not row:
                self.counts["duplicates"] += 1
                _worsen(first, row)
        ordered = sorted(by_key.values(), key=_KEY)
        for start in range(0, len(ordered), at_once):
            self._write(ordered[start : start + at_once])

    def _unknown(self, row: Candidate) -> str | None:
        return next((slug for slug, _ in row.audiences if slug not in self.order.by_slug), None)

    def _write(self, candidates: Sequence[Candidate]) -> None:
        """Write a chunk; again from the start where another transaction was quicker at the same person."""
        new = self._new_names(candidates)
        driver: Any = self.database.engine.dialect.loaded_dbapi
        # By SQLAlchemy's statements and by the driver's own.
        races = (OvertakenError, IntegrityError, OperationalError, driver.IntegrityError, driver.OperationalError)
        for attempt in range(1, TRIES + 1):
            try:
                with self.database.read() if self.dry_run else self.database.begin() as session:
                    chunk = _Chunk(self, bulk_of(session), candidates)
                    chunk.decide(looks=self._looks)
                    if not self.dry_run:
                        declare_new(session, new)
                        chunk.write(session)
                break
            except races:
                if attempt == TRIES:
                    raise
                self._looks = True
        self._looks = self.dry_run or chunk.has_known
        self.declared |= new
        for outcome, count in chunk.counts.items():
            self.counts[outcome] += count
        self._seen.add(chunk.ids)
        self._seen.add_new(chunk.new_ids)

    def _new_names(self, candidates: Iterable[Candidate]) -> set[str]:
        names: set[str] = set()
        for candidate in candidates:
            names.update(candidate.attributes)
        found = names.difference(self.order.declared, self.declared, (TAGS,))
        return {name for name in found if len(name) <= LONGEST}

    def next_public_ids(self, count: int) -> Iterator[str]:
        """Public ids for new people, greater than all of this run before, so that they stay in the order of the index."""
        moment = self.now + timedelta(milliseconds=self._made)
        self._made += -(-count // AT_ONCE)
        return new_public_ids(count, moment)

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
    if later.audiences:
        said = dict(first.audiences)
        worse = {slug: each for slug, each in later.audiences if each > said.get(slug, Standing.UNCONFIRMED)}
        first.audiences = tuple((said | worse).items())


def _is_for_the_worse(candidate: Candidate) -> bool:
    """Whether a row that comes too late to count still says that somebody wants less."""
    return candidate.standing not in (Standing.SUBSCRIBED, Standing.UNCONFIRMED) or any(
        said >= Standing.UNSUBSCRIBED for _, said in candidate.audiences
    )


@dataclass(slots=True)
class _Chunk:
    """The work on one chunk, inside one transaction."""

    run: ChunkImport
    bulk: Bulk
    candidates: Sequence[Candidate]
    has_known: bool = False
    erased: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    ids: list[SubscriberId] = field(default_factory=list)
    new_ids: list[tuple[int, int]] = field(default_factory=list)
    joining: list[Candidate] = field(default_factory=list)
    new: list[tuple[Candidate, Decision]] = field(default_factory=list)
    changed: list[tuple[Candidate, Known, Decision]] = field(default_factory=list)

    def decide(self, *, looks: bool) -> None:
        """Meet what is known; nothing is written yet. Without a look, everyone is taken for new."""
        found = self.bulk.known(list(map(_KEY, self.candidates))) if looks else {}
        self.has_known = bool(found)
        suppressed, erased = self._suppressed()
        order = self.run.order
        if not (found or suppressed or erased or order.standing or self.run.dry_run):
            self._meet_strangers()
            return
        for candidate in self.candidates:
            key = candidate.key
            known = found.get(key)
            is_again = self.run.was_seen(key, known)
            if is_again and not _is_for_the_worse(candidate):
                self._count("duplicates")
            elif known is not None:
                decision = decide_known(candidate, known, order, is_suppressed=key in suppressed)
                self.changed.append((candidate, known, decision))
                self.ids.append(known.id)
                self._count("duplicates" if is_again else decision.outcome)
            else:
                decision = decide_new(candidate, order, is_suppressed=key in suppressed or key in erased)
                self._meet_new(candidate if key not in erased else None, decision, is_again=is_again)

    def _meet_strangers(self) -> None:
        """The way of nearly every chunk of a large import: nobody is known, and little is to be decided."""
        for candidate in self.candidates:
            if candidate.standing or candidate.audiences:
                self._meet_new(candidate, decide_new(candidate, self.run.order, is_suppressed=False), is_again=False)
            else:
                self.joining.append(candidate)
        self.counts["created"] = self.counts.get("created", 0) + len(self.joining)

    def _meet_new(self, candidate: Candidate | None, decision: Decision, *, is_again: bool) -> None:
        """Note someone who is to be added; None, who had themselves forgotten, is not remembered again."""
        self._count("duplicates" if is_again else decision.outcome)
        if candidate is None:
            return
        if decision is self.run.order.new:
            self.joining.append(candidate)
        else:
            self.new.append((candidate, decision))

    def _count(self, outcome: str) -> None:
        self.counts[outcome] = self.counts.get(outcome, 0) + 1

    def _suppressed(self) -> tuple[set[str], set[str]]:
        """Keys that stand on the suppression list, themselves or by their domain; and those of people who were erased."""
        has_addresses, has_domains = self.bulk.has_suppressions()
        self.erased = self.bulk.erased()
        suppressed: set[str] = set()
        if has_addresses:
            suppressed = self.bulk.suppressed("address_key", list(map(_KEY, self.candidates)))
        if has_domains:
            by_domain = {key: key.rpartition("@")[2] for key in map(_KEY, self.candidates)}
            domains = self.bulk.suppressed("domain", list(set(by_domain.values())))
            suppressed |= {key for key, domain in by_domain.items() if domain in domains}
        if not self.erased:
            return suppressed, set()
        hashes = {digest: key for key in map(_KEY, self.candidates) for digest in self.run.keys.keyed_hashes(key)}
        return suppressed, {hashes[digest] for digest in self.bulk.suppressed("address_hash", list(hashes))}

    def write(self, session: Session) -> None:
        """Write what was decided."""
        at = self.bulk.moment(self.run.now)
        public_ids = self.run.next_public_ids(len(self.joining) + len(self.new))
        self._write_joining(public_ids, at)
        self._write_new(public_ids, at)
        self._require_nobody_erased()
        self._write_changed(at)
        self._write_suppressions(session)

    def _require_nobody_erased(self) -> None:
        """To add somebody waits for the end of their erasure, if there is one, and would then add them anew."""
        if self.bulk.erased() == self.erased:
            return
        _, erased = self._suppressed()
        if any(candidate.key in erased for candidate in chain(self.joining, (candidate for candidate, _ in self.new))):
            raise OvertakenError

    def _write_joining(self, public_ids: Iterator[str], at: object) -> None:
        """Those who come in as the import asks: the database itself makes their subscriptions and consents."""
        if not self.joining:
            return
        ids = self.bulk.next_ids(len(self.joining))
        self.new_ids = list(_ranges(ids))
        people = zip(ids, public_ids, self.joining, strict=False)
        self.bulk.add_people(self._person(*each, "subscribed", at) for each in people)
        new = self.run.order.new
        agreed: list[AudienceId | None] = [audience_id for audience_id, _, deed in new.changes if deed]
        if new.agreed:
            agreed.append(None)
        how = self._how("agreed", at)
        for first, last in self.new_ids:
            self.bulk.add_shared_consents([(first, last, audience_id, "agreed", *how) for audience_id in agreed])
        self.run.meanwhile()
        for first, last in self.new_ids:
            for audience_id, state, _ in new.changes:
                self.bulk.join(first, last, audience_id, state, at)

    def _consented_at(self, candidate: Candidate) -> object:
        """When the file tells that they agreed, as the driver wants it; None where it does not, or tells a time to come."""
        told = candidate.consented_at
        return self.bulk.moment(told) if told is not None and told < self.run.now else None

    def _write_new(self, public_ids: Iterator[str], at: object) -> None:
        ids = self.bulk.next_ids(len(self.new))
        self.ids.extend(map(SubscriberId, ids))
        people, subscriptions, consents = [], [], []
        for subscriber_id, public_id, (candidate, decision) in zip(ids, public_ids, self.new, strict=False):
            people.append(self._person(subscriber_id, public_id, candidate, decision.status, at))
            for audience_id, state, deed in decision.changes:
                subscriptions.append((subscriber_id, audience_id, state, at))
                if deed is not None:
                    consents.append((subscriber_id, audience_id, deed, *self._how(deed, at, candidate)))
            consents.extend(self._above_all(subscriber_id, decision, at, candidate))
        self.bulk.add_people(people)
        self.bulk.add_consents(consents)
        self.bulk.add_subscriptions(subscriptions)

    def _person(self, subscriber_id: int, public_id: str, found: Candidate, status: str, at: object) -> tuple[Any, ...]:
        return (
            subscriber_id, public_id, found.written, found.key, found.name, found.language, found.zone,
            dumps(found.attributes), status, self.bulk.moment(found.paused_until) if found.paused_until else None,
            self._consented_at(found), self.bulk.moment(found.created_at) if found.created_at else at, at,
        )  # fmt: skip

    def _write_changed(self, at: object) -> None:
        people: list[tuple[Any, ...]] = []
        subscriptions, consents = [], []
        for candidate, known, decision in self.changed:
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
                    consents.append((known.id, audience_id, deed, *self._how(deed, at, candidate)))
            consents.extend(self._above_all(known.id, decision, at, candidate))
        self.bulk.add_consents(consents)  # first: no state changes for the better without one
        self.bulk.change_people(people)
        self.bulk.set_subscriptions(subscriptions)

    def _above_all(
        self, subscriber_id: int, decision: Decision, at: object, candidate: Candidate
    ) -> list[tuple[Any, ...]]:
        """The lines of consent that are about no audience."""
        if decision.withdrew:
            return [(subscriber_id, None, "withdrew", *self._how("withdrew", at))]
        return [(subscriber_id, None, "agreed", *self._how("agreed", at, candidate))] if decision.agreed else []

    def _how(self, deed: str, at: object, candidate: Candidate | None = None) -> tuple[str, str, object]:
        """Wording, source and time of a line of consent; only an agreement has a wording, and a time that the file gives."""
        if deed != "agreed":
            return "", self.run.source, at
        return self.run.consent, self.run.source, (candidate and self._consented_at(candidate)) or at

    def _write_suppressions(self, session: Session) -> None:
        decided = self.new + [(candidate, decision) for candidate, _, decision in self.changed]
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


def _ranges(ids: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Growing ids as ranges without a gap; nearly always one."""
    if not ids:
        return
    if ids[-1] - ids[0] == len(ids) - 1:
        yield ids[0], ids[-1]
        return
    start = 0
    for index in range(1, len(ids) + 1):
        if index == len(ids) or ids[index] != ids[index - 1] + 1:
            yield ids[start], ids[index - 1]
            start = index
