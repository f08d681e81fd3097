"""A relay over SMTP: kept connections, several at once, in one loop that never waits for one of them alone."""

import selectors
import ssl
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from math import inf
from selectors import EVENT_READ, EVENT_WRITE
from time import monotonic

from mailer.base.relay_url import RelaySettings
from mailer.delivery.outcomes import Deferred, NotTried, Outcome, Outgoing, Refused
from mailer.delivery.pacing.allowances import Shared
from mailer.delivery.smtp.connection import Connection
from mailer.delivery.smtp.exchange import Closed, Patience, Transaction
from mailer.delivery.smtp.pool import Pool
from mailer.delivery.smtp.share import Route, Share

TICK_SECONDS = 1.0
TRIES = 3
"""So many connections are lost over one message before it counts as deferred."""

BARREN = 3
"""So many connections that were lost before they carried anything, and the relay counts as away."""

Answer = tuple[int, Outcome]


class SmtpRelay:
    """One or several relays, used by their weights while they answer; may be shared by threads.

    Args:
        relays: at least one.
        context: how to judge their certificates; by default as the system does, and SSL_CERT_FILE.
        idle_seconds: how long an unused connection is kept.
        shared: where the workers' common limits are; without it a rate is this one's alone.
    """

    def __init__(
        self,
        relays: Sequence[RelaySettings],
        *,
        patience: Patience | None = None,
        context: ssl.SSLContext | None = None,
        idle_seconds: float = 10.0,
        shared: Shared | None = None,
    ) -> None:
        self._pool = Pool(
            relays,
            patience=patience or Patience(),
            context=context or ssl.create_default_context(),
            idle_seconds=idle_seconds,
            shared=shared,
        )

    def send(self, messages: Iterable[Outgoing]) -> Iterator[Answer | None]:
        """Send messages, and give the outcome of each as it comes: not in their order, but every one that was taken.

        A message is taken from `messages` when a connection is about to be free for it, and the relay's rate lets it go.
        None is given about once a second while nothing comes, so that the caller can look after its lease. Leaving the loop
        early cuts the connections on which something was under way.
        """
        share = Share(self._pool)
        try:
            while not share.wait_for_slot():
                yield None
            yield from _Sending(share, messages).run()
        finally:
            share.end()

    def close(self) -> None:
        """Say goodbye on every kept connection."""
        self._pool.close()


