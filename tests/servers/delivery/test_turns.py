"""Nothing waits for the end of a campaign that a slow relay takes: not the next one, and no sign-up (record 31)."""

import json
from collections import Counter
from pathlib import Path

import pytest

from mailer.base.database import Database
from mailer.delivery import run as delivery_run
from tests.support.mailer_process import Start, run_mailer, wait_until
from tests.support.redis import RedisServer
from tests.support.relay import RelayServer
from tests.support.sending import Office, office_settings, relay_to

PEOPLE = 150
CONSENT = ("--consent", "a test", "--status", "subscribed")


@pytest.fixture(params=["embedded", "redis"])
def env(request: pytest.FixtureRequest, relay_server: RelayServer) -> dict[str, str]:
    """The settings of a process that sends three messages a second, over one connection."""
    relay_server.fault("dot", delay=0.3)
    settings = {"MAILER_LIMITS_BATCH": "30", "MAILER_SMTP_URL": f"{relay_server.url}&connections=1"}
    if request.param == "redis":
        broker: RedisServer = request.getfixturevalue("redis_server")
        settings["MAILER_BROKER_URL"] = broker.url
    return settings


def test_the_next_campaign_is_sent_while_the_one_before_still_is(
    tmp_path: Path, relay_server: RelayServer, env: dict[str, str], start_mailer: Start
) -> None:
    home = tmp_path / "workspace"
    assert run_mailer("init", home).returncode == 0

    def run(*arguments: str | Path) -> str:
        done = run_mailer(*arguments, home=home, env=env)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def release(name: str, audience: str) -> None:
        (tmp_path / f"{name}.md").write_text(f"# {name}\n\nHello.\n", encoding="utf-8")
        number = json.loads(run("campaign", "create", tmp_path / f"{name}.md", "--audience", audience, "--json"))["id"]
        run("campaign", "schedule", str(number), "--at", "now", "--yes")

    people = tmp_path / "people.csv"
    people.write_text("email\n" + "".join(f"p{number}@x.test\n" for number in range(PEOPLE)), encoding="utf-8")
    run("subscribers", "import", people, "--audience", "academic", *CONSENT)
    run("subscribers", "add", "partner@y.test", "--audience", "industry", *CONSENT)
    start_mailer("worker", "--concurrency", "1", home=home, env=env)
    if "MAILER_BROKER_URL" in env:
        start_mailer("beat", home=home, env=env)
    release("Winter", "academic")
    relay_server.wait_for(5, seconds=60)

    release("Jobs", "industry")
    wait_until(lambda: "partner@y.test" in relay_server.recipients, seconds=120)

    assert len(relay_server.recipients) < PEOPLE
    assert json.loads(run("campaign", "show", "1", "--json"))["state"] == "sending"


def test_a_turn_that_is_over_gives_the_rest_of_a_batch_back_at_once(
    database: Database, relay_server: RelayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_run, "TURN_SECONDS", 0.0)
    office = Office(database, relay_to(relay_server), settings=office_settings(LIMITS_GROUP="10"))
    addresses = office.people(60)
    campaign = office.release()
    (batch,) = office.prepare(campaign)
    office.hints.clear()

    office.send(batch)

    left = office.counts(campaign)
    assert left.accepted == len(relay_server.recipients)
    assert 0 < left.accepted < 60
    assert left.accepted + left.pending == 60
    assert ("send_batch", batch) in office.hints
    monkeypatch.undo()
    office.work()
    assert Counter(relay_server.recipients) == Counter(addresses)
    office.relay.close()
