"""The jobs, given to Celery."""

import gc
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog
from celery import Celery
from celery.signals import worker_process_init

from mailer.app import App, open_app
from mailer.base.errors import Unreachable
from mailer.base.logs import set_up
from mailer.queues import PREFIX
from mailer.worker.tasks import JOBS, POLL_SECONDS, RETAIN_SECONDS, SWEEP_SECONDS

log = structlog.get_logger()


def register(celery: Celery, app_of_process: Callable[[], App]) -> None:
    """Make every job a task of `celery`, and the sweep, the retention and the bounce mailbox its beat's entries."""
    settle()
    for name, job in JOBS.items():
        celery.task(_wrapped(name, job, app_of_process), name=PREFIX + name)
    celery.conf.beat_schedule = {
        # A sweep that waited for a second is overtaken by the next: a stopped worker must not find a heap of them.
        "sweep": {"task": PREFIX + "sweep", "schedule": SWEEP_SECONDS, "args": (0,), "options": {"expires": 5}},
        # Due at the start, too: who works for less than an hour at a time would never forget anybody.
        "retain": {
            "task": PREFIX + "retain",
            "schedule": RETAIN_SECONDS,
            "args": (0,),
            "options": {"expires": 60},
            "last_run_at": datetime(2000, 1, 1, tzinfo=UTC),
        },
        "poll": {"task": PREFIX + "poll_bounces", "schedule": POLL_SECONDS, "args": (0,), "options": {"expires": 10}},
    }


def settle() -> None:
    """Keep what is loaded by now out of the search for garbage: looking through it again and again took 7 % of a send's CPU."""
    gc.collect()
    gc.freeze()


def _wrapped(name: str, job: Callable[[App, int], None], app_of_process: Callable[[], App]) -> Callable[[int], None]:
    def task(subject_id: int) -> None:
        with structlog.contextvars.bound_contextvars(job=name, subject_id=subject_id):
            try:
                job(app_of_process(), subject_id)
            except Unreachable as error:  # the sweep finds the work again as soon as it answers
                log.warning("job_put_off", error=str(error))
            except Exception:
                log.exception("job_failed")
                raise

    return task


class PerProcess:
    """An App for each process of a pool: connections and locks do not survive a fork."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._app: App | None = None
        self._process = 0

    def __call__(self) -> App:
        """The App of this process."""
        if self._app is None or self._process != os.getpid():
            self._app, self._process = open_app(self.home, works=True), os.getpid()
            set_up(self._app.settings.log.format)
        return self._app


@worker_process_init.connect
def _forget_parent(**_: object) -> None:
    """Celery's children inherit our log settings, but not the parent's standard streams' buffering; nothing else is shared."""
    structlog.contextvars.clear_contextvars()
