"""The clock: mail leaves by it, and links and leases are judged by it, so all machines should agree."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from kombu.exceptions import OperationalError
from sqlalchemy import text

from mailer.app import App
from mailer.base.errors import Unreachable
from mailer.doctor.finding import Finding, error, ok
from mailer.doctor.names import Names
from mailer.queues import make_celery

ABOUT = "clock"
TOLERATED = timedelta(seconds=5)


def check(app: App, _names: Names) -> Iterator[Finding]:
    """Compare this machine's with the database server's and the broker's."""
    others = dict([*_of_database(app), *_of_broker(app)])
    wrong = {name: their - app.clock() for name, their in others.items() if abs(their - app.clock()) > TOLERATED}
    for name, ahead in wrong.items():
        seconds = ahead.total_seconds()
        which = "behind" if seconds > 0 else "ahead of"
        message = f"this machine is {abs(seconds):.0f} s {which} the {name}"
        yield error(ABOUT, message, do="let all machines take their time from the network (NTP)")
    if not others:
        yield ok(ABOUT, f"{app.clock():%Y-%m-%d %H:%M:%S} UTC; there is no other machine to compare it with")
    elif not wrong:
        yield ok(ABOUT, f"{app.clock():%Y-%m-%d %H:%M:%S} UTC, as the {' and the '.join(others)} has it")


def _of_database(app: App) -> Iterator[tuple[str, datetime]]:
    if app.database.is_sqlite:
        return
    try:
        with app.database.read() as session:
            moment = session.scalar(text("SELECT clock_timestamp()"))
    except Unreachable:
        return  # told by the check of the database
    if isinstance(moment, datetime):
        yield "database", moment


def _of_broker(app: App) -> Iterator[tuple[str, datetime]]:
    if app.settings.is_embedded:
        return
    try:
        with make_celery(app.settings.broker.url).connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=3)
            seconds, microseconds = connection.default_channel.client.time()
    except (OperationalError, OSError):
        return  # told by the check of the queue
    yield "broker", datetime.fromtimestamp(seconds + microseconds / 1e6, UTC)
