"""The jobs, given to Celery."""

import gc
import mmap
import os
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from celery import Celery
from celery.signals import task_postrun, task_prerun, worker_process_init, worker_shutting_down

from mailer.app import App, open_app
from mailer.base.errors import Spoilt, Unreachable
from mailer.base.logs import set_up
from mailer.delivery.run import TURN_SECONDS
from mailer.queues import PREFIX
from mailer.worker.calm import calm_consumers
from mailer.worker.tasks import JOBS, POLL_SECONDS, RETAIN_SECONDS, SWEEP_SECONDS

log = structlog.get_logger()


def register(celery: Celery, app_of_process: Callable[[], App]) -> None:
    """Make every job a task of `celery`, and the sweeps, the retention and the bounce mailbox its beat's entries."""
    settle()
    calm_consumers()
    for name, job in JOBS.items():
        # Not shared: else each of several in one process warns of the other's.
        celery.task(_wrapped(name, job, app_of_process), name=PREFIX + name, shared=False)
    celery.conf.beat_schedule = {
        # A stopped worker must not find a heap of sweeps, and one that sends comes by only after its turn.
        "sweep": {
            "task": PREFIX + "sweep",
            "schedule": SWEEP_SECONDS,
            "args": (0,),
            "options": {"expires": 4 * TURN_SECONDS},
        },
        "notices": {
            "task": PREFIX + "call_notices",
            "schedule": SWEEP_SECONDS,
            "args": (0,),
            "options": {"expires": 4 * TURN_SECONDS},
        },
        # Due at the start, too: who works for less than an hour at a time would never forget anybody.
        "retain": {
            "task": PREFIX + "retain",
            "schedule": RETAIN_SECONDS,
            "args": (0,),
            "options": {"expires": 60},
            "last_run_at": datetime(2000, 1, 1, tzinfo=UTC),
        },
        "poll": {
            "task": PREFIX + "poll_bounces",
            "schedule": POLL_SECONDS,
            "args": (0,),
            "options": {"expires": 4 * TURN_SECONDS},
        },
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
            except Spoilt as error:  # with every sweep, until somebody mends it: a traceback would tell no more
                log.error("job_failed", error=str(error))  # noqa: TRY400
            except Exception:
                log.exception("job_failed")
                raise

    return task


class Stopping(threading.Event):
    """Whether to end the work in good order: told to one process of a pool, or to all that are forked after this was made."""

    def __init__(self) -> None:
        super().__init__()
        self._all = mmap.mmap(-1, 1)

    def is_set(self) -> bool:
        """Whether this process is to stop."""
        return bool(self._all[0]) or super().is_set()

    @property
    def is_for_one(self) -> bool:
        """Whether this process was told, and not all."""
        return super().is_set() and not self._all[0]

    def set_for_all(self) -> None:
        """Tell all of them."""
        self._all[0] = 1


class PerProcess:
    """An App for each process of a pool: connections and locks do not survive a fork."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.stopping = Stopping()
        self._app: App | None = None
        self._process = 0

    def __call__(self) -> App:
        """The App of this process."""
        if self._app is None or self._process != os.getpid():
            self._app, self._process = open_app(self.home, works=True), os.getpid()
            self._app.stopping = self.stopping
            set_up(self._app.settings.log.format)
        return self._app


def heed_signals(stopping: Stopping) -> None:
    """Let a worker that is told to end give its batches back within a group, and not only when all of them is sent.

    systemd tells every process of it, where those of the pool would die in the middle of a message: who has a job ends it first.
    """
    usual: list[Any] = []

    def told(*_: object) -> None:
        stopping.set()

    def begin_job(**_: object) -> None:
        # Here, for the pool sets its own handlers after everything that can be done at a process' beginning.
        usual.append(signal.signal(signal.SIGTERM, told))

    def end_job(**_: object) -> None:
        signal.signal(signal.SIGTERM, usual.pop())
        if stopping.is_for_one:  # else the pool ends it
            os.kill(os.getpid(), signal.SIGTERM)

    def tell_all(**_: object) -> None:
        stopping.set_for_all()

    task_prerun.connect(begin_job, weak=False)
    task_postrun.connect(end_job, weak=False)
    worker_shutting_down.connect(tell_all, weak=False)


@worker_process_init.connect
def _forget_parent(**_: object) -> None:
    """Celery's children inherit our log settings, but not the parent's standard streams' buffering; nothing else is shared."""
    structlog.contextvars.clear_contextvars()
