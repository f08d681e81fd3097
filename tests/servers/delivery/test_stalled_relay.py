"""A relay that takes connections, or messages, and says nothing more, for which RFC 5321 wants minutes of patience."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.mailer_process import MailerProcess, Start, run_mailer, wait_until
from tests.support.relay import RelayServer
from tests.support.relay_faults import Stage

PEOPLE = 100
BATCH = 10
FOR_EVER = 3600.0


@dataclass
class Site:
    """A workspace whose campaign has more batches than the worker has threads or processes."""

    folder: Path
    env: Mapping[str, str]
    start_mailer: Start
    workers: list[MailerProcess] = field(default_factory=list)

    def run(self, *arguments: str | Path) -> str:
        """What a command prints."""
        done = run_mailer(*arguments, home=self.folder / "workspace", env=self.env)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def open(self) -> None:
        """Make the workspace and its people."""
        self.run("init")
        people = self.folder / "people.csv"
        people.write_text("email\n" + "\n".join(f"p{one}@x.test" for one in range(PEOPLE)) + "\n", encoding="utf-8")
        consent = ("--consent", "a test", "--status", "subscribed")
        self.run("subscribers", "import", people, "--audience", "academic", *consent)

    def work(self, *commands: tuple[str, ...]) -> None:
        """Start what does the work."""
        self.workers = [
            self.start_mailer(*command, home=self.folder / "workspace", env=self.env) for command in commands
        ]

    def release(self, name: str) -> str:
        """Release a campaign for now; its id."""
        issue = self.folder / f"{name}.md"
        issue.write_text(f"# {name}\n\nHello.\n", encoding="utf-8")
        created = json.loads(self.run("campaign", "create", issue, "--audience", "academic", "--json"))
        self.run("campaign", "schedule", created["id"], "--at", "now", "--yes")
        return str(created["id"])

    def shown(self, campaign: str) -> dict[str, Any]:
        """What `campaign show` says."""
        return json.loads(self.run("campaign", "show", campaign, "--json"))  # type: ignore[no-any-return]


@pytest.fixture
def site(tmp_path: Path, relay_server: RelayServer, start_mailer: Start) -> Site:
    env = {
        "MAILER_SMTP_URL": f"{relay_server.url}&connections=4",
        "MAILER_LIMITS_BATCH": str(BATCH),
        "MAILER_RELEASE_COOLING_OFF": "0 s",
    }
    return Site(tmp_path, env, start_mailer)


@pytest.mark.parametrize("mode", ["embedded", "distributed"])
def test_jobs_that_need_no_relay_do_not_wait_for_it(
    site: Site, relay_server: RelayServer, mode: str, request: pytest.FixtureRequest
) -> None:
    if mode == "distributed":
        site.env = {**site.env, "MAILER_BROKER_URL": request.getfixturevalue("redis_server").url}
    site.open()
    relay_server.fault("greeting", delay=FOR_EVER)
    site.work(
        *([("worker", "--concurrency", "1"), ("beat",)] if mode == "distributed" else [("run", "--port", "0")]),
    )
    site.release("winter")
    at_once = 1 if mode == "distributed" else 4
    wait_until(lambda: relay_server.connections >= at_once, what="the waiting of all that send")

    second = site.release("spring")

    wait_until(lambda: site.shown(second)["state"] == "sending", seconds=60, what="the freezing of the list")
    assert relay_server.recipients == []


@pytest.mark.parametrize(("stage", "uncertain"), [("greeting", 0), ("dot", 1)])
def test_who_is_told_to_end_does_not_wait_for_it_and_what_may_have_left_is_known(
    site: Site, relay_server: RelayServer, stage: Stage, uncertain: int
) -> None:
    site.env = {**site.env, "MAILER_SMTP_URL": f"{relay_server.url}&connections=1"}
    site.open()
    relay_server.fault(stage, delay=FOR_EVER)
    site.work(("run", "--port", "0"))
    campaign = site.release("winter")
    if stage == "dot":
        relay_server.wait_for(1)
    else:
        wait_until(lambda: relay_server.connections, what="the first connection")

    (worker,) = site.workers
    code = worker.terminate(seconds=100)

    assert code == 0, worker.log
    assert "Warning" not in worker.log
    relay_server.heal()
    worker.start()
    wait_until(lambda: site.shown(campaign)["state"] == "sent", seconds=90, what="the end of the campaign")
    assert set(Counter(relay_server.recipients)) == {f"p{one}@x.test" for one in range(PEOPLE)}
    assert site.shown(campaign)["might_have_got_it_twice"] == uncertain
    assert len(relay_server.recipients) <= PEOPLE + uncertain
