"""What a process has in hand is opened once, though many of its threads begin at the same moment."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mailer.app import open_app
from mailer.workspace import init_workspace

THREADS = 8


@pytest.mark.parametrize("name", ["relay", "composer", "pace", "journal", "languages"])
def test_threads_that_ask_together_get_the_same(tmp_path: Path, name: str) -> None:
    """On Python 3.12 and later, a relay of one connection had as many as threads, and all but one of the mailbox servers were never closed."""
    init_workspace(tmp_path, sample_people=False)
    app, together = open_app(tmp_path), threading.Barrier(THREADS)

    def ask(_: int) -> object:
        together.wait()
        return getattr(app, name)

    try:
        with ThreadPoolExecutor(THREADS) as threads:
            found = list(threads.map(ask, range(THREADS)))
    finally:
        app.close()

    assert len({id(each) for each in found}) == 1
