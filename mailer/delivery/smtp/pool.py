"""The kept connections of a process, shared by those of its threads that send at the same time."""

import ssl
import threading
from collections.abc import Iterable, Iterator, Sequence
from math import inf
from random import randrange
from time import monotonic

import structlog

from mailer.base.relay_url import RelaySettings
from mailer.delivery.outcomes import Outcome
from mailer.delivery.pacing.allowances import Allowance, Shared
from mailer.delivery.smtp.connection import Connection
from mailer.delivery.smtp.dialling import Address, addresses_of
from mailer.delivery.smtp.exchange import Patience, Transaction
from mailer.delivery.smtp.rest import Rest

WAIT_SECONDS = 1.0
DOWN_SECONDS = 30.0
REFUSED_SECONDS = 300.0
"""A relay that refuses our sign-in is not asked again for so long, where there is another."""
CUT_SHORT_SECONDS = 3600.0
"""So long a relay that has closed over messages which it did not hear is given none that could be lost so."""

log = structlog.get_logger()


class Way:
    """The way to one relay: its addresses, the connections that are kept and how many are in use."""

    def __init__(self, settings: RelaySettings, shared: Shared | None) -> None:
        self.settings = settings
        self.allowance = Allowance(settings, shared)
        self.idle: list[Connection] = []
        self.in_use = 0
        self.down_until = 0.0
        self.turn = 0
        self.chunks_from = 0.0
        """When CHUNKING may be used, by the monotonic clock."""
        self.rest = Rest()
        self._addresses: list[Address] = []

    @property
    def has_slot(self) -> bool:
        """Whether one more connection may be used."""
        return self.in_use < self.settings.connections

    def connect(self, context: ssl.SSLContext, patience: Patience) -> Connection:
        """A new connection to the first of its addresses that is not known to be dead.

        Raises:
            OSError: the name is not known, or the network refuses all of its addresses at once.
        """
        left = self._addresses = self._addresses or addresses_of(self.settings)
        may_chunk = self.chunks_from <= monotonic()
        while True:
            try:
                return Connection(self.settings, left[0], context=context, patience=patience, chunking=may_chunk)
            except OSError:
                left = self._without(left[0])
                if not left:
                    raise

    def missed(self, connection: Connection) -> bool:
        """Note that a connection did not come about; whether there is another address to try."""
        return not connection.is_connected and bool(self._without(connection.address))

    def _without(self, dead: Address) -> list[Address]:
        # Several threads may find the same address dead: each takes away that one only, and changes no list in use.
        self._addresses = [address for address in self._addresses if address != dead]
        return self._addresses


class Pool:
    """All ways, in the order of preference, and who uses them."""

    def __init__(
        self,
        relays: Sequence[RelaySettings],
        *,
        patience: Patience,
        context: ssl.SSLContext,
        idle_seconds: float,
        shared: Shared | None = None,
    ) -> None:
        self.ways = [Way(relay, shared) for relay in relays]
        self.patience = patience
        self.context = context
        self.changed = threading.Condition()
        self.users = 0
        self._idle_seconds = idle_seconds
        self._timer: threading.Timer | None = None
        # Else, of many processes with little to do, each would use the heaviest only.
        for _ in range(randrange(1 + sum(way.settings.weight for way in self.ways))):  # noqa: S311 - no secret
            self.best_way(set())

    def join(self) -> "Share":
        """A part of the pool for one that sends; to be left when it is done."""
        with self.changed:
            self.users += 1
        return Share(self)

    def best_way(self, without: set[int]) -> Way:
        """The way to use next: of those that are not known to be down by their weights in turn, else by their order.

        In turn (as nginx does it): each gains its weight, the one with most is used and pays what all have gained. One that
        comes back after a while gets its share from then on, and no more.
        """
        left = [way for index, way in enumerate(self.ways) if index not in without]
        now = monotonic()
        up = [way for way in left if way.down_until <= now]
        if not up:
            return min(left, key=lambda way: way.down_until)
        weighed = [way for way in up if way.settings.weight]
        if len(weighed) < 2:
            return (weighed or up)[0]
        with self.changed:
            for way in weighed:
                way.turn += way.settings.weight
            best = max(weighed, key=lambda way: way.turn)
            best.turn -= sum(way.settings.weight for way in weighed)
        return best

    def give_back(self, way: Way, connection: Connection) -> None:
        """Keep a connection for the next, where it can be kept."""
        keep = connection.closed is None and connection.is_ready and not connection.in_flight and not connection.events
        if not keep:
            connection.abort()
        with self.changed:
            way.in_use -= 1
            if keep:
                way.idle.append(connection)
                self._watch_idle()
            self.changed.notify()

    def close(self) -> None:
        """Say goodbye on every kept connection."""
        with self.changed:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            idle = list(self._taken_idle(inf))
        for connection in idle:
            connection.quit()

    def _taken_idle(self, until: float) -> Iterator[Connection]:
        for way in self.ways:
            old = [connection for connection in way.idle if connection.idle_since <= until]
            way.idle = [connection for connection in way.idle if connection.idle_since > until]
            yield from old

    def _watch_idle(self) -> None:
        if self._timer is None:
            self._timer = threading.Timer(self._idle_seconds, self._close_idle)
            self._timer.daemon = True
            self._timer.start()

    def _close_idle(self) -> None:
        with self.changed:
            self._timer = None
            old = list(self._taken_idle(monotonic() - self._idle_seconds))
            if any(way.idle for way in self.ways):
                self._watch_idle()
        for connection in old:
            connection.quit()


