"""What a process has in hand: opened once, though many threads begin together, and no older than it may be."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mailer.app import open_app
from mailer.base.tables import CampaignId
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


def test_links_follow_the_address_that_the_web_part_binds_while_a_worker_works(tmp_path: Path) -> None:
    """`mailer worker` beside `mailer web`, which was started later, or again: its links led to a port that nobody had any more."""
    init_workspace(tmp_path, sample_people=False)
    worker, web = open_app(tmp_path), open_app(tmp_path)
    composer = worker.composer
    found = []

    for address in ("http://127.0.0.1:8001", "http://127.0.0.1:8002"):
        web.bind(address)
        beginning, _ = composer.occasion(CampaignId(1)).links["unsubscribe"]
        found.append(beginning)
    for app in (worker, web):
        app.close()

    assert found == ["http://127.0.0.1:8001/unsubscribe/", "http://127.0.0.1:8002/unsubscribe/"]
