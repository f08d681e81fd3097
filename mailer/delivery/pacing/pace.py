"""The pace for each recipient domain: who of a group may go now, and what answers teach. One for each process.

What was learned is shared by all workers through `domain_standings`, read twice a second and written at most once a second
for a domain, never for each message; how many may go in a second is taken from `allowances`. While no domain is limited this
costs nothing that could be measured.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from time import monotonic
from typing import Protocol

import structlog
from sqlalchemy import Table, delete, select, update
from sqlalchemy.orm import Session

from mailer.base.database import Database
from mailer.base.tables import insert_into
from mailer.delivery.models import DomainStanding
from mailer.delivery.outcomes import Accepted, Deferred, Outcome, reason_of
from mailer.delivery.pacing.allowances import slice_of, take
from mailer.delivery.pacing.standing import STEP, Seen, Standing, after, is_about_domain

FLUSH_SECONDS = 1.0
STALE_SECONDS = 60.0
HELD = "held: "
"""So the reason begins of whoever waits for his domain."""
log = structlog.get_logger()

_rows: Table = DomainStanding.metadata.tables["domain_standings"]
_FIELDS = ("rate", "deferred_at", "trips", "closed_until", "closed_since", "reason")


class Addressed(Protocol):
    """One to whom a message is to go."""

    @property
    def number(self) -> int:
        """The number of the delivery."""
        ...

    @property
    def address(self) -> str:
        """Where it goes."""
        ...


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a message does not go now, and until when; without a time it is given up."""

    reason: str
    until: datetime | None


def domain_of(address: str) -> str:
    """The domain of an address, as it is compared."""
    return address.rpartition("@")[2].lower()


