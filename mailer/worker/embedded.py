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
from mailer.queues import make_celery
from mailer.worker.celery_app import register

log = structlog.get_logger()
THREADS = 4


@contextmanager
def embedded_worker(app: App) -> Iterator[None]:
    """Work for the time of the block: jobs run in threads of this process, the sweep once a second."""
    celery = make_celery("")
    register(celery, lambda: app)
    worker = WorkController(
        app=celery, pool_cls="threads", concurrency=THREADS, loglevel="WARNING", without_heartbeat=True
    )
    working = threading.Thread(target=worker.start, name="worker", daemon=True)
    beat = EmbeddedService(celery, max_interval=1, thread=True, scheduler_cls=Scheduler)
    working.start()
    beat.start()
    try:
        yield
    finally:
        app.stopping.set()
        beat.stop()
        worker.stop()
        working.join(timeout=30)
        if working.is_alive():
            raise Unreachable("worker", "it did not end within 30 s", do="end the process; nothing is lost")
        log.info("worker_stopped")
