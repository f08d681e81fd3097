"""Messages made a few ahead of the relay, by threads: what a signature by RSA takes (0.25 ms) runs beside the loop that sends."""

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
AHEAD = 16 * THREADS
"""Enough that no thread waits for the loop to come by: with 4 a core, more was lost to waking than was won (record 18)."""


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
        under_way: deque[Future[Made]] = deque(self._threads.submit(make, item) for item in islice(left, AHEAD))
        try:
            while under_way:
                made = under_way.popleft().result()
                under_way.extend(self._threads.submit(make, item) for item in islice(left, 1))
                yield made
        finally:
            for future in under_way:
                future.cancel()