class Pace:
    """Holds back what a domain would not bear.

    Args:
        ceilings: messages a second that a domain gets at most, by its name, whatever it answers.
        learns: whether answers change anything.
        deadline: a domain that has taken nothing for so long is given up.
        refresh_seconds: how old what is known of others' learning may be.
    """

    def __init__(
        self,
        database: Database,
        *,
        ceilings: Mapping[str, float],
        learns: bool,
        deadline: timedelta,
        refresh_seconds: float = 0.5,
    ) -> None:
        self._database = database
        self._ceilings = dict(ceilings)
        self._learns = learns
        self._deadline = deadline
        self._refresh_seconds = refresh_seconds
        self._lock = threading.Lock()
        self._standings: dict[str, Standing] = {}
        self._read_at = -inf
        self._seen: dict[str, Seen] = {}
        self._slots: dict[str, datetime] = {}
        self._under_way: list[Mapping[int, Addressed]] = []

    # --- before -------------------------------------------------------------------------------------------------------

    def watch(self, under_way: Mapping[int, Addressed]) -> None:
        """Count what a batch has under way, until it is told that it ended."""
        with self._lock:
            self._under_way.append(under_way)

    def unwatch(self, under_way: Mapping[int, Addressed]) -> None:
        """The batch has ended."""
        with self._lock:
            self._under_way = [each for each in self._under_way if each is not under_way]

    def hold(self, session: Session, recipients: Sequence[Addressed], *, now: datetime) -> dict[int, Hold]:
        """Who of these is not to be sent to now, by number."""
        if self._learns and monotonic() - self._read_at > self._refresh_seconds:
            self._read(session)
        limited = self._standings.keys() | self._ceilings.keys()
        if not limited:
            return {}
        asked: dict[str, list[int]] = defaultdict(list)
        for recipient in recipients:
            domain = domain_of(recipient.address)
            if domain in limited:
                asked[domain].append(recipient.number)
        held: dict[int, Hold] = {}
        busy = self.count_under_way(asked) if asked else Counter()
        for domain in sorted(asked):  # in one order, so that two workers never wait for each other
            held |= self._hold_domain(session, domain, asked[domain], busy[domain], now)
        return held

    def count_under_way(self, domains: Collection[str]) -> Counter[str]:
        """How many messages this process has under way, by domain."""
        with self._lock:
            batches = list(self._under_way)
        found = (domain_of(recipient.address) for batch in batches for recipient in list(batch.values()))
        return Counter(domain for domain in found if domain in domains)

    def _hold_domain(
        self, session: Session, domain: str, numbers: list[int], busy: int, now: datetime
    ) -> dict[int, Hold]:
        standing = self._standings.get(domain)
        if standing is not None and standing.is_closed(now):
            return self._shut(domain, standing, numbers, now)
        rate = min(self._ceilings.get(domain, inf), standing.rate if standing is not None else inf)
        piece = slice_of(f"domain {domain}", rate, now)
        room = len(numbers) if standing is None else max(0, standing.concurrency - busy)
        granted = take(session, piece, min(len(numbers), room)) if room else 0
        if standing is not None and standing.is_lost(now, deadline=self._deadline):
            return self._shut(domain, standing, numbers[granted:], now)
        held = {}
        slot = max(self._slots.get(domain, now), now + timedelta(seconds=piece.seconds))
        for number in numbers[granted:]:
            # In whole seconds, so that a batch is not taken up for each of them.
            until = slot.replace(microsecond=0) + timedelta(seconds=1)
            held[number] = Hold(f"{HELD}{domain} gets {rate:.3g} a second", until)
            # A learned rate grows: by that of now, the last would wait for an hour after the domain was freed.
            grown = rate if standing is None else rate + STEP * (slot - now).total_seconds()
            slot += timedelta(seconds=1 / min(self._ceilings.get(domain, inf), grown))
        self._slots[domain] = min(slot, now + timedelta(hours=1))
        return held

    def _shut(self, domain: str, standing: Standing, numbers: list[int], now: datetime) -> dict[int, Hold]:
        said = f"{domain} takes nothing: {standing.reason}"
        if standing.is_lost(now, deadline=self._deadline):
            return {number: Hold(f"given up: {said}", None) for number in numbers}
        return {number: Hold(f"{HELD}{said}", standing.closed_until) for number in numbers}

    # --- after --------------------------------------------------------------------------------------------------------

    def observe(self, answers: Iterable[tuple[Addressed, Outcome]]) -> None:
        """Take note of answers; `flush` learns of them."""
        if not self._learns:
            return
        answers = list(answers)
        deferred = [outcome for _, outcome in answers if isinstance(outcome, Deferred) and is_about_domain(outcome)]
        if not deferred and not self._standings and not self._seen:
            return
        with self._lock:
            for recipient, outcome in answers:
                self._note(domain_of(recipient.address), outcome, is_trouble=bool(deferred))

    def _note(self, domain: str, outcome: Outcome, *, is_trouble: bool) -> None:
        known = domain in self._standings or domain in self._seen
        if isinstance(outcome, Deferred) and is_about_domain(outcome):
            seen = self._seen.setdefault(domain, Seen(monotonic()))
            seen.deferred += 1
            seen.reason = reason_of(outcome)
        elif isinstance(outcome, Accepted) and (known or is_trouble):
            self._seen.setdefault(domain, Seen(monotonic())).accepted += 1

    def flush(self, *, clock: Callable[[], datetime]) -> None:
        """Learn of what was noted, if it is enough, in a transaction of its own."""
        if not self._seen:
            return
        now = monotonic()
        with self._lock:
            for domain in [each for each, seen in self._seen.items() if self._is_stale(each, seen, now)]:
                del self._seen[domain]
            ripe = {domain: seen for domain, seen in self._seen.items() if self._is_ripe(domain, seen, now)}
            for domain in ripe:
                del self._seen[domain]
        if not ripe:
            return
        with self._database.begin() as session:
            for domain in sorted(ripe):
                self._learn(session, domain, ripe[domain], seconds=now - ripe[domain].began, now=clock())

    def _is_stale(self, domain: str, seen: Seen, now: float) -> bool:
        age = now - seen.began
        return age > STALE_SECONDS or (not seen.deferred and domain not in self._standings and age > FLUSH_SECONDS)

    def _is_ripe(self, domain: str, seen: Seen, now: float) -> bool:
        """A domain that takes nothing is not waited for; of one on probation every answer counts."""
        standing = self._standings.get(domain)
        if seen.deferred and not seen.accepted:
            return seen.is_enough or (standing is not None and standing.trips > 0)
        is_clean = standing is not None and not seen.deferred
        return now - seen.began >= FLUSH_SECONDS and (seen.is_enough or is_clean)

    def _learn(self, session: Session, domain: str, seen: Seen, *, seconds: float, now: datetime) -> None:
        query = select(*(_rows.c[name] for name in _FIELDS)).where(_rows.c.domain == domain).with_for_update()
        found = session.execute(query).one_or_none()
        before = Standing(**found._mapping) if found is not None else None  # noqa: SLF001 - SQLAlchemy's public name
        standing = after(before, seen, seconds=seconds, now=now)
        if standing == before:
            return
        if standing is None:
            session.execute(delete(_rows).where(_rows.c.domain == domain))
            self._standings.pop(domain, None)
        else:
            values = {name: getattr(standing, name) for name in _FIELDS} | {"updated_at": now}
            if before is None:
                statement = insert_into(session, DomainStanding).values(domain=domain, **values)
                session.execute(statement.on_conflict_do_nothing(index_elements=["domain"]))
            else:
                session.execute(update(_rows).where(_rows.c.domain == domain).values(**values))
            self._standings[domain] = standing
        _tell(domain, before, standing)

    def _read(self, session: Session) -> None:
        found = session.execute(select(_rows.c.domain, *(_rows.c[name] for name in _FIELDS))).all()
        self._standings = {row[0]: Standing(*row[1:]) for row in found}
        self._read_at = monotonic()


def _tell(domain: str, before: Standing | None, standing: Standing | None) -> None:
    if standing is None:
        log.info("domain_freed", domain=domain)
    elif standing.trips > (before.trips if before is not None else 0):
        log.warning("domain_closed", domain=domain, until=f"{standing.closed_until}", reply=standing.reason)
    elif before is None or standing.rate < before.rate:
        log.warning("domain_slowed", domain=domain, rate=round(standing.rate, 2), reply=standing.reason)
