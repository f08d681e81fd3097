"""Messages signed ahead of the relay, by threads: what signatures by RSA take runs beside the loop that sends."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import islice
from typing import TypeVar

from mailer.delivery.message.lanes import LANES
from mailer.delivery.outcomes import Outgoing

Item = TypeVar("Item")
Made = TypeVar("Made")

# One for each core that is ours, which not every system tells; more than four would wait for the interpreter.
THREADS = min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
HANDFUL = LANES
"""So many are signed together: they can go at once, and to hand one over and to wake a thread costs more than to make it."""
UNSIGNED = 32
"""So many are made together where nothing signs them: to make and to send in turn costs more (record 18)."""
HANDFUL_BYTES = 2 << 20
"""So much a handful holds at most, or one message: a letter with its pictures in it may have megabytes."""
AHEAD = 3 * THREADS
"""So many handfuls wait, or are in work: enough that no thread waits for the loop to come by (record 18)."""


def in_handfuls(messages: Iterable[Outgoing], most: int) -> Iterator[Sequence[Outgoing]]:
    """The messages a few at a time, each taken when its handful is asked for; the first, alone, tells how large they are."""
    left, size = iter(messages), 1
    while handful := tuple(islice(left, size)):
        size = max(1, min(most, HANDFUL_BYTES // len(handful[0].data)))
        yield handful
        del handful  # what was sent of it need not wait for the next


class Ahead:
    """So many threads; they begin with the first message, after a fork."""

    def __init__(self, threads: int) -> None:
        self._count = threads

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._count, thread_name_prefix="sign")

    def each(self, act: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[Made]:
        """What `act` gives for each item, in their order; it raises what `act` raises.

        Leaving the loop early drops what is not begun.
        """
        left = iter(items)
        under_way = deque(self._threads.submit(act, item) for item in islice(left, AHEAD))
        try:
            while under_way:
                made = under_way.popleft().result()
                under_way.extend(self._threads.submit(act, item) for item in islice(left, 1))
                yield made
        finally:
            for future in under_way:
                future.cancel()
