"""Workers on several hosts; the cables of one of them to Redis, PostgreSQL and the relay are pulled in turn, and plugged in."""

import json
import shutil
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from benchmarks.chaos.judge import judge
from mailer.base.database import Database
from mailer.base.schema import upgrade_schema
from tests.support.mailer_process import MailerProcess, mailer_command, run_mailer, wait_until
from tests.support.network import Host, Network
from tests.support.postgres import PostgresServer
from tests.support.redis import RedisServer
from tests.support.relay import RelayServer

SERVICES = ("broker", "database", "relay")
PEOPLE = 3_000
GROUP = 10
CONCURRENCY = 1
OTHERS_GET_ON = 100
"""So many messages are sent while one host is cut off: nobody waits for it."""


class Site:
    """PostgreSQL, Redis and a relay that every host can reach, and workers on the hosts."""

    def __init__(self, network: Network, folder: Path, names: tuple[str, ...]) -> None:
        self.folder = folder
        self.hosts = {name: network.host(*SERVICES) for name in names}
        near = [address for host in self.hosts.values() for address in host.cables.values()]
        self.database = PostgresServer(settings={"listen_addresses": ",".join(near)})
        self.broker = RedisServer(addresses=("127.0.0.1", *near))
        self.relay = RelayServer()
        self.relay.host = "0.0.0.0"  # noqa: S104 - the hosts are of this machine
        self.home = folder / "workspace"
        self.workers: dict[str, MailerProcess] = {}
        self.beat = MailerProcess(("beat",), self._made("beat"), self.environment())

    def open(self) -> None:
        """Start the servers, and make a workspace."""
        self.database.open()
        with (self.database.folder / "data" / "pg_hba.conf").open("a", encoding="ascii") as rules:
            rules.write("host all all 10.77.0.0/16 trust\n")
        assert self.database.process is not None
        self.database.process.send_signal(signal.SIGHUP)
        self.broker.start()
        self.relay.start()
        url = self.database.create("hosts")
        prepared = Database(url)
        upgrade_schema(prepared)
        prepared.close()
        self.beat.env = self.environment()
        assert run_mailer("init", env=self.environment()).returncode == 0

    def environment(self, host: Host | None = None, home: Path | None = None) -> dict[str, str]:
        """What a process of ours is told: where it finds each service, and nothing of the other hosts."""
        here = host.cables if host else dict.fromkeys(SERVICES, "127.0.0.1")
        database = f"host={here['database']}" if host else f"host={self.database.folder}"
        return {
            "MAILER_HOME": str(home or self.home),
            "MAILER_DATABASE_URL": f"postgresql+psycopg://postgres@/hosts?{database}",
            "MAILER_BROKER_URL": f"redis://{here['broker']}:{self.broker.port}/0",
            "MAILER_SMTP_URL": f"smtp://{here['relay']}:{self.relay.port}?starttls=no&connections=2",
            "MAILER_SENDER_FROM": "news@maths.test",
            "MAILER_SENDER_POSTAL_ADDRESS": "1 Gauss Street",
            "MAILER_BASE_URL": "https://news.maths.test",
            "MAILER_LIMITS_GROUP": str(GROUP),
            "MAILER_LIMITS_BATCH": "40",
            "MAILER_LOG_FORMAT": "json",
        }

    def start_worker(self, name: str) -> MailerProcess:
        """A worker on a host; it has a folder of its own, in which only settings and keys are."""
        home = self._made(f"home-{name}")
        for kept in ("mailer.toml", "secrets.toml"):
            shutil.copy(self.home / kept, home / kept)
        host = self.hosts[name]
        worker = MailerProcess(
            ("worker", "--concurrency", str(CONCURRENCY)),
            self._made(name),
            self.environment(host, home),
            command=host.command(*mailer_command()),
        )
        worker.start()
        self.workers[name] = worker
        worker.wait_for("worker ready")
        return worker

    def batches_of(self, name: str) -> int:
        """How many batches a worker has sent and recorded."""
        return self.workers[name].log.count('"batch_sent"')

    def has_sent_more_than(self, count: int, name: str) -> bool:
        """Whether a worker got on."""
        return self.batches_of(name) > count

    def close(self) -> None:
        """End everything."""
        for process in (*self.workers.values(), self.beat):
            process.close()
        self.relay.stop()
        self.broker.stop()
        self.database.stop()

    def _made(self, name: str) -> Path:
        (self.folder / name).mkdir()
        return self.folder / name


@pytest.fixture
def site(network: Network, tmp_path: Path) -> Iterator[Site]:
    made = Site(network, tmp_path, ("first", "second", "third", "late"))
    made.open()
    yield made
    made.close()


@pytest.mark.timeout(600)
def test_a_host_that_is_cut_off_holds_nobody_up_and_goes_on_when_it_is_healed(site: Site, tmp_path: Path) -> None:
    people = {f"p{number}@x.test" for number in range(PEOPLE)}
    listed, issue = tmp_path / "people.csv", tmp_path / "issue.md"
    listed.write_text("email\n" + "\n".join(sorted(people)) + "\n", encoding="utf-8")
    issue.write_text("# Winter\n\nHello.\n", encoding="utf-8")
    env = site.environment()
    given = ("--audience", "academic", "--consent", "a test", "--status", "subscribed")
    assert run_mailer("subscribers", "import", listed, *given, env=env).returncode == 0
    created = json.loads(run_mailer("campaign", "create", issue, "--audience", "academic", "--json", env=env).stdout)
    site.relay.fault("dot", delay=0.1)
    for name in ("first", "second", "third"):
        site.start_worker(name)
    site.beat.start()
    scheduled = run_mailer("campaign", "schedule", str(created["id"]), "--at", "now", "--yes", env=env)
    assert scheduled.returncode == 0, scheduled.stderr

    for service in SERVICES:
        wait_until(lambda: site.batches_of("first") > 0, what="the first batch of the host that is to be cut off")
        site.hosts["first"].cut(service)
        site.relay.wait_for(len(site.relay.recipients) + OTHERS_GET_ON, seconds=90)
        sent = site.batches_of("first")
        site.hosts["first"].heal(service)
        back = partial(site.has_sent_more_than, sent, "first")
        wait_until(back, seconds=150, what=f"going on after losing the {service}")

    # One more host needs no change anywhere.
    site.start_worker("late")
    wait_until(lambda: site.batches_of("late") > 0, what="the first batch of a new host")
    site.relay.heal()
    show = ("campaign", "show", str(created["id"]), "--json")
    wait_until(lambda: json.loads(run_mailer(*show, env=env).stdout)["state"] == "sent", seconds=150, what="the end")
    received = tmp_path / "received"
    received.write_text(
        "".join(f"{one.recipients[0]} {one.message['message-id']}\n" for one in site.relay.messages), encoding="utf-8"
    )
    # Each cut leaves at most two groups of the job that was cut off uncertain.
    verdict = judge(
        site.database.url("hosts"), created["id"], received, people, left=set(), bound=3 * CONCURRENCY * 2 * GROUP
    )
    assert verdict.faults == []
    assert verdict.states == {"sent": PEOPLE}
