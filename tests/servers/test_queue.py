"""Hints to a broker that does not answer."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from mailer.queues import CeleryQueue, make_celery


class ClosedDoor:
    """Takes every connection and says nothing on it."""

    def __init__(self) -> None:
        self.knocks = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._turn_away, daemon=True).start()

    def _turn_away(self) -> None:
        with suppress(OSError):
            while True:
                caller, _ = self._listener.accept()
                self.knocks += 1
                caller.close()

    def close(self) -> None:
        """Be gone."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def door() -> Iterator[ClosedDoor]:
    opened = ClosedDoor()
    yield opened
    opened.close()


def test_a_hint_is_lost_at_once_for_whoever_waits_for_the_answer_has_a_page_open(door: ClosedDoor) -> None:
    queue = CeleryQueue(make_celery(f"redis://127.0.0.1:{door.port}/0"))
    queue([("sweep", 0)])
    before = door.knocks

    queue([("sweep", 0), ("sweep", 0)])

    assert door.knocks - before == 1
