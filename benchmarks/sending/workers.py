"""Two workers against PostgreSQL and Redis, beside smtp-source in the same run: the commands themselves, as on several machines.

    .venv/bin/python benchmarks/sending/workers.py [--messages 20000] [--rounds 3] [--workers 2]

Starts a PostgreSQL and a Redis of its own. A campaign is released by `mailer campaign schedule`; what counts is the time from there,
freezing included, to the campaign's end, as the database tells it.
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
from pathlib import Path

from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).parent))

from compare import PLAIN, smtp_source, timed

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


def cpu_seconds(processes: list["subprocess.Popen[bytes]"]) -> float:
    """CPU of these processes and their children until now."""
    ticks, wanted = 0, {process.pid for process in processes}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(stat.parent.name) in wanted or int(fields[1]) in wanted:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(["cc", "-O2", "-o", folder / "sink", HERE / "sink.c", "-lssl", "-lcrypto"], check=True)
        postgres, redis = PostgresServer.start(), RedisServer()
        redis.start()
        environ = {
            **os.environ,
            "MAILER_HOME": str(folder / "workspace"),
            "MAILER_DATABASE_URL": postgres.create("bench"),
            "MAILER_BROKER_URL": redis.url,
            "MAILER_SMTP_URL": f"smtp://127.0.0.1:{PLAIN}?starttls=no&connections=8",
            "MAILER_LOG_FORMAT": "json",
        }
        sink = subprocess.Popen([folder / "sink", str(PLAIN), "plain"])
        processes = []
        try:
            mailer(environ, "init", folder / "workspace")
            database = Database(environ["MAILER_DATABASE_URL"])
            add_people(database, options.messages)
            paragraph = "A paragraph about the mathematics of deep learning, of about the length of a real one. " * 5
            issue = folder / "issue.md"
            issue.write_text("# Winter\n\nDear {{ name | default('colleague') }},\n\n" + f"{paragraph}\n\n" * 48)
            commands = [["worker", "--concurrency", "1"]] * options.workers + [["beat"]]
            with (folder / "log").open("wb") as log:
                processes += [
                    subprocess.Popen([MAILER, *command], env=environ, stdout=log, stderr=log, start_new_session=True)
                    for command in commands
                ]
            time.sleep(8)
            ratios = []
            for _ in range(options.rounds):
                base, _cpu = timed(lambda: smtp_source(options.messages))
                before = cpu_seconds(processes)
                mine = campaign_seconds(environ, database, issue)
                cpu = (cpu_seconds(processes) - before) / options.messages * 10_000
                ratios.append(base / mine)
                print(
                    f"smtp-source {options.messages / base:,.0f} msg/s  {options.workers} workers {options.messages / mine:,.0f} msg/s"
                    f"  {cpu:.2f} CPU s/10,000  ratio {ratios[-1]:.2f}",
                    flush=True,
                )
            print(f"median ratio {statistics.median(ratios):.2f}")
        finally:
            for process in processes:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait()
            sink.terminate()
            redis.stop()
            postgres.stop()


if __name__ == "__main__":
    main()
