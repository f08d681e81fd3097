"""The queue behind a hint: Celery, over Redis or, embedded, over memory in this process.

A hint may be lost and may come twice: tasks carry ids only, and the sweep finds forgotten work in SQL. Hence no results,
no retries, no acknowledgement after the work, no ETA.
"""

from collections.abc import Sequence

import structlog
from celery import Celery
from kombu.exceptions import OperationalError

from mailer.base.broker_url import read_broker_url
from mailer.base.hints import Hint

PREFIX = "mailer."
SHORT = "celery"
"""The queue of whatever waits for no other server: sweeps, sign-ups, imports, freezing a list."""
NOTICES = "notices"
"""The queue of single messages, such as confirmations, and of the bounce mailbox: they wait for another's server."""
SENDING = "sending"
"""The queue of batches."""
QUEUES = (SHORT, NOTICES, SENDING)
"""In this order: a sweep, a sign-up or a confirmation waits for no batch but those that are being sent, and of these for one turn."""
log = structlog.get_logger()


def make_celery(broker_url: str) -> Celery:
    """The Celery application of a broker; an empty address is the embedded one."""
    broker = read_broker_url(broker_url)
    celery = Celery("mailer", broker=broker.url or "memory://localhost/", set_as_current=False)
    celery.conf.update(
        task_routes={
            f"{PREFIX}send_batch": {"queue": SENDING},
            f"{PREFIX}send_notice": {"queue": NOTICES},
            f"{PREFIX}call_notices": {"queue": NOTICES},
            f"{PREFIX}poll_bounces": {"queue": NOTICES},
        },
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_send_task_events=False,
        worker_enable_remote_control=bool(broker.url),
        worker_cancel_long_running_tasks_on_connection_loss=True,  # only such as are acknowledged late, so none; False is warned of
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,  # by default a hundred, 50 minutes: whoever slept through that found no worker
        # What Redis answers when it is full or has become a replica is to Celery an error of the channel, and ended the worker.
        broker_channel_error_retry=True,
        # By default kombu believes every certificate, and warns of itself at each connection; the address can say otherwise.
        broker_use_ssl={"ssl_cert_reqs": "required", "ssl_check_hostname": True}
        if broker.url.startswith("rediss://")
        else False,
        # memory:// would look once a second only (measured: 8 tasks a second against 3,000).
        broker_transport_options={
            "socket_timeout": 5,
            "socket_connect_timeout": 5,
            "max_retries": 0,  # a hint is lost at once: by default a page took six seconds longer while Redis was away
            "queue_order_strategy": "priority",
            "master_name": broker.master,
        }
        if broker.url
        else {"polling_interval": 0.01},
        timezone="UTC",
        enable_utc=True,
    )
    return celery


class CeleryQueue:
    """Hands hints to Celery."""

    def __init__(self, celery: Celery) -> None:
        self.celery = celery

    def __call__(self, hints: Sequence[Hint]) -> None:
        """Ask for jobs. A broker that does not answer loses them, and the sweep finds the work: the commit stands."""
        for lost, (job, subject_id) in enumerate(hints):
            try:
                self.celery.send_task(PREFIX + job, args=(subject_id,), retry=False)
            except OperationalError as error:
                log.warning("hints_lost", count=len(hints) - lost, error=str(error))
                return
