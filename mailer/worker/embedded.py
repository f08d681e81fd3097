"""A Celery worker and beat as threads of this process, over memory://.

It forgets everything on a kill; the sweep finds the work again in SQL.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from celery.beat import EmbeddedService, Scheduler
from celery.worker import WorkController

from mailer.app import App
from mailer.base.errors import Unreachable
from mailer.queues import QUEUES, make_celery
from mailer.worker.celery_app import register

log = structlog.get_logger()
THREADS = 4


@contextmanager
def embedded_worker(app: App) -> Iterator[None]:
    """Work for the time of the block: jobs run in threads of this process, the sweep once a second."""
    celery = make_celery("")
    register(celery, lambda: app)
    # Each queue has its threads: a confirmation waits for no batch, however slow the relay.
    workers = [_worker(queue) for queue in QUEUES]
    working = [threading.Thread(target=worker.start, name="worker", daemon=True) for worker in workers]
    beat = EmbeddedService(celery, max_interval=1, thread=True, scheduler_cls=Scheduler)
    for thread in working:
        thread.start()
    beat.start()
    try:
        yield
    finally:
        app.stopping.set()
        beat.stop()
        for worker in workers:
            worker.stop()
        for thread in working:
            thread.join(timeout=30)
        if any(thread.is_alive() for thread in working):
            raise Unreachable("worker", "it did not end within 30 s", do="end the process; nothing is lost")
        log.info("worker_stopped")


def _worker(queue: str) -> WorkController:
    """It has a Celery of its own, which keeps what it takes from; the jobs that one has, all have."""
    return WorkController(
        app=make_celery(""),
        queues=[queue],
        pool_cls="threads",
        concurrency=THREADS,
        loglevel="WARNING",
        without_heartbeat=True,
    )