class _Source:
    """The messages still to be given to a connection: the returned ones first."""

    def __init__(self, messages: Iterable[Outgoing]) -> None:
        self._messages = iter(messages)
        self._waiting: deque[Transaction] = deque()
        self._is_dry = False

    def available(self, wanted: int) -> int:
        """How many can be taken at once, up to `wanted`; makes them where they are not there yet."""
        waiting = self._waiting
        while len(waiting) < wanted and not self._is_dry:
            message = next(self._messages, None)
            if message is None:
                self._is_dry = True
            else:
                waiting.append(Transaction(message))
        return len(waiting)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left; that nothing more comes shows only once it was asked for."""
        return self._is_dry and not self._waiting

    def take(self) -> Transaction:
        """The next, where one is available."""
        return self._waiting.popleft()

    def give_back(self, transaction: Transaction) -> None:
        """Take back one that was not handed over."""
        transaction.tries += 1
        transaction.is_handed_over = False
        self._waiting.appendleft(transaction)

    def stop(self) -> list[Transaction]:
        """Take no more; what was taken and not given to a connection."""
        self._is_dry = True
        left, self._waiting = list(self._waiting), deque()
        return left


class _Sending:
    """One call of `send`."""

    def __init__(self, share: Share, messages: Iterable[Outgoing]) -> None:
        self._share = share
        self._source = _Source(messages)
        self._answers: deque[Answer] = deque()
        self._barren = 0
        self._selector = selectors.DefaultSelector()
        self._watched: dict[Connection, tuple[int, int]] = {}

    def run(self) -> Iterator[Answer | None]:
        quiet_since = monotonic()
        with self._selector:
            while True:
                self._hand_out()
                has_returned = self._gather()
                if self._answers:
                    quiet_since = monotonic()
                    while self._answers:
                        yield self._answers.popleft()
                if has_returned:
                    continue
                if self._source.is_empty and not self._share.is_busy:
                    return
                self._wait()
                if self._gather():
                    continue
                if monotonic() - quiet_since >= TICK_SECONDS and not self._answers:
                    quiet_since = monotonic()
                    yield None

    def _hand_out(self) -> None:
        """Give messages to the relays that may have some now."""
        share = self._share
        share.give_up_surplus()
        for route in share.routes_now():
            self._feed(route)
        for connection in share.connections:
            connection.push()
        if share.is_hopeless and not share.connections:
            self._source.available(self._source.available(0) + 1)  # one that was not tried, and tells why nothing goes
            self._give_up(share.not_tried)

    def _feed(self, route: Route) -> None:
        """Open connections while there is work for more, and give messages to those that have room, the idle first."""
        share, source = self._share, self._source
        if len(route.connections) < route.limit and share.has_leave(route):
            # Kept ones are ready and are used at once; no more are opened than there are messages for.
            wanted = source.available(route.most_now)
            while route.unused < wanted and share.open_more(route):
                pass
        for connection in sorted((one for one in route.usable if one.has_room), key=_busy):
            while share.has_leave(route) and source.available(1):
                route.leave = None
                connection.give(source.take())
                if not connection.has_room:
                    break

    def _wait(self) -> None:
        self._watch()
        deadline = min((connection.deadline for connection in self._share.connections), default=inf)
        pause = min(TICK_SECONDS, deadline - monotonic(), self._share.seconds_to_wait)
        for key, _ in self._selector.select(max(0.0, pause)):
            key.data.step()
        now = monotonic()
        if now < deadline:  # what was heard since puts it off only
            return
        for connection in self._share.connections:
            if connection.deadline <= now:
                connection.expire()

    def _watch(self) -> None:
        """Tell the selector what is waited for; only what has changed."""
        here = self._share.connections
        for connection in self._watched.keys() - here:
            self._unwatch(connection)
        for connection in here:
            wanted = EVENT_READ | (EVENT_WRITE if connection.wants_write else 0)
            number, before = self._watched.get(connection, (-1, 0))
            if number < 0:
                self._watched[connection] = connection.socket.fileno(), wanted
                self._selector.register(connection.socket.fileno(), wanted, connection)
            elif before != wanted:
                self._watched[connection] = number, wanted
                self._selector.modify(number, wanted, connection)

    def _unwatch(self, connection: Connection) -> None:
        number, _ = self._watched.pop(connection)
        self._selector.unregister(number)

    def _gather(self) -> bool:
        """Take what the connections have to tell, and let go of those that are closed; whether a message came back."""
        has_returned = False
        for connection in list(self._share.connections):
            events = connection.events
            if not (events.answers or events.returned or connection.closed):
                continue
            if events.answers:
                self._share.heard(connection, events.answers)
                self._answers.extend((transaction.message.number, outcome) for transaction, outcome in events.answers)
                events.answers.clear()
                self._barren = 0
            for transaction in reversed(events.returned):
                if transaction.tries < TRIES:
                    self._source.give_back(transaction)
                    has_returned = True
                else:
                    self._answers.append((transaction.message.number, _lost_for_now(connection.failure)))
            events.returned.clear()
            if connection.closed is not None:
                self._lost(connection)
        return has_returned

    def _lost(self, connection: Connection) -> None:
        # Before the next one is opened: it may get the same file descriptor.
        if connection in self._watched:
            self._unwatch(connection)
        self._share.forget(connection)
        if connection.closed is Closed.REFUSED:
            if self._share.refused(connection):
                text = f"relay {connection.settings.name}: {connection.failure}"
                self._give_up(Refused(0, "", text, "campaign", "connect"))
        elif connection.has_no_chunks or connection.was_cut_short or connection.lost_step:
            self._share.leave_chunks(connection)
        elif connection.closed is Closed.LOST and not connection.delivered:
            self._barren += connection.was_ready
            if not connection.was_ready or self._barren >= BARREN:
                self._share.missed(connection)

    def _give_up(self, outcome: NotTried | Refused) -> None:
        """Answer what is left. Messages over which connections were lost are not the first to be tried the next time, too."""
        is_barren = self._barren >= BARREN
        for transaction in self._source.stop():
            lost = is_barren and transaction.tries > 1
            self._answers.append((transaction.message.number, _lost_for_now(outcome.text) if lost else outcome))


def _lost_for_now(why: str) -> Deferred:
    """The outcome of a message that several connections were lost over."""
    return Deferred(0, "", f"the connection was lost each time: {why}", "connect")


def _busy(connection: Connection) -> int:
    return connection.in_flight
