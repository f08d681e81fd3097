"""The queue: whether the broker answers, and whether anybody works."""

from collections.abc import Iterator

from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from mailer.app import App
from mailer.doctor.finding import Finding, error, ok, warning
from mailer.doctor.names import Names
from mailer.queues import make_celery

ABOUT = "queue"
SECONDS = 3.0


def check(app: App, _names: Names) -> Iterator[Finding]:
    """Ask the broker, and then every worker."""
    if app.settings.is_embedded:
        yield ok(ABOUT, "embedded: `mailer run` does the work")
        return
    celery = make_celery(app.settings.broker.url)
    try:
        with celery.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=SECONDS)
            shown = connection.as_uri()  # without the password
            # One answer each: `inspect` takes those of one machine, which have one name, for one, and warns.
            workers = celery.control.ping(timeout=SECONDS, connection=connection)
    except (OperationalError, OSError) as trouble:
        yield error(ABOUT, f"the broker does not answer: {trouble}", do="check MAILER_BROKER_URL and that Redis runs")
        return
    except RedisError as trouble:
        message = f"the broker answers, and takes nothing: {trouble}"
        yield error(ABOUT, message, do="see that Redis has memory left and is the one that writes, no replica")
        return
    if workers:
        yield ok(ABOUT, f"{shown}, {'1 worker answers' if len(workers) == 1 else f'{len(workers)} workers answer'}")
    else:
        yield warning(ABOUT, f"{shown} answers, and no worker does", do="start `mailer worker` and `mailer beat`")
