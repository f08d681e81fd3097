"""Who begins to work may have been given another relay, or another plan: what waited for the one before is tried at once."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from mailer.base.database import Database
from mailer.delivery.models import Batch
from tests.support.mailer_process import Start, run_mailer, wait_until
from tests.support.redis import RedisServer
from tests.support.relay import RelayServer


@pytest.mark.parametrize("queue", ["embedded", "redis"])
def test_a_worker_that_starts_tries_what_waits_for_a_relay(
    tmp_path: Path, relay_server: RelayServer, start_mailer: Start, request: pytest.FixtureRequest, queue: str
) -> None:
    home, env = tmp_path / "workspace", {"MAILER_SMTP_URL": relay_server.url}
    if queue == "redis":
        broker: RedisServer = request.getfixturevalue("redis_server")
        env["MAILER_BROKER_URL"] = broker.url

    def run(*arguments: str | Path) -> str:
        done = run_mailer(*arguments, home=home, env=env)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("init")
    consent = ("--consent", "a test", "--status", "subscribed")
    run("subscribers", "add", "ada@x.test", "--audience", "academic", *consent)
    (tmp_path / "winter.md").write_text("# Winter\n\nHello.\n", encoding="utf-8")
    created = json.loads(run("campaign", "create", tmp_path / "winter.md", "--audience", "academic", "--json"))
    run("campaign", "schedule", str(created["id"]), "--at", "now", "--yes")
    relay_server.fault("greeting", "421 4.3.2 not now", close=True)
    worker = start_mailer("worker", home=home, env=env)
    if queue == "redis":
        start_mailer("beat", home=home, env=env)
    wait_until(lambda: "421" in run("campaign", "show", "1"), what="the relay's words")
    worker.terminate()
    database = Database(f"sqlite:///{home / 'mailer.db'}")
    with database.begin() as session:
        session.execute(update(Batch).values(due_at=datetime.now(UTC) + timedelta(hours=1)))
    database.close()
    relay_server.heal()

    worker.start()

    relay_server.wait_for(1)
