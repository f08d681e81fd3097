"""Which people a file has named so far, in little memory."""

import sqlite3
import sys
from bisect import bisect_right
from collections.abc import Iterable, Sequence


class Seen:
    """Which people the file has named: a bit for each id that was there, the ranges of those who came by this run.

    A dry run gives no ids: it keeps the keys in a scratch file.
    """

    def __init__(self, *, dry_run: bool) -> None:
        self._bits = bytearray()
        self._new: list[tuple[int, int]] = []
        self._keys = sqlite3.connect("") if dry_run else None  # "": on disk, gone when closed
        if self._keys is not None:
            self._keys.execute("CREATE TABLE seen (key TEXT PRIMARY KEY) WITHOUT ROWID")

    def has(self, subscriber_id: int) -> bool:
        """Whether this person was named."""
        at = bisect_right(self._new, (subscriber_id, sys.maxsize)) - 1
        if at >= 0 and subscriber_id <= self._new[at][1]:
            return True
        byte = subscriber_id >> 3
        return byte < len(self._bits) and bool(self._bits[byte] & 1 << (subscriber_id & 7))

    def add(self, ids: Sequence[int]) -> None:
        """Remember these people."""
        if not ids:
            return
        last = max(ids) >> 3
        if last >= len(self._bits):
            self._bits.extend(bytes(last + 65_536 - len(self._bits)))
        for subscriber_id in ids:
            self._bits[subscriber_id >> 3] |= 1 << (subscriber_id & 7)

    def add_new(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Remember people who came just now: their ids are above all that were added so far."""
        for first, last in ranges:
            follows = bool(self._new) and self._new[-1][1] == first - 1
            self._new.append((self._new.pop()[0] if follows else first, last))

    def is_new_key(self, key: str) -> bool:
        """Remember this key; whether it is the first time."""
        if self._keys is None:
            return True
        return self._keys.execute("INSERT OR IGNORE INTO seen VALUES (?)", (key,)).rowcount == 1

    def close(self) -> None:
        """Drop the scratch file."""
        if self._keys is not None:
            self._keys.close()
