"""Sentinels as the broker: they tell which Redis writes, and work goes on with the next one when it is gone."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.support.mailer_process import Start, run_mailer, wait_until
from tests.support.redis import RedisServer, free_port, redis_binary
from tests.support.relay import RelayServer

NAME = "lists"


@pytest.fixture
def replica(redis_server: RedisServer) -> Iterator[RedisServer]:
    """A second server, to which the first one's jobs are copied."""
    server = RedisServer(follows=redis_server.port)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def sentinel(tmp_path: Path, redis_server: RedisServer, replica: RedisServer) -> Iterator[int]:
    """The port of one that watches both; it alone decides, after a second."""
    port, file = free_port(), tmp_path / "sentinel.conf"
    file.write_text(
        f"port {port}\nbind 127.0.0.1\nprotected-mode no\n"
        f"sentinel monitor {NAME} 127.0.0.1 {redis_server.port} 1\n"
        f"sentinel down-after-milliseconds {NAME} 1000\nsentinel failover-timeout {NAME} 5000\n",
        encoding="utf-8",
    )
    with (tmp_path / "sentinel.log").open("wb") as log:
        process = subprocess.Popen([redis_binary(), str(file), "--sentinel"], stdout=log, stderr=log)
    with redis.Redis(port=port) as client:

        def knows_both() -> bool:
            try:
                return f":{replica.port}" in str(client.execute_command("SENTINEL", "replicas", NAME))
            except redis.ConnectionError:
                return False

        wait_until(knows_both, what="the sentinel")
    yield port
    process.kill()
    process.wait()


def test_the_next_redis_carries_on_where_the_first_is_killed(
    tmp_path: Path, relay_server: RelayServer, redis_server: RedisServer, sentinel: int, start_mailer: Start
) -> None:
    home = tmp_path / "workspace"
    env = {"MAILER_BROKER_URL": f"sentinel://127.0.0.1:{sentinel}?master={NAME}", "MAILER_SMTP_URL": relay_server.url}
    assert run_mailer("init", home).returncode == 0
    (tmp_path / "issue.md").write_text("# Winter\n\nHello.\n", encoding="utf-8")
    worker = start_mailer("worker", home=home, env=env)
    start_mailer("beat", home=home, env=env)

    def release(number: int) -> None:
        consent = ("--consent", "a test", "--status", "subscribed")
        person = ("subscribers", "add", f"p{number}@x.test", "--audience", "academic", *consent)
        create = ("campaign", "create", tmp_path / "issue.md", "--audience", "academic")
        for command in (person, create, ("campaign", "schedule", str(number), "--at", "now", "--yes")):
            done = run_mailer(*command, home=home, env=env)
            assert done.returncode == 0, done.stderr

    release(1)
    relay_server.wait_for(1, seconds=60)

    redis_server.kill()
    release(2)
    relay_server.wait_for(3, seconds=120)

    assert sorted(relay_server.recipients) == ["p1@x.test", "p1@x.test", "p2@x.test"]
    assert worker.process is not None
    assert worker.process.poll() is None, worker.log
    assert "Traceback" not in worker.log
