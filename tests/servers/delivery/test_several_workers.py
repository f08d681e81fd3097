"""Several workers over PostgreSQL and Redis, each of several processes: what they share holds for all of them together."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.mailer_process import Start, run_mailer, wait_until
from tests.support.redis import RedisServer
from tests.support.relay import RelayServer

PEOPLE, WARM_UP, WORKERS, JOBS = 400, 100, 2, 2
PORTION = WARM_UP // 50


@pytest.fixture
def env(
    postgresql_url: str, redis_server: RedisServer, relay_server: RelayServer, other_server: RelayServer
) -> dict[str, str]:
    """The settings of all of them: the first relay has a plan, the other one takes what is left."""
    begins = datetime.now(UTC).date() - timedelta(days=1)
    return {
        "MAILER_BROKER_URL": redis_server.url,
        "MAILER_DATABASE_URL": postgresql_url,
        "MAILER_SMTP_URL": f"{relay_server.url}&warmup={begins}:{WARM_UP},{WARM_UP},{WARM_UP} {other_server.url}",
        "MAILER_LIMITS_BATCH": "40",
    }


def test_a_days_warm_up_is_that_of_all_and_what_is_beyond_goes_to_the_other_relay_once(
    tmp_path: Path, env: dict[str, str], relay_server: RelayServer, other_server: RelayServer, start_mailer: Start
) -> None:
    home, began = tmp_path / "workspace", datetime.now(UTC).date()

    def run(*arguments: str | Path) -> str:
        done = run_mailer(*arguments, home=home, env=env)
        assert done.returncode == 0, done.stderr
        return done.stdout

    people, issue = tmp_path / "people.csv", tmp_path / "issue.md"
    people.write_text("email\n" + "\n".join(f"p{number}@x.test" for number in range(PEOPLE)) + "\n", encoding="utf-8")
    issue.write_text("# Winter\n\nHello.\n", encoding="utf-8")
    run("init", home)
    run("subscribers", "import", people, "--audience", "academic", "--consent", "a test", "--status", "subscribed")
    run("campaign", "create", issue, "--audience", "academic")
    workers = [start_mailer("worker", "--concurrency", str(JOBS), home=home, env=env) for _ in range(WORKERS)]
    start_mailer("beat", home=home, env=env)
    for worker in workers:
        worker.wait_for("worker ready")
    relay_server.fault("dot", delay=0.02)  # so that all of them have a share in it
    run("campaign", "schedule", "1", "--at", "now", "--yes")
    wait_until(lambda: json.loads(run("campaign", "show", "1", "--json"))["state"] == "sent", what="the end")

    days = 1 + (datetime.now(UTC).date() - began).days
    first, second = relay_server.recipients, other_server.recipients
    assert Counter(first + second) == Counter(f"p{number}@x.test" for number in range(PEOPLE))
    assert WARM_UP - WORKERS * JOBS * PORTION <= len(first) <= WARM_UP * days
    assert all("batch_sent" in worker.log for worker in workers), "one of them did it all"
