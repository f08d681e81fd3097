"""Sending against Postfix's smtp-source and smtplib, interleaved, to a minimal sink that leaves the sender as the bottleneck.

    .venv/bin/python benchmarks/sending/compare.py --messages 10000 --rounds 5 [--database postgresql+psycopg://…]

Needs `cc` and `smtp-source` (Debian: postfix). Prints a rate, CPU seconds of the sender for 10,000 messages, and the median
of the ratios to smtp-source of the same round. The whole path is the product's: ledger on SQLite (or the given database), personal
parts, links, group commits.
"""

import argparse
import logging
import resource
import smtplib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import structlog
from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).parents[2]))

from mailer.base.database import Database
from mailer.base.relay_url import RelaySettings
from mailer.base.schema import upgrade_schema
from mailer.base.tables import BatchId
from mailer.delivery import Outgoing, SmtpRelay
from mailer.delivery.dkim import as_pem, new_key
from tests.support.sending import Office, office_settings

PORT = 26025
CONNECTIONS = 8
BYTES = 54_900
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


class Campaign:
    """One campaign to so many people, frozen and not yet sent."""

    def __init__(self, url: str, people: int, *, dkim: str, folder: Path) -> None:
        self.database = Database(url)
        upgrade_schema(self.database)
        self.relay = SmtpRelay([RelaySettings("127.0.0.1", PORT, "none", connections=CONNECTIONS)])
        with self.database.begin() as session:
            for table in (
                "deliveries",
                "batches",
                "released_letters",
                "campaigns",
                "subscriptions",
                "subscribers",
                "audiences",
            ):
                session.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - our own names
        signing = {}
        if dkim:
            (folder / "key.pem").write_bytes(as_pem(new_key(dkim)))  # type: ignore[arg-type]
            signing = {"DKIM_SELECTOR": "s", "DKIM_KEY_FILE": str(folder / "key.pem")}
        self.office = Office(self.database, self.relay, settings=office_settings(**signing))
        self._add(people)
        paragraph = "A paragraph about the mathematics of deep learning, of about the length of a real one. " * 5
        body = "Dear {{ name | default('colleague') }},\n\n" + f"{paragraph}\n\n" * 48
        self.id = self.office.release(issue=f"---\ntitle: Winter\nsubject: Winter\n---\n\n{body}")
        began = time.perf_counter()
        self.batches = self.office.prepare(self.id, batch=500)
        self.freezing = time.perf_counter() - began

    def _add(self, people: int) -> None:
        insert = text(
            "INSERT INTO subscribers (public_id, address, address_key, name, language, zone, attributes, status, created_at,"
            " updated_at) VALUES (:p, :a, :a, :n, '', '', '{}', 'subscribed', '2027-01-01', '2027-01-01')"
        )
        rows = [{"p": f"{n:022}", "a": f"p{n}@example.net", "n": f"Person Number {n}"} for n in range(people)]
        with self.database.begin() as session:
            session.execute(insert, rows)
            session.execute(
                text(
                    "INSERT INTO subscriptions (subscriber_id, audience_id, state, since) SELECT s.id, a.id, 'subscribed',"
                    " '2027-01-01' FROM subscribers s, audiences a WHERE a.slug = 'academic'"
                )
            )

    def send(self) -> None:
        """Send all of it in this process."""
        while self.office.state(self.id).state != "sent":
            self.office.later(seconds=31)
            self.office.hints.clear()
            self.office.sweep()
            due = [subject for job, subject in self.office.hints if job == "send_batch"]
            if due:
                self.office.send(BatchId(due[0]))
        counts = self.office.counts(self.id)
        assert counts.accepted == counts.total
        self.relay.close()
        self.database.close()


def relay_alone(messages: int) -> None:
    data = b"Subject: x\r\n\r\n" + (b"x" * 74 + b"\r\n") * (BYTES // 76)
    relay = SmtpRelay([RelaySettings("127.0.0.1", PORT, "none", connections=CONNECTIONS)])
    outgoing = (Outgoing(n, "a@example.net", f"p{n}@example.net", data, is_plain=True) for n in range(messages))
    assert sum(answer is not None for answer in relay.send(outgoing)) == messages
    relay.close()


def smtp_source(messages: int) -> None:
    arguments = ["-s", str(CONNECTIONS), "-l", str(BYTES), "-m", str(messages), f"127.0.0.1:{PORT}"]
    subprocess.run(["smtp-source", *arguments], check=True)


def by_smtplib(messages: int) -> None:
    data = b"Subject: x\r\n\r\n" + (b"x" * 74 + b"\r\n") * (BYTES // 76)
    with smtplib.SMTP("127.0.0.1", PORT) as client:
        for number in range(messages):
            client.sendmail("a@example.net", [f"p{number}@example.net"], data)


def timed(act: Callable[[], None]) -> tuple[float, float]:
    """Seconds by the clock, and of CPU in this process and its children."""
    before = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    began = time.perf_counter()
    act()
    took = time.perf_counter() - began
    after = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(b.ru_utime + b.ru_stime - a.ru_utime - a.ru_stime for a, b in zip(before, after, strict=True))
    return took, cpu


def one_round(options: argparse.Namespace, folder: Path, results: dict[str, list[tuple[float, float]]]) -> None:
    count = options.messages
    url = options.database or f"sqlite:///{folder / 'bench.db'}"
    whole = Campaign(url, count, dkim=options.dkim, folder=folder)
    runs: dict[str, tuple[int, Callable[[], None]]] = {
        "smtp-source": (count, lambda: smtp_source(count)),
        "whole path": (count, whole.send),
        "relay alone": (count, lambda: relay_alone(count)),
        "smtplib": (count // 10, lambda: by_smtplib(count // 10)),
    }
    for name, (messages, act) in runs.items():
        took, cpu = timed(act)
        results.setdefault(name, []).append((messages / took, cpu / messages * 10_000))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--database", default="")
    parser.add_argument("--dkim", choices=("", "rsa", "ed25519"), default="")
    options = parser.parse_args()
    results: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(["cc", "-O2", "-o", folder / "sink", Path(__file__).with_name("sink.c")], check=True)
        sink = subprocess.Popen([folder / "sink", str(PORT)])
        time.sleep(0.3)
        try:
            for _ in range(options.rounds):
                one_round(options, folder, results)
        finally:
            sink.terminate()
            sink.wait()
    print(f"{'sender':14}{'msg/s':>10}{'CPU s/10,000':>14}{'ratio':>8}")
    for sender, rates in results.items():
        ratio = statistics.median(
            mine / base for (mine, _), (base, _) in zip(rates, results["smtp-source"], strict=True)
        )
        rate, cpu = (statistics.median(column) for column in zip(*rates, strict=True))
        print(f"{sender:14}{rate:>10,.0f}{cpu:>14.2f}{ratio:>8.2f}")


if __name__ == "__main__":
    main()
