"""A Celery worker and its beat as threads of this process: for all jobs over memory://, or for some of them beside other workers.

What waits over memory:// is forgotten on a kill; the sweep finds it again in SQL.
"""

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic

import structlog
from celery.beat import Service
from celery.worker import WorkController

from mailer.app import App
from mailer.base.errors import Unreachable
from mailer.delivery.calls import knock_again
from mailer.queues import QUEUES, make_celery
from mailer.worker.calm import ALONE, CalmScheduler
from mailer.worker.celery_app import register

THREADS = 4
"""For each queue: a sweep waits for no import, and a confirmation for no batch, however slow the relay is."""
log = structlog.get_logger()


@contextmanager
def working(app: App, *, queues: Sequence[str] = QUEUES) -> Iterator[None]:
    """Work off the jobs of these queues for the time of the block, and have everybody sweep once a second.

    Where a thread of it ends in trouble, this process is told to end, as by SIGTERM: a supervisor can begin it anew.

    Raises:
        Unreachable: that was so.
    """
    with app.database.begin() as session:
        knock_again(session, now=app.clock())
    workers = [_worker(app, queue) for queue in queues]
    beat = Service(workers[0].app, max_interval=1, scheduler_cls=CalmScheduler)
    # The first that fails takes it, for good: a process that is told twice to end does so at once.
    failure = threading.Lock()

    def run(part: Callable[[], None]) -> None:
        try:
            part()  # comes back where it is told to, and from what it cannot go on after, which it has logged
        finally:
            if not app.stopping.is_set() and failure.acquire(blocking=False):
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)

    parts = [*(worker.start for worker in workers), beat.start]
    threads = [threading.Thread(target=run, args=(part,), name="worker", daemon=True) for part in parts]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        app.stopping.set()
        beat.stop()
        for worker in workers:
            worker.stop()  # waits for the jobs
        give_up = monotonic() + 3  # or it waits for a broker that is gone
        for thread in threads:
            thread.join(timeout=max(0.0, give_up - monotonic()))
        log.info("worker_stopped")
    if failure.locked():
        raise Unreachable("worker", "it ended because of what the log says above", do="see to that, and start it again")


def _worker(app: App, queue: str) -> WorkController:
    celery = make_celery(app.settings.broker.url)  # its own, for Celery keeps with it what queues are taken from
    celery.conf.worker_enable_remote_control = False  # whoever counts workers wants those that send
    register(celery, lambda: app)
    celery.set_default()  # where threads look for the jobs: it does not matter which of several has them
    return WorkController(
        app=celery, queues=[queue], pool_cls="threads", concurrency=THREADS, loglevel="WARNING", **ALONE
    )
