"""Messages made ahead of the relay, by threads: what signatures by RSA take runs beside the loop that sends."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from itertools import islice
from typing import TypeVar

from mailer.delivery.message.lanes import LANES

Item = TypeVar("Item")
Made = TypeVar("Made")

# Of the cores of the machine we may use some only; not every system tells which.
THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
HANDFUL = LANES
"""So many are made in one go: they can be signed together, and to hand one over and to wake a thread costs more than to make it."""
AHEAD = 3 * THREADS
"""So many handfuls wait, or are being made: enough that no thread waits for the loop to come by (record 18)."""


def in_handfuls(make: Callable[[Sequence[Item]], Sequence[Made]], items: Iterable[Item]) -> Iterator[Made]:
    """What `make` gives for each item, in their order, a handful at a time: to make and to send in turn costs more."""
    for handful in _handfuls(items):
        yield from make(handful)


class Ahead:
    """The threads, one for each core that is ours; they begin with the first message, after a fork."""

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(THREADS, thread_name_prefix="sign")

    def made(self, make: Callable[[Sequence[Item]], Sequence[Made]], items: Iterable[Item]) -> Iterator[Made]:
        """What `make` gives for each item of a handful, in their order; it raises what `make` raises.

        Leaving the loop early drops what is not begun.
        """
        handfuls = _handfuls(items)

        def submit(handful: Sequence[Item]) -> Future[Sequence[Made]]:
            return self._threads.submit(make, handful)

        under_way = deque(map(submit, islice(handfuls, AHEAD)))
        try:
            while under_way:
                made = under_way.popleft().result()
                under_way.extend(map(submit, islice(handfuls, 1)))
                yield from made
        finally:
            for future in under_way:
                future.cancel()


def _handfuls(items: Iterable[Item]) -> Iterator[Sequence[Item]]:
    left = iter(items)
    return iter(lambda: tuple(islice(left, HANDFUL)), ())
