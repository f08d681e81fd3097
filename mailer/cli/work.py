"""worker, beat: what does the work of the queue until it is told to stop; they load nothing of the web part (19 MB)."""

from typing import Annotated

import typer
from kombu.exceptions import OperationalError

from mailer.base.errors import Unreachable, WrongInput
from mailer.cli.output import say
from mailer.cli.stopping import stop_signals
from mailer.cli.workspace import WorkspaceOption, find_workspace, opened
from mailer.delivery.calls import knock_again
from mailer.queues import QUEUES, SHORT, make_celery
from mailer.worker.calm import ALONE
from mailer.worker.celery_app import PerProcess, heed_signals, register
from mailer.worker.threads import working


def add_to(app: typer.Typer) -> None:
    """Give `mailer` the commands of this module."""
    app.command(epilog="Example: mailer worker --concurrency 4")(worker)
    app.command(epilog="Example: mailer beat")(beat)


def worker(
    workspace: WorkspaceOption = None,
    concurrency: Annotated[int, typer.Option(min=1, help="How many jobs at a time.")] = 2,
) -> None:
    """A worker alone; as many on as many machines as you like."""
    with opened(workspace) as app:
        embedded, broker = app.settings.is_embedded, app.settings.broker.url
    if embedded:
        with stop_signals() as stopped, opened(workspace, works=True) as app, working(app):
            say("worker ready (embedded queue)")
            stopped.wait()
        return
    celery = make_celery(broker)
    require_broker(broker)
    with opened(workspace) as app, app.database.begin() as session:
        app.require_keys()
        knock_again(session, now=app.clock())
    process = PerProcess(find_workspace(workspace))
    register(celery, process)
    heed_signals(process.stopping)
    say(f"worker ready, {concurrency} jobs at a time")
    pool = celery.Worker(
        queues=QUEUES, concurrency=concurrency, pool_cls="prefork", loglevel="WARNING", quiet=True, **ALONE
    )
    pool.start()
    if pool.exitcode and not process.stopping.is_set():
        raise Unreachable("worker", "it ended because of what the log says above", do="see to that, and start it again")


def beat(workspace: WorkspaceOption = None) -> None:
    """The scheduler: tells the workers once a second to look for what is due, and does so itself while they all send."""
    with opened(workspace) as app:
        broker = app.settings.broker.url
    if not broker:
        raise WrongInput(
            "the embedded queue has its own scheduler",
            do="start `mailer run` or `mailer worker`, or set a broker",
            place="MAILER_BROKER_URL",
        )
    require_broker(broker)
    with stop_signals() as stopped, opened(workspace, works=True) as app, working(app, queues=[SHORT]):
        say("beat ready")
        stopped.wait()


def require_broker(url: str) -> None:
    """Refuse to start without the broker.

    Raises:
        Unreachable: it does not answer within five seconds.
    """
    try:
        with make_celery(url).connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=5)
    except (OSError, OperationalError) as error:
        where = url.rpartition("@")[2]
        raise Unreachable(f"broker {where}", str(error), do="check MAILER_BROKER_URL and that Redis runs") from error