class Share:
    """The connections of one that sends: at least one, and about as many as everyone else who sends now."""

    def __init__(self, pool: Pool) -> None:
        self.connections: list[Connection] = []
        self.failure = ""
        self._pool = pool
        self._ways: dict[int, Way] = {}
        resting = {index: way for index, way in enumerate(pool.ways) if way.rest.is_on}
        self._failed: set[int] = set(resting)
        self._refusals = 0
        self._cap = inf
        self._way = pool.best_way(set() if self.is_hopeless else self._failed)
        for way in resting.values():
            self.failure = f"relay {way.settings.name}: {way.rest.why}"

    @property
    def limit(self) -> int:
        """How many connections to use at most."""
        fair = max(1, self._way.settings.connections // max(1, self._pool.users))
        return int(min(fair, self._cap))

    @property
    def unused(self) -> int:
        """How many connections have no message: idle ones, and those that are being opened."""
        return sum(not connection.in_flight for connection in self.connections)

    @property
    def is_busy(self) -> bool:
        """Whether an answer is still awaited."""
        return any(connection.in_flight for connection in self.connections)

    @property
    def usable(self) -> list[Connection]:
        """Those that may be given messages: what is beyond our share, or another relay's, is to run dry."""
        if not self._failed:
            return self.connections[: self.limit]
        if self.is_hopeless:
            return []
        return [each for each in self.connections if self._ways[id(each)] is self._way][: self.limit]

    def wait_for_slot(self) -> bool:
        """Wait a moment for a first connection; False where others still use all."""
        with self._pool.changed:
            return self._pool.changed.wait_for(lambda: self.is_hopeless or self._way.has_slot, WAIT_SECONDS)

    def open_more(self) -> bool:
        """Take a kept connection or make one; False where there may be no more, or it failed at once (`is_hopeless`)."""
        if self.is_hopeless or len(self.connections) >= self.limit:
            return False
        way = self._way
        with self._pool.changed:
            if not way.has_slot:
                return False
            way.in_use += 1
            kept = way.idle.pop() if way.idle else None
        if kept is not None:
            kept.step()  # one that was closed meanwhile would still take what is written to it, and leave it unknown
            if kept.closed is not None:
                self._give_back(way)
                return True
            self._ways[id(kept)] = way
            self.connections.append(kept)
            return True
        try:
            connection = way.connect(self._pool.context, self._pool.patience)
        except OSError as fault:
            self._give_back(way)
            self._failed_way(way, f"relay {way.settings.name}: {fault.strerror or fault}")
            return not self.is_hopeless
        self._ways[id(connection)] = way
        self.connections.append(connection)
        return True

    def forget(self, connection: Connection) -> None:
        """Let go of a closed connection."""
        self.connections.remove(connection)
        self._give_back(self._ways.pop(id(connection)))

    def missed(self, connection: Connection) -> None:
        """A connection was lost before it carried anything: use fewer, another address, or another relay."""
        way = self._way_of(connection)
        if self.connections:  # some relays allow only so many
            self._cap = len(self.connections)
        elif not way.missed(connection):
            self._failed_way(way, f"relay {way.settings.name}: {connection.failure}")

    def heard(self, connection: Connection, answers: Iterable[tuple[Transaction, Outcome]]) -> None:
        """Leave a relay alone that puts off one message after the other."""
        way = self._ways[id(connection)]
        for _, outcome in answers:
            if way.rest.begins_with(outcome):
                log.warning("relay_rests", relay=way.settings.name, reply=way.rest.why)
                self._let_rest(way)

    def leave_chunks(self, connection: Connection) -> None:
        """Use DATA with this relay from now on; for a while, where it does know CHUNKING."""
        way, seconds = self._way_of(connection), inf if connection.has_no_chunks else CUT_SHORT_SECONDS
        way.chunks_from = max(way.chunks_from, monotonic() + seconds)
        log.warning("relay_gets_no_chunks", relay=way.settings.name, reply=connection.failure)

    def refused(self, connection: Connection) -> bool:
        """A relay that does not let us sign in: use another; True where each of them refuses us, which is about us."""
        way = self._way_of(connection)
        if self._pool.ways.index(way) not in self._failed:
            self._refusals += 1
            log.error("relay_refused_us", relay=way.settings.name, reply=connection.failure)
            self._failed_way(way, f"relay {way.settings.name}: {connection.failure}")
            way.down_until = monotonic() + REFUSED_SECONDS
        return self._refusals == len(self._pool.ways)

    @property
    def is_hopeless(self) -> bool:
        """Whether every relay has failed."""
        return len(self._failed) == len(self._pool.ways)

    def may_send(self, connection: Connection) -> bool:
        """Whether one more message may go over this connection now; True counts it. A relay full for today is left."""
        way = self._way
        if way.rest.is_on_trial:
            if way.rest.is_on:  # another thread has found out
                self._let_rest(way)
            if way.rest.is_on or self.is_busy:
                return False
        if not way.allowance.is_limited and not self._failed:
            return True
        if self.is_hopeless or self._ways[id(connection)] is not way:
            return False
        if way.allowance.take():
            return True
        if way.allowance.spent:
            self._failed_way(way, f"relay {way.settings.name}: {way.allowance.spent}")
        return False

    @property
    def seconds_to_wait(self) -> float:
        """How long until the relay's rate allows another message."""
        return self._way.allowance.seconds_to_wait()

    def give_up_surplus(self) -> None:
        """Give back what others wait for, as soon as nothing is under way on it and its last answer was taken."""
        usable = self.usable
        surplus = self.connections[len(usable) :] if not self._failed else set(self.connections).difference(usable)
        for connection in surplus:
            if not connection.in_flight and connection.is_ready and not connection.events:
                self.connections.remove(connection)
                self._pool.give_back(self._ways.pop(id(connection)), connection)

    def leave(self) -> None:
        """Give everything back."""
        for connection in self.connections:
            self._pool.give_back(self._ways.pop(id(connection)), connection)
        self.connections = []
        with self._pool.changed:
            self._pool.users -= 1
            self._pool.changed.notify_all()

    def _way_of(self, connection: Connection) -> Way:
        return next(way for way in self._pool.ways if way.settings is connection.settings)

    def _give_back(self, way: Way) -> None:
        with self._pool.changed:
            way.in_use -= 1
            self._pool.changed.notify()

    def _let_rest(self, way: Way) -> None:
        if self._pool.ways.index(way) not in self._failed:
            self._failed_way(way, f"relay {way.settings.name}: {way.rest.why}")
            way.down_until = way.rest.until

    def _failed_way(self, way: Way, why: str) -> None:
        self.failure = why
        self._failed.add(self._pool.ways.index(way))
        way.down_until = monotonic() + DOWN_SECONDS
        if way is self._way and not self.is_hopeless:
            self._way, self._cap = self._pool.best_way(self._failed), inf
