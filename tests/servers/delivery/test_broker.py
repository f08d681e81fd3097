"""A broker in trouble in the middle of a send: it is a hint only, and nobody's work ends with it."""

import json
from collections import Counter
from pathlib import Path

import redis

from tests.support.mailer_process import Start, run_mailer
from tests.support.redis import RedisServer
from tests.support.relay import RelayServer

PEOPLE = 200


def test_a_worker_lives_on_when_redis_is_full_and_goes_on_when_it_has_room(
    tmp_path: Path, relay_server: RelayServer, redis_server: RedisServer, start_mailer: Start
) -> None:
    home = tmp_path / "workspace"
    env = {
        "MAILER_BROKER_URL": redis_server.url,
        "MAILER_SMTP_URL": f"{relay_server.url}&connections=1",
        "MAILER_LIMITS_BATCH": "10",  # so that there are hints which wait
    }
    assert run_mailer("init", home).returncode == 0
    people = tmp_path / "people.csv"
    people.write_text("email\n" + "\n".join(f"p{number}@x.test" for number in range(PEOPLE)) + "\n", encoding="utf-8")
    consent = ("--consent", "a test", "--status", "subscribed")
    run_mailer("subscribers", "import", people, "--audience", "academic", *consent, home=home)
    issue = tmp_path / "issue.md"
    issue.write_text("# Winter\n\nDear {{ name | default('colleague') }}, hello.\n", encoding="utf-8")
    relay_server.fault("dot", delay=0.05)
    worker = start_mailer("worker", "--concurrency", "1", home=home, env=env)
    start_mailer("beat", home=home, env=env)
    created = json.loads(
        run_mailer("campaign", "create", issue, "--audience", "academic", "--json", home=home, env=env).stdout
    )
    run_mailer("campaign", "schedule", created["id"], "--at", "now", "--yes", home=home, env=env)
    relay_server.wait_for(10, seconds=60)

    with redis.Redis(port=redis_server.port) as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", 1)
        try:
            worker.wait_for("used memory > 'maxmemory'")
        finally:
            client.config_set("maxmemory", 0)
    relay_server.wait_for(PEOPLE, seconds=90)

    assert worker.process is not None
    assert worker.process.poll() is None, "the worker has ended"
    assert set(Counter(relay_server.recipients).values()) == {1}
