"""Two workers against PostgreSQL and Redis, beside smtp-source in the same run: the commands themselves, as on several machines.

    .venv/bin/python benchmarks/sending/workers.py [--messages 20000] [--rounds 3] [--workers 2] [--paragraphs 48]

Starts a PostgreSQL and a Redis of its own. A campaign is released by `mailer campaign schedule`; what counts is the time from there,
freezing included, to the campaign's end, as the database tells it. At the end stands the most memory that each process ever had.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).parent))

from compare import PLAIN, smtp_source, tidy_up_when_ended, timed

from mailer.base.database import Database
from tests.support.postgres import PostgresServer
from tests.support.redis import RedisServer

HERE = Path(__file__).parent
MAILER = Path(sys.executable).with_name("mailer")


def mailer(environ: dict[str, str], *arguments: object) -> str:
    ran = subprocess.run([MAILER, *map(str, arguments)], env=environ, check=True, stdout=subprocess.PIPE, text=True)
    return ran.stdout


def add_people(database: Database, people: int) -> None:
    with database.begin() as session:
        session.execute(
            text(
                "INSERT INTO subscribers (public_id, address, address_key, name, language, zone, attributes, status, created_at,"
                " updated_at) SELECT lpad(n::text, 22, '0'), 'p' || n || '@example.net', 'p' || n || '@example.net', 'Person ' || n,"
                " '', '', '{}', 'subscribed', '2027-01-01', '2027-01-01' FROM generate_series(1, :people) n"
            ),
            {"people": people},
        )
        session.execute(
            text(
                "INSERT INTO subscriptions (subscriber_id, audience_id, state, since) SELECT s.id, a.id, 'subscribed', '2027-01-01'"
                " FROM subscribers s, audiences a WHERE a.slug = 'academic'"
            )
        )
        session.execute(text("ANALYZE"))  # PostgreSQL would see to it within a minute


def campaign_seconds(environ: dict[str, str], database: Database, issue: Path) -> float:
    campaign = json.loads(mailer(environ, "campaign", "create", issue, "--audience", "academic", "--json"))["id"]
    command = [MAILER, "campaign", "schedule", str(campaign), "--at", "now", "--yes"]
    # Not waited for: a worker begins before the command has ended.
    with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL):
        began = 0.0
        while True:
            with database.read() as session:
                state = session.execute(text(f"SELECT state FROM campaigns WHERE id = {campaign}")).scalar_one()
            if not began and state in {"preparing", "sending", "sent"}:
                began = time.perf_counter()
            if state == "sent":
                took = time.perf_counter() - began
                break
            time.sleep(0.02)
    with database.read() as session:
        query = text(f"SELECT count(*) FROM deliveries WHERE campaign_id = {campaign} AND state <> 'sent'")
        assert session.execute(query).scalar_one() == 0
    return took


def family(processes: list["subprocess.Popen[bytes]"]) -> Iterator[tuple[Path, list[str]]]:
    """The folders in /proc of these processes and their children, with what their `stat` says from the state on."""
    wanted = {process.pid for process in processes}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(stat.parent.name) in wanted or int(fields[1]) in wanted:
            yield stat.parent, fields


def cpu_seconds(processes: list["subprocess.Popen[bytes]"]) -> tuple[float, float]:
    """CPU of these processes and their children until now: their own, and the kernel's for them."""
    ticks = [(int(fields[11]), int(fields[12])) for _, fields in family(processes)]
    user, system = map(sum, zip(*ticks, strict=True))
    return user / os.sysconf("SC_CLK_TCK"), system / os.sysconf("SC_CLK_TCK")


def peaks(processes: list["subprocess.Popen[bytes]"]) -> Iterator[str]:
    """The most memory that each of them ever had (VmHWM)."""
    for folder, _ in family(processes):
        name = " ".join((folder / "cmdline").read_text().split("\0")[2:])
        status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
        yield f"{name}: {int(status['VmHWM'].split()[0]) / 1024:.0f} MB"


@contextmanager
def servers(folder: Path) -> Iterator[dict[str, str]]:
    """PostgreSQL, Redis and the sink; the environment in which mailer uses them."""
    subprocess.run(["cc", "-O2", "-o", folder / "sink", HERE / "sink.c", "-lssl", "-lcrypto"], check=True)
    postgres, redis = PostgresServer.start(), RedisServer()
    redis.start()
    sink = subprocess.Popen([folder / "sink", str(PLAIN), "plain"])
    try:
        yield {
            **os.environ,
            "MAILER_HOME": str(folder / "workspace"),
            "MAILER_DATABASE_URL": postgres.create("bench"),
            "MAILER_BROKER_URL": redis.url,
            "MAILER_SMTP_URL": f"smtp://127.0.0.1:{PLAIN}?starttls=no&connections=8",
            "MAILER_LOG_FORMAT": "json",
        }
    finally:
        sink.terminate()
        redis.stop()
        postgres.stop()


@contextmanager
def working(environ: dict[str, str], folder: Path, workers: int) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """The workers and the scheduler, ready."""
    commands = [["worker", "--concurrency", "1"]] * workers + [["beat"]]
    with (folder / "log").open("wb") as log:
        processes = [
            subprocess.Popen([MAILER, *command], env=environ, stdout=log, stderr=log, start_new_session=True)
            for command in commands
        ]
    try:
        while (folder / "log").read_text().count("ready") <= workers:
            time.sleep(0.1)
        time.sleep(8)  # what is made once in a process is made by the sweeps
        yield processes
    finally:
        for process in processes:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def an_issue(folder: Path, paragraphs: int) -> Path:
    paragraph = "A paragraph about the mathematics of deep learning, of about the length of a real one. " * 5
    issue = folder / "issue.md"
    issue.write_text("# Winter\n\nDear {{ name | default('colleague') }},\n\n" + f"{paragraph}\n\n" * paragraphs)
    return issue


def main() -> None:
    tidy_up_when_ended()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--paragraphs", type=int, default=48)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, servers(folder := Path(name)) as environ:
        mailer(environ, "init", folder / "workspace")
        database = Database(environ["MAILER_DATABASE_URL"])
        add_people(database, options.messages)
        issue = an_issue(folder, options.paragraphs)
        ratios, few = [], min(options.messages, 20_000)
        with working(environ, folder, options.workers) as processes:
            for _ in range(options.rounds):
                base = few / timed(lambda: smtp_source(few))[0]
                before = cpu_seconds(processes)
                mine = options.messages / campaign_seconds(environ, database, issue)
                user, system = (
                    (after - then) / options.messages * 10_000
                    for after, then in zip(cpu_seconds(processes), before, strict=True)
                )
                ratios.append(mine / base)
                print(
                    f"smtp-source {base:,.0f} msg/s  {options.workers} workers {mine:,.0f} msg/s"
                    f"  CPU s/10,000 {user:.2f} user {system:.2f} system  ratio {ratios[-1]:.2f}",
                    flush=True,
                )
            print(f"median ratio {statistics.median(ratios):.2f}", *sorted(peaks(processes)), sep="\n")
        database.close()


if __name__ == "__main__":
    main()
