"""The kept connections of a process, shared by those of its threads that send at the same time."""

import ssl
import threading
from collections.abc import Iterator, Sequence
from math import inf
from random import randrange
from time import monotonic

from mailer.base.relay_url import RelaySettings
from mailer.delivery.pacing.allowances import Allowance, Shared
from mailer.delivery.smtp.connection import Connection
from mailer.delivery.smtp.dialling import Address, addresses_of
from mailer.delivery.smtp.exchange import Patience
from mailer.delivery.smtp.rest import Rest


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
