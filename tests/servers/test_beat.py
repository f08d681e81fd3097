"""`mailer beat`: what a broker in trouble does to it, and what it goes on doing while it has a long job."""

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Queue
from time import sleep

import pytest
import redis
from kombu.transport.memory import Channel
from sqlalchemy import text

from mailer.app import open_app
from mailer.base.database import Database
from mailer.base.errors import Unreachable
from mailer.cli.stopping import stop_signals
from mailer.queues import QUEUES, SHORT, make_celery
from mailer.worker.calm import CalmScheduler
from mailer.worker.threads import working
from subscribers import uploads
from tests.support.mailer_process import SECRET, MailerProcess, Start, run_mailer, wait_until
from tests.support.redis import RedisServer


@pytest.fixture
def env(redis_server: RedisServer) -> dict[str, str]:
    return {"MAILER_BROKER_URL": redis_server.url, "MAILER_SECRET_KEYS": SECRET, "MAILER_RELEASE_COOLING_OFF": "0 s"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    assert run_mailer("init", folder).returncode == 0
    return folder


@pytest.fixture
def beat(home: Path, env: dict[str, str], start_mailer: Start) -> MailerProcess:
    process = start_mailer("beat", home=home, env=env)
    process.wait_for("beat ready")
    return process


def test_of_a_broker_that_is_full_it_tells_once_and_once_that_it_is_not_any_more(
    beat: MailerProcess, redis_server: RedisServer
) -> None:
    with redis.Redis(port=redis_server.port) as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", 1)
        try:
            beat.wait_for("broker_refuses_jobs")
            refused = client.info("errorstats")["errorstat_OOM"]["count"]
            wait_until(lambda: client.info("errorstats")["errorstat_OOM"]["count"] > refused + 4, what="more of them")
        finally:
            client.config_set("maxmemory", 0)
    beat.wait_for("broker_takes_jobs_again")

    assert beat.log.count("broker_refuses_jobs") == 1
    assert "Traceback" not in beat.log
    assert beat.terminate() == 0


def test_of_a_broker_that_is_away_it_tells_once_and_once_that_it_is_back(
    beat: MailerProcess, redis_server: RedisServer
) -> None:
    redis_server.kill()
    beat.wait_for("broker_refuses_jobs")
    beat.wait_for(r"Trying again in 4\.00 seconds")  # so much later
    redis_server.start()
    beat.wait_for("broker_takes_jobs_again")

    assert beat.log.count("broker_refuses_jobs") == 1
    assert "Traceback" not in beat.log
    assert "Warning" not in beat.log
    assert beat.terminate() == 0


def test_it_ends_with_an_error_where_its_worker_cannot_go_on(beat: MailerProcess, redis_server: RedisServer) -> None:
    with redis.Redis(port=redis_server.port) as client:
        client.lpush(SHORT, "this is no message")
    assert beat.process is not None

    assert beat.process.wait(timeout=60) == 3
    assert "it ended because of what the log says above" in beat.log


def test_sweeps_go_on_while_it_brings_people_in(
    home: Path, env: dict[str, str], postgresql_url: str, start_mailer: Start
) -> None:
    env |= {"MAILER_DATABASE_URL": postgresql_url}
    issue = home.parent / "winter.md"
    issue.write_text("# Winter\n\nHello.\n", encoding="utf-8")
    audience, created = ("audiences", "add", "academic"), ("campaign", "create", issue, "--audience", "academic")
    assert [run_mailer(*order, home=home, env=env).returncode for order in (audience, created)] == [0, 0]
    start_mailer("beat", home=home, env=env)
    database, holding = Database(postgresql_url), Database(postgresql_url)

    with holding.begin() as holder:
        holder.execute(text("LOCK TABLE subscribers IN SHARE MODE"))  # the import waits for as long as this
        public_id = order_an_import(database)
        wait_until(lambda: state_of(database, public_id) == "running", what="the import")
        assert run_mailer("campaign", "schedule", "1", "--at", "now", "--yes", home=home, env=env).returncode == 0
        shown = ("campaign", "show", "1", "--json")
        wait_until(
            lambda: json.loads(run_mailer(*shown, home=home, env=env).stdout)["state"] == "sent",
            what="the end of a campaign to nobody, by sweeps",
        )
        assert state_of(database, public_id) == "running"

    wait_until(lambda: state_of(database, public_id) == "done", what="the end of the import")
    for each in (database, holding):
        each.close()


def order_an_import(database: Database) -> str:
    """As a manager's page does it: a file, and what is to become of the people in it."""
    now = datetime.now(UTC)
    with database.begin() as session:
        row = uploads.upload(session, b"email\nada@x.test\n", name="people.csv", now=now, actor="tests")
        uploads.start(
            session, row.public_id, audience_slugs=["academic"], mapping={}, consent="a test", status="subscribed",
            dry_run=False, now=now, actor="tests",
        )  # fmt: skip
    return row.public_id


def state_of(database: Database, public_id: str) -> str:
    """How far the import is."""
    with database.read() as session:
        return uploads.find_import(session, public_id).state


@pytest.mark.parametrize("hours", [-1, 1])
def test_it_goes_on_when_the_clock_is_set(hours: int) -> None:
    celery, offset = make_celery(""), timedelta()
    celery.now = lambda: datetime.now(UTC) + offset
    celery.conf.beat_schedule = {"sweep": {"task": "mailer.sweep", "schedule": 0.1, "args": (0,)}}
    scheduler, jobs = CalmScheduler(celery, max_interval=0.1), Channel.queues.setdefault(SHORT, Queue())

    def is_called(times: int) -> bool:
        sleep(scheduler.tick())
        return bool(jobs.qsize() >= times)

    try:
        wait_until(lambda: is_called(3), what="the first sweeps")
        offset = timedelta(hours=hours)
        wait_until(lambda: is_called(6), seconds=20, what="those after the clock was set")
    finally:
        jobs.queue.clear()


def test_who_works_embedded_ends_too_where_threads_of_it_cannot_go_on(home: Path) -> None:
    app = open_app(home, works=True)
    for queue in QUEUES:
        Channel.queues.setdefault(queue, Queue()).put("this is no message")
    try:
        with pytest.raises(Unreachable, match="it ended"), stop_signals() as stopped, working(app):  # noqa: PT012
            assert stopped.wait(timeout=60)
            wait_until(
                lambda: [each.name for each in threading.enumerate()].count("worker") == 1,
                what="the end of all but beat",
            )
    finally:
        app.close()
