"""Whether cost grows with the work only: CPU a message, memory, freezing and the first message, at growing lists.

    .venv/bin/python benchmarks/sending/growth.py [--sizes 1000,10000,100000,1000000] [--sample 20000] [--plot growth.png]

On SQLite, and on a PostgreSQL that it starts, whose own work for us counts as well. Each size runs in a process of its own, so that its memory is its own. A list is frozen whole; of a long one only every k-th
batch is sent, `--sample` messages in all, so that a million ends in bounded time and its last batch is among them. The letter
is small: what is measured is what could grow. `--plot` needs matplotlib (`pip install -e .[benchmarks]`).
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).parent))

from compare import PLAIN, Campaign, relay_on, tidy_up_when_ended

from mailer.base.database import Database
from mailer.base.tables import BatchId
from mailer.delivery import prepare, run
from mailer.delivery.outcomes import Accepted
from tests.support.postgres import PostgresServer

HERE = Path(__file__).parent


def bare_freeze(database: Database) -> float:
    """Seconds of one INSERT … SELECT of the same rows into a table of the same shape and indexes."""
    kind = "WITHOUT ROWID" if database.is_sqlite else ""
    with database.begin() as session:
        session.execute(text("DROP TABLE IF EXISTS bare"))
        session.execute(
            text(
                "CREATE TABLE bare (campaign_id bigint NOT NULL, number bigint NOT NULL, subscriber_id bigint, mask smallint NOT NULL,"
                " state varchar(9) DEFAULT 'pending' NOT NULL, reason text DEFAULT '' NOT NULL, attempts smallint DEFAULT 0 NOT NULL,"
                f" PRIMARY KEY (campaign_id, number), UNIQUE (subscriber_id, campaign_id)) {kind}"
            )
        )
    began = time.perf_counter()
    with database.begin() as session:
        session.execute(
            text(
                "INSERT INTO bare (campaign_id, number, subscriber_id, mask) SELECT 1, row_number() OVER (ORDER BY id), id, 1"
                " FROM subscribers WHERE status = 'subscribed'"
            )
        )
    took = time.perf_counter() - began
    with database.begin() as session:
        session.execute(text("DROP TABLE bare"))
    return took


class Clocked:
    """A relay that notes when the first message of a campaign was taken."""

    def __init__(self) -> None:
        self.relay, self.first = relay_on(PLAIN), 0.0

    def send(self, messages):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201
        for answer in self.relay.send(messages):
            if answer is not None and not self.first and isinstance(answer[1], Accepted):
                self.first = time.perf_counter()
            yield answer

    def close(self) -> None:
        self.relay.close()


def first_message(campaign: Campaign) -> float:
    """Seconds from the release of a second campaign to the same list until the relay has taken its first message."""
    office = campaign.office
    released = office.release(issue="---\ntitle: First\nsubject: First\n---\n\nHello.\n")
    run.TURN_SECONDS = 0.0
    clocked = Clocked()
    office.hints.clear()
    office.later(seconds=31)  # what was called out and not taken is called out again
    began = time.perf_counter()
    office.sweep()
    took = []

    class FirstChunk(Exception):
        """The first chunk is frozen, and its batches are called out."""

    def clock():  # type: ignore[no-untyped-def] # noqa: ANN202
        took.append(1)
        if len(took) > 1:
            raise FirstChunk
        return office.now

    with suppress(FirstChunk):
        prepare(office.database, released, clock=clock)
    batch = next(subject for job, subject in office.hints if job == "send_batch")
    office.send(BatchId(batch), relay=clocked)
    clocked.close()
    return clocked.first - began


def cpu_seconds() -> float:
    """CPU of this process until now, and of the PostgreSQL processes that work for it."""
    ticks = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (folder / "cmdline").read_bytes().startswith(b"postgres: postgres growth_"):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def sent_of(campaign: Campaign) -> int:
    with campaign.database.read() as session:
        query = text(f"SELECT count(*) FROM deliveries WHERE campaign_id = {campaign.id} AND state = 'sent'")
        return session.execute(query).scalar_one()


def one_size(url: str, people: int, sample: int, folder: Path) -> dict[str, float]:
    campaign = Campaign(url, people, folder=folder, relay=relay_on(PLAIN), paragraphs=2)
    office = campaign.office
    with campaign.database.read() as session:
        batches = list(
            session.execute(text(f"SELECT id FROM batches WHERE campaign_id = {campaign.id} ORDER BY id")).scalars()
        )
    every = max(1, len(batches) // max(1, sample // run.BATCH))
    chosen = batches[::-1][::every][: max(1, sample // run.BATCH)][::-1]
    # Only these are due: `send_batch` goes on with whatever else is.
    with campaign.database.begin() as session:
        listed = ",".join(map(str, chosen))
        session.execute(text(f"UPDATE batches SET due_at = '2031-01-01' WHERE id NOT IN ({listed})"))
    before, cpu = 0, 0.0
    for batch, turn_seconds in (
        (chosen[0], 0.0),
        (chosen[-1], 1e9),
    ):  # the first time, what is made once in a process is made
        run.TURN_SECONDS = turn_seconds
        before, began = sent_of(campaign), cpu_seconds()
        office.send(BatchId(batch))
        cpu = cpu_seconds() - began
    sent = sent_of(campaign) - before
    cpu /= sent
    # The most that it ever had, freezing too.
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    first = first_message(campaign)
    bare = min(bare_freeze(campaign.database) for _ in range(2))
    campaign.close()
    return {
        "people": people, "sent": sent, "cpu_microseconds": cpu * 1e6, "memory_mb": memory, "freezing": campaign.freezing,
        "bare": bare, "freezing_ratio": campaign.freezing / bare, "first_message": first,
    }  # fmt: skip


def plot(results: dict[str, list[dict[str, float]]], where: str) -> None:
    import matplotlib as mpl  # noqa: PLC0415 - only for the plot

    mpl.use("svg" if where.endswith(".svg") else "agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, axes = plt.subplots(1, 3, figsize=(12, 3.6), layout="constrained")
    for axis, key, title in zip(
        axes, ("cpu_microseconds", "memory_mb", "freezing_ratio"),
        ("CPU, µs a message", "memory of the process, MB", "freezing, times a bare INSERT … SELECT"), strict=True,
    ):  # fmt: skip
        for name, rows in results.items():
            axis.plot([row["people"] for row in rows], [row[key] for row in rows], marker="o", label=name)
        axis.set_xscale("log")
        axis.set_ylim(0)
        axis.set_title(title)
        axis.set_xlabel("people")
        axis.legend()
    figure.savefig(where)


def measured(url: str, size: str, sample: int, folder: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--sizes", size, "--sample", str(sample), "--one", f"{url} {folder}"]
    ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    return found


def main() -> None:
    tidy_up_when_ended()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,10000,100000,1000000")
    parser.add_argument("--sample", type=int, default=20_000)
    parser.add_argument("--plot", default="")
    parser.add_argument("--one", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        url, folder = options.one.split(" ")
        print(json.dumps(one_size(url, int(options.sizes), options.sample, Path(folder))))
        return
    results: dict[str, list[dict[str, float]]] = {"SQLite": [], "PostgreSQL": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(["cc", "-O2", "-o", folder / "sink", HERE / "sink.c", "-lssl", "-lcrypto"], check=True)
        sink, postgres = subprocess.Popen([folder / "sink", str(PLAIN), "plain"]), PostgresServer.start()
        try:
            for size in options.sizes.split(","):
                urls = {"SQLite": f"sqlite:///{folder / f'{size}.db'}", "PostgreSQL": postgres.create(f"growth_{size}")}
                for database, url in urls.items():
                    row = measured(url, size, options.sample, folder)
                    results[database].append(row)
                    print(database, *(f"{key} {value:,.2f}" for key, value in row.items()), sep="  ", flush=True)
        finally:
            postgres.stop()
            sink.terminate()
            sink.wait()
    if options.plot:
        plot(results, options.plot)


if __name__ == "__main__":
    main()
