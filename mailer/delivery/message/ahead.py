"""Messages made ahead of the relay, by threads: what a signature by RSA takes (0.25 ms) runs beside the loop that sends."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")

# Of the cores of the machine we may use some only; not every system tells which.
THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
HANDFUL = 8
"""So many are made in one go: to hand one over and to wake a thread takes a tenth of what signing it does."""
AHEAD = 3 * THREADS
"""So many handfuls wait, or are being made: enough that no thread waits for the loop to come by (record 18)."""


def in_handfuls(make: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[Made]:
    """What `make` gives for each item, in their order, a handful at a time: to make and to send in turn costs more."""
    left = iter(items)
    while handful := [make(item) for item in islice(left, HANDFUL)]:
        yield from handful


class Ahead:
    """The threads, one for each core that is ours; they begin with the first message, after a fork."""

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(THREADS, thread_name_prefix="sign")

    def made(self, make: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[Made]:
        """What `make` gives for each item, in their order; it raises what `make` raises.

        Leaving the loop early drops what is not begun.
        """
        left = iter(items)
        handfuls = iter(lambda: tuple(islice(left, HANDFUL)), ())

        def submit(handful: tuple[Item, ...]) -> Future[list[Made]]:
            return self._threads.submit(lambda: list(map(make, handful)))

        under_way = deque(map(submit, islice(handfuls, AHEAD)))
        try:
            while under_way:
                made = under_way.popleft().result()
                under_way.extend(map(submit, islice(handfuls, 1)))
                yield from made
        finally:
            for future in under_way:
                future.cancel()
