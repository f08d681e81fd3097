"""A Celery worker as threads of this process."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic

import structlog
from celery import Celery
from celery.worker import WorkController

from mailer.app import App
from mailer.queues import make_celery
from mailer.worker.celery_app import register

log = structlog.get_logger()


@contextmanager
def working(app: App, broker_url: str, *, queues: Sequence[str], threads: int) -> Iterator[Celery]:
    """Work off the jobs of these queues for the time of the block, each with its own threads; gives what beat is to use."""
    workers = [_worker(app, broker_url, queue, threads) for queue in queues]
    started = [threading.Thread(target=worker.start, name="worker", daemon=True) for worker in workers]
    for thread in started:
        thread.start()
    try:
        yield workers[0].app
    finally:
        app.stopping.set()
        for worker in workers:
            worker.stop()  # waits for the jobs
        give_up = monotonic() + 3  # or it waits for a broker that is gone
        for thread in started:
            thread.join(timeout=max(0.0, give_up - monotonic()))
        log.info("worker_stopped")


def _worker(app: App, broker_url: str, queue: str, threads: int) -> WorkController:
    celery = make_celery(broker_url)  # its own, for Celery keeps with it what queues are taken from
    register(celery, lambda: app)
    celery.set_default()  # where threads look for the jobs: it does not matter which of several has them
    return WorkController(
        app=celery, queues=[queue], pool_cls="threads", concurrency=threads, loglevel="WARNING", without_heartbeat=True
    )
