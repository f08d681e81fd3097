"""A worker over Redis: what a broker in trouble does to it, and how it ends when it is told to."""

import json
import os
import signal
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.support.mailer_process import MailerProcess, Start, run_mailer, wait_until
from tests.support.redis import RedisServer
from tests.support.relay import RelayServer

PEOPLE = 150


@dataclass
class Send:
    """A campaign that is being sent slowly, by one worker."""

    home: Path
    env: dict[str, str]
    worker: MailerProcess

    def run(self, *arguments: str | Path) -> str:
        """What a command prints."""
        done = run_mailer(*arguments, home=self.home, env=self.env)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def shown(self) -> dict[str, Any]:
        """What `campaign show` says."""
        return json.loads(self.run("campaign", "show", "1", "--json"))  # type: ignore[no-any-return]


def begin(tmp_path: Path, relay: RelayServer, broker: RedisServer, start: Start, *, batch: int) -> Send:
    """Release a campaign, and wait until ten have it."""
    env = {
        "MAILER_BROKER_URL": broker.url,
        "MAILER_SMTP_URL": f"{relay.url}&connections=1",
        "MAILER_LIMITS_BATCH": str(batch),
    }
    home = tmp_path / "workspace"
    assert run_mailer("init", home).returncode == 0
    people = tmp_path / "people.csv"
    people.write_text("email\n" + "\n".join(f"p{number}@x.test" for number in range(PEOPLE)) + "\n", encoding="utf-8")
    issue = tmp_path / "issue.md"
    issue.write_text("# Winter\n\nDear {{ name | default('colleague') }}, hello.\n", encoding="utf-8")
    relay.fault("dot", delay=0.05)
    worker = start("worker", "--concurrency", "1", home=home, env=env)
    start("beat", home=home, env=env)
    send = Send(home, env, worker)
    consent = ("--consent", "a test", "--status", "subscribed")
    send.run("subscribers", "import", people, "--audience", "academic", *consent)
    send.run("campaign", "create", issue, "--audience", "academic")
    send.run("campaign", "schedule", "1", "--at", "now", "--yes")
    relay.wait_for(10, seconds=60)
    return send


def test_a_worker_lives_on_when_redis_is_full_and_goes_on_when_it_has_room(
    tmp_path: Path, relay_server: RelayServer, redis_server: RedisServer, start_mailer: Start
) -> None:
    send = begin(tmp_path, relay_server, redis_server, start_mailer, batch=10)  # so that there are hints which wait

    with redis.Redis(port=redis_server.port) as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", 1)
        try:
            send.worker.wait_for("used memory > 'maxmemory'")
        finally:
            client.config_set("maxmemory", 0)
    relay_server.wait_for(PEOPLE, seconds=90)

    assert send.worker.process is not None
    assert send.worker.process.poll() is None, "the worker has ended"
    assert set(Counter(relay_server.recipients).values()) == {1}


def test_a_worker_tells_calmly_that_redis_is_away(
    tmp_path: Path, redis_server: RedisServer, start_mailer: Start
) -> None:
    home, env = tmp_path / "workspace", {"MAILER_BROKER_URL": redis_server.url}
    assert run_mailer("init", home).returncode == 0
    worker = start_mailer("worker", home=home, env=env)

    def is_listening() -> bool:
        with redis.Redis(port=redis_server.port) as client:
            return any(each["cmd"] == "brpop" for each in client.client_list())

    wait_until(is_listening, what="the first connection")
    redis_server.kill()
    worker.wait_for(r"Trying again in 4\.00 seconds")
    redis_server.start()
    wait_until(is_listening, what="the next connection")

    assert worker.log.count("Connection to broker lost") == 1
    assert "Traceback" not in worker.log
    assert "DeprecationWarning" not in worker.log


@pytest.mark.parametrize(("number", "is_group"), [(signal.SIGTERM, True), (signal.SIGINT, False)])
def test_a_worker_that_is_told_to_end_gives_its_batch_back_and_leaves_nobody_uncertain(
    tmp_path: Path,
    relay_server: RelayServer,
    redis_server: RedisServer,
    start_mailer: Start,
    *,
    number: signal.Signals,
    is_group: bool,
) -> None:
    send = begin(tmp_path, relay_server, redis_server, start_mailer, batch=1000)

    assert send.worker.process is not None
    (os.killpg if is_group else os.kill)(send.worker.pid, number)
    code = send.worker.process.wait(timeout=60)

    assert code == 0, send.worker.log
    assert len(relay_server.recipients) < PEOPLE, "it did not wait for the end of the batch"
    counts = send.shown()["counts"]
    assert counts["accepted"] == len(relay_server.recipients)
    assert counts["pending"] == PEOPLE - counts["accepted"]
    send.worker.start()
    relay_server.wait_for(PEOPLE, seconds=90)
    assert set(Counter(relay_server.recipients).values()) == {1}
