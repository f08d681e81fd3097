"""A Celery worker and beat as threads of this process, over memory://.

It forgets everything on a kill; the sweep finds the work again in SQL.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from celery.beat import EmbeddedService, Scheduler

from mailer.app import App
from mailer.queues import QUEUES
from mailer.worker.threads import working

THREADS = 4


@contextmanager
def embedded_worker(app: App) -> Iterator[None]:
    """Work for the time of the block: jobs run in threads of this process, the sweep once a second."""
    # Each queue has its threads: a confirmation waits for no batch, however slow the relay.
    with working(app, "", queues=QUEUES, threads=THREADS) as celery:
        beat = EmbeddedService(celery, max_interval=1, thread=True, scheduler_cls=Scheduler)
        beat.start()
        try:
            yield
        finally:
            app.stopping.set()
            beat.stop()
