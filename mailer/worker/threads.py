"""A Celery worker as threads of this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from celery import Celery
from celery.worker import WorkController

from mailer.app import App
from mailer.queues import make_celery
from mailer.worker.celery_app import register

log = structlog.get_logger()


@contextmanager
def working(app: App, broker_url: str, *, queue: str, threads: int) -> Iterator[Celery]:
    """Work off the jobs of a queue for the time of the block; gives the Celery application that does it."""
    celery = make_celery(broker_url)
    register(celery, lambda: app)
    celery.set_default()  # where threads look for the jobs: it does not matter which of several has them
    worker = WorkController(
        app=celery, queues=[queue], pool_cls="threads", concurrency=threads, loglevel="WARNING", without_heartbeat=True
    )
    thread = threading.Thread(target=worker.start, name="worker", daemon=True)
    thread.start()
    try:
        yield celery
    finally:
        app.stopping.set()
        worker.stop()  # waits for the jobs
        thread.join(timeout=3)  # or it waits for a broker that is gone
        log.info("worker_stopped")
