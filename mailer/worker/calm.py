"""Celery, calm while the broker is away or full: by default a traceback for every job of its beat, several a second."""

import logging
from time import monotonic
from typing import Any, Final

import structlog
from celery.beat import ScheduleEntry, Scheduler, SchedulingError

ALONE: Final = {"without_heartbeat": True, "without_mingle": True, "without_gossip": True}
"""For a worker: that they talk with each other is of no use here, and after a lost connection it failed with a traceback."""
REPEATED_SECONDS = 60.0
log = structlog.get_logger()


class CalmScheduler(Scheduler):
    """Says once that the broker takes no jobs, and once that it does again; and heeds no clock that is set back or forward.

    By default nothing was due after that, until the clock had come again to where it was: for an hour, with one of an hour.
    """

    _is_refused = False

    def is_due(self, entry: ScheduleEntry) -> tuple[bool, float]:
        """What comes to the top of the heap is, by the times below; and again after its interval."""
        return True, entry.schedule.run_every.total_seconds()

    def _when(self, _entry: ScheduleEntry, next_time_to_run: float, **_: Any) -> float:
        return monotonic() + next_time_to_run

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        """Hand a job to the broker; where it does not take it, the next one comes in a second."""
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except SchedulingError as error:
            if not self._is_refused:
                log.warning("broker_refuses_jobs", error=str(error))
            self._is_refused = True
        else:
            if self._is_refused:
                log.info("broker_takes_jobs_again")
            self._is_refused = False

    def _ensure_connected(self) -> Any:
        return self.connection  # else a first job waits in here, up to half a minute after the broker is back


class _Seldom(logging.Filter):
    """Lets through what was not said word for word within the last minute, and no traceback: the words name the error."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to say it."""
        record.exc_info = None
        now, text = monotonic(), record.getMessage()
        self._said = {before: at for before, at in self._said.items() if at > now - REPEATED_SECONDS}
        if text in self._said:
            return False
        self._said[text] = now
        return True


def calm_consumers() -> None:
    """Let those who take jobs from the broker, and tell it that they are done, tell of its trouble once a minute."""
    for name in ("celery.worker.consumer.consumer", "celery.worker.request"):
        logger = logging.getLogger(name)
        if not logger.filters:
            logger.addFilter(_Seldom())
