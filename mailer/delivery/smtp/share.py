"""What one that sends uses of the pool: connections to the relay whose turn it is, and to others where it cannot take all."""

from collections.abc import Iterable, Iterator
from math import inf
from time import monotonic

import structlog

from mailer.delivery.outcomes import NotTried, Outcome
from mailer.delivery.pacing.allowances import Leave
from mailer.delivery.smtp.connection import Connection
from mailer.delivery.smtp.exchange import Transaction
from mailer.delivery.smtp.pool import Pool, Way

WAIT_SECONDS = 1.0
DOWN_SECONDS = 30.0
REFUSED_SECONDS = 300.0
"""A relay that refuses our sign-in is not asked again for so long, where there is another."""
CUT_SHORT_SECONDS = 3600.0
"""So long a relay that has closed over messages which it did not hear, or answered what nobody asked, gets none so."""

log = structlog.get_logger()


class Route:
    """One relay, as one that sends uses it.

    `leave` is for a message that may go and has not been taken yet; `waits`: its rate lets nothing go now.
    """

    def __init__(self, pool: Pool, way: Way) -> None:
        self.way = way
        self.connections: list[Connection] = []
        self.has_failed = False
        self.cap = inf
        self.leave: Leave | None = None
        self.waits = False
        self._pool = pool

    @property
    def limit(self) -> int:
        """How many connections to use at most: at least one, and about as many as everyone else who sends now."""
        if self.has_failed:
            return 0
        fair = max(1, self.way.settings.connections // max(1, self._pool.users))
        return int(min(fair, self.cap))

    @property
    def unused(self) -> int:
        """How many connections have no message: idle ones, and those that are being opened."""
        return sum(not connection.in_flight for connection in self.connections)

    @property
    def usable(self) -> list[Connection]:
        """Those that may be given messages: what is beyond our share, or a relay's that failed, is to run dry."""
        return self.connections[: self.limit]

    @property
    def is_busy(self) -> bool:
        """Whether an answer is still awaited."""
        return any(connection.in_flight for connection in self.connections)

    @property
    def may_help(self) -> bool:
        """Whether it may be given what another's rate does not let go: it says by a rate of its own how much it bears."""
        settings = self.way.settings
        return bool(settings.rate and settings.weight) and not self.has_failed and self.way.down_until <= monotonic()

    @property
    def most_now(self) -> int:
        """How many messages may be taken for it at once: one by one, where each of them needs leave."""
        return 1 if self.way.allowance.is_limited or self.way.rest.is_on_trial else self.limit


class Share:
    """The connections of one that sends; to be left when it is done."""

    def __init__(self, pool: Pool) -> None:
        self.connections: list[Connection] = []
        """Those of all routes."""
        self._failure = ""
        self._pool = pool
        self._routes = [Route(pool, way) for way in pool.ways]
        self._routes_of = {id(route.way.settings): route for route in self._routes}
        self._refusals = 0
        for route in self._routes:
            if route.way.rest.is_on:
                route.has_failed = True
                self._failure = f"relay {route.way.settings.name}: {route.way.rest.why}"
        self._own = self._best_route()
        with pool.changed:
            pool.users += 1

    @property
    def is_busy(self) -> bool:
        """Whether an answer is still awaited."""
        return any(connection.in_flight for connection in self.connections)

    @property
    def is_hopeless(self) -> bool:
        """Whether every relay has failed."""
        return all(route.has_failed for route in self._routes)

    def routes_now(self) -> Iterator[Route]:
        """Where messages may go now, each to be given what it can take before the next is asked for.

        That is the relay whose turn it is; where that one fails, the next in its place. While its rate lets nothing go, the
        others that have a rate and a weight, too: a relay without a rate gets its share by weight and no more.
        """
        for route in self._routes:
            route.waits = False
        given = None
        while given is not self._own:
            given = self._own
            yield given
        if self._own.waits:
            yield from [route for route in self._routes if route is not self._own and route.may_help]

    def has_leave(self, route: Route) -> bool:
        """Whether one more message may go there now; where a limit counts it, `leave` is kept until there is one."""
        way = route.way
        if way.rest.is_on_trial:
            if way.rest.is_on:  # another thread has found out
                self._let_rest(route)
            if way.rest.is_on or route.is_busy:
                return False
        if route.has_failed:
            return False
        if not way.allowance.is_limited:
            return True
        if route.leave is None:
            route.leave = way.allowance.take()
        if route.leave is None:
            route.waits = True
            if way.allowance.spent:
                self._fail(route, way.allowance.spent)
        return route.leave is not None

    @property
    def seconds_to_wait(self) -> float:
        """How long until a rate that lets nothing go now allows another message."""
        return min((route.way.allowance.seconds_to_wait() for route in self._routes if route.waits), default=inf)

    @property
    def not_tried(self) -> NotTried:
        """What is to be told of messages that no relay takes now, and until when where a plan tells it."""
        opens = [route.way.allowance.spent_until for route in self._routes]
        return NotTried(self._failure, min((moment for moment in opens if moment is not None), default=None))

    def wait_for_slot(self) -> bool:
        """Wait a moment for a first connection; False where others still use all."""
        with self._pool.changed:
            return self._pool.changed.wait_for(lambda: self.is_hopeless or self._own.way.has_slot, WAIT_SECONDS)

    def open_more(self, route: Route) -> bool:
        """Take a kept connection or make one; False where there may be no more, or none can be made."""
        if len(route.connections) >= route.limit:
            return False
        way = route.way
        with self._pool.changed:
            if not way.has_slot:
                return False
            way.in_use += 1
            kept = way.idle.pop() if way.idle else None
        if kept is not None:
            kept.step()  # one that was closed meanwhile would still take what is written to it, and leave it unknown
            if kept.closed is not None:
                self._give_back(way)
                if kept.lost_step:
                    self.leave_chunks(kept)
                return True
            self._keep(route, kept)
            return True
        try:
            connection = way.connect(self._pool.context, self._pool.patience)
        except OSError as fault:
            self._give_back(way)
            self._fail(route, fault.strerror or str(fault))
            return False
        self._keep(route, connection)
        return True

    def forget(self, connection: Connection) -> None:
        """Let go of a closed connection."""
        route = self._route_of(connection)
        self._drop(route, connection)
        self._give_back(route.way)

    def missed(self, connection: Connection) -> None:
        """A connection was lost before it carried anything: use fewer, another address, or another relay."""
        route = self._route_of(connection)
        if route.connections:  # some relays allow only so many
            route.cap = len(route.connections)
        elif not route.way.missed(connection):
            self._fail(route, connection.failure)

    def heard(self, connection: Connection, answers: Iterable[tuple[Transaction, Outcome]]) -> None:
        """Leave a relay alone that puts off one message after the other."""
        route = self._route_of(connection)
        for _, outcome in answers:
            if route.way.rest.begins_with(outcome):
                log.warning("relay_rests", relay=route.way.settings.name, reply=route.way.rest.why)
                self._let_rest(route)

    def leave_chunks(self, connection: Connection) -> None:
        """Use DATA with this relay from now on; for a while, where it does know CHUNKING."""
        way, seconds = self._route_of(connection).way, inf if connection.has_no_chunks else CUT_SHORT_SECONDS
        way.chunks_from = max(way.chunks_from, monotonic() + seconds)
        log.warning("relay_gets_no_chunks", relay=way.settings.name, reply=connection.failure)

    def refused(self, connection: Connection) -> bool:
        """A relay that does not let us sign in: use another; True where each of them refuses us, which is about us."""
        route = self._route_of(connection)
        if not route.has_failed:
            self._refusals += 1
            log.error("relay_refused_us", relay=route.way.settings.name, reply=connection.failure)
            self._fail(route, connection.failure)
            route.way.down_until = monotonic() + REFUSED_SECONDS
        return self._refusals == len(self._routes)

    def give_up_surplus(self) -> None:
        """Give back what others wait for, as soon as nothing is under way on it and its last answer was taken."""
        for route in self._routes:
            for connection in route.connections[route.limit :]:
                if not connection.in_flight and connection.is_ready and not connection.events:
                    self._drop(route, connection)
                    self._pool.give_back(route.way, connection)

    def end(self) -> None:
        """Give everything back."""
        for route in self._routes:
            for connection in list(route.connections):
                self._drop(route, connection)
                self._pool.give_back(route.way, connection)
            self._put_leave_back(route)
        with self._pool.changed:
            self._pool.users -= 1
            self._pool.changed.notify_all()

    def _best_route(self) -> Route:
        failed = set() if self.is_hopeless else {index for index, route in enumerate(self._routes) if route.has_failed}
        return self._routes[self._pool.ways.index(self._pool.best_way(failed))]

    def _route_of(self, connection: Connection) -> Route:
        return self._routes_of[id(connection.settings)]

    def _keep(self, route: Route, connection: Connection) -> None:
        route.connections.append(connection)
        self.connections.append(connection)

    def _drop(self, route: Route, connection: Connection) -> None:
        route.connections.remove(connection)
        self.connections.remove(connection)

    def _give_back(self, way: Way) -> None:
        with self._pool.changed:
            way.in_use -= 1
            self._pool.changed.notify()

    def _put_leave_back(self, route: Route) -> None:
        if route.leave is not None:
            route.way.allowance.put_back(route.leave)
            route.leave = None

    def _let_rest(self, route: Route) -> None:
        if not route.has_failed:
            self._fail(route, route.way.rest.why)
            route.way.down_until = route.way.rest.until

    def _fail(self, route: Route, why: str) -> None:
        self._failure = f"relay {route.way.settings.name}: {why}"
        route.has_failed = True
        route.way.down_until = monotonic() + DOWN_SECONDS
        self._put_leave_back(route)
        if route is self._own and not self.is_hopeless:
            self._own = self._best_route()
