"""Sending against Postfix's smtp-source, nodemailer and smtplib, interleaved; the machine may be busy, the ratios tell.

    .venv/bin/python benchmarks/sending/compare.py [--messages 10000] [--rounds 5] [--database postgresql+psycopg://…]
        [--dkim rsa|ed25519] [--tls] [--sink smtp-sink] [--nodemailer]

Needs `cc`, OpenSSL's headers and Postfix (`smtp-source`, `smtp-sink`); `--nodemailer` needs npm's registry. By default a minimal
sink takes the mail and leaves the sender as the bottleneck. Prints a rate, CPU seconds of the sender for 10,000 messages (its own,
and the kernel's for it), and the median of the ratios to smtp-source of the same round. The whole path is the product's: ledger on SQLite (or the given
database), personal parts, links, journal, group commits. With `--dkim`, what threads do who only sign, one for each core, stands
beside it: the key's work alone, by OpenSSL one by one and eight at a time, and whole messages of the same size; "bare sendall" writes the same bytes to one socket and reads the replies.
"""

import argparse
import logging
import os
import resource
import signal
import smtplib
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).parents[2]))

from mailer.base.database import Database
from mailer.base.relay_url import RelaySettings
from mailer.base.schema import upgrade_schema
from mailer.base.tables import BatchId
from mailer.delivery import Journal, Outgoing, SmtpRelay
from mailer.delivery.holders import this_process
from mailer.delivery.message.dkim import PrivateKey, Signer, ToSign, signatures
from mailer.delivery.message.keygen import as_pem, new_key
from mailer.delivery.message.lanes import LANES, lanes_of
from mailer.delivery.run import BATCH
from mailer.worker.celery_app import settle
from tests.support.certificates import Certificate, make_certificate
from tests.support.peers import NPM, run_node
from tests.support.sending import Office, office_settings

HERE = Path(__file__).parent
PLAIN, CHUNKING, SECURE = 26025, 26026, 26027
CONNECTIONS = 8
CORES = len(os.sched_getaffinity(0))
BYTES = 54_900
NOON = datetime(2027, 1, 5, 12, tzinfo=UTC)
TABLES = ("deliveries", "batches", "released_letters", "campaigns", "subscriptions", "subscribers", "audiences")
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


def relay_on(port: int, certificate: Certificate | None = None) -> SmtpRelay:
    security = "starttls" if port == SECURE else "none"
    context = certificate.client_context() if certificate else None
    return SmtpRelay([RelaySettings("127.0.0.1", port, security, connections=CONNECTIONS)], context=context)


class Campaign:
    """One campaign to so many people, frozen and not yet sent."""

    def __init__(
        self, url: str, people: int, *, folder: Path, relay: SmtpRelay, dkim: str = "", paragraphs: int = 48
    ) -> None:
        self.database = Database(url)
        upgrade_schema(self.database)
        self.relay = relay
        with self.database.begin() as session:
            for table in TABLES:
                session.execute(text(f"DELETE FROM {table}"))
        signing = {}
        if dkim:
            (folder / "dkim.pem").write_bytes(as_pem(new_key(dkim)))  # type: ignore[arg-type]
            signing = {"DKIM_SELECTOR": "s", "DKIM_KEY_FILE": str(folder / "dkim.pem")}
        self.office = Office(self.database, relay, settings=office_settings(**signing))
        self.office.journal = Journal(folder / "journal", holder=this_process())
        self._add(people)
        paragraph = "A paragraph about the mathematics of deep learning, of about the length of a real one. " * 5
        body = "Dear {{ name | default('colleague') }},\n\n" + f"{paragraph}\n\n" * paragraphs
        self.id = self.office.release(issue=f"---\ntitle: Winter\nsubject: Winter\n---\n\n{body}")
        began = time.perf_counter()
        self.batches = self.office.prepare(self.id, batch=BATCH)
        settle()  # as a worker is
        self.database.empty_log()  # to write back what was prepared is no part of sending it
        self.freezing = time.perf_counter() - began

    def _add(self, people: int) -> None:
        series = "generate_series(1, :people) AS series(n)"
        if self.database.is_sqlite:
            series = (
                "(WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < :people) SELECT n FROM r)"
            )
        insert = text(
            "INSERT INTO subscribers (public_id, address, address_key, name, language, zone, attributes, status, created_at,"
            " updated_at) SELECT 'person-' || n, 'p' || n || '@example.net', 'p' || n || '@example.net', 'Person Number ' || n,"
            f" '', '', '{{}}', 'subscribed', '2027-01-01', '2027-01-01' FROM {series}"
        )
        with self.database.begin() as session:
            session.execute(insert, {"people": people})
            if not self.database.is_sqlite:  # what it counts it tells the planner a second later, or now
                session.execute(text("SELECT pg_stat_force_next_flush()"))
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
        self.close()

    def close(self) -> None:
        self.relay.close()
        self.database.close()


def a_message() -> bytes:
    return b"Subject: x\r\n\r\n" + (b"x" * 74 + b"\r\n") * (BYTES // 76)


def relay_alone(messages: int, relay: SmtpRelay) -> None:
    data = a_message()
    outgoing = (Outgoing(n, "a@example.net", f"p{n}@example.net", data, is_plain=True) for n in range(messages))
    assert sum(answer is not None for answer in relay.send(outgoing)) == messages
    relay.close()


def smtp_source(messages: int) -> None:
    arguments = ["-s", str(CONNECTIONS), "-l", str(BYTES), "-m", str(messages), f"127.0.0.1:{PLAIN}"]
    subprocess.run(["smtp-source", *arguments], check=True)


def by_smtplib(messages: int) -> None:
    data = a_message()
    with smtplib.SMTP("127.0.0.1", PLAIN) as client:
        for number in range(messages):
            client.sendmail("a@example.net", [f"p{number}@example.net"], data)


def bare_sendall(messages: int) -> None:
    """What the kernel takes for the same bytes: a message and its commands in one call, its replies in another."""
    data = a_message()
    said = b"MAIL FROM:<a@example.net>\r\nRCPT TO:<p@example.net>\r\nBDAT %d LAST\r\n" % len(data) + data
    with socket.create_connection(("127.0.0.1", CHUNKING)) as line:
        line.sendall(b"EHLO x\r\n")
        for _ in range(messages):
            line.recv(1 << 16)
            line.sendall(said)
        line.shutdown(socket.SHUT_WR)
        while line.recv(1 << 16):
            pass


def by_nodemailer(messages: int, folder: Path, *, dkim: str) -> None:
    key = str(folder / "dkim.pem") if dkim else ""
    ran = run_node(folder / "nodemailer.js", str(PLAIN), str(messages), str(CONNECTIONS), str(BYTES), key)
    assert ran.returncode == 0, ran.stderr


def bare_key(count: int, key: PrivateKey) -> None:
    """What `cryptography` (OpenSSL) signs, one by one, and nothing else."""
    for number in range(count):
        digest = sha256(b"%d" % number).digest()
        if isinstance(key, RSAPrivateKey):
            key.sign(digest, PKCS1v15(), Prehashed(SHA256()))
        else:
            key.sign(digest)


def bare_lanes(count: int, key: PrivateKey) -> None:
    """The same eight at a time, where the library for it is installed and the processor can."""
    lanes = lanes_of(key)
    assert lanes is not None
    for handful in handfuls(count):
        lanes.sign([sha256(b"%d" % number).digest() for number in handful])


def bare_signing(count: int, key: PrivateKey) -> None:
    """Sign messages that are canonical already, and do nothing else with them: their heads, their bodies' hashes, the key."""
    signer = Signer("x.test", "s", key, lanes_of(key))
    message = a_message()
    for handful in handfuls(count):
        messages = [ToSign.of(b"To: p%d@example.net\r\n" % number + message) for number in handful]
        signatures(messages, [signer], NOON)


def handfuls(count: int) -> Iterator[range]:
    return (range(start, min(start + LANES, count)) for start in range(0, count, LANES))


def in_threads(sign: Callable[[int, PrivateKey], None], count: int, key: PrivateKey) -> Callable[[], None]:
    """The same by a thread for each core."""

    def run() -> None:
        with ThreadPoolExecutor(CORES) as threads:
            list(threads.map(lambda _: sign(count // CORES, key), range(CORES)))

    return run


def timed(act: Callable[[], None]) -> tuple[float, float, float]:
    """Seconds by the clock, and of CPU in this process and its children: their own, and the kernel's for them."""
    before = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    began = time.perf_counter()
    act()
    took = time.perf_counter() - began
    after = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    user = sum(b.ru_utime - a.ru_utime for a, b in zip(before, after, strict=True))
    system = sum(b.ru_stime - a.ru_stime for a, b in zip(before, after, strict=True))
    return took, user, system


Runs = dict[str, tuple[int, Callable[[], None]]]


def runs_of(options: argparse.Namespace, folder: Path, certificate: Certificate) -> Runs:
    count, few = options.messages, max(100, options.messages // 10)
    url = options.database or f"sqlite:///{folder / 'bench.db'}"

    def whole(port: int) -> Callable[[], None]:
        relay = relay_on(port, certificate if port == SECURE else None)
        campaign: list[Campaign] = []

        def prepare_or_send() -> None:
            if campaign:
                campaign.pop().send()
            else:
                campaign.append(Campaign(url, count, folder=folder, relay=relay, dkim=options.dkim))

        return prepare_or_send

    runs: Runs = {
        "smtp-source": (count, lambda: smtp_source(count)),
        "whole path": (count, whole(PLAIN)),
        "relay alone": (count, lambda: relay_alone(count, relay_on(PLAIN))),
        "smtplib": (few, lambda: by_smtplib(few)),
    }
    if options.sink == "minimal":
        runs["whole path, BDAT"] = (count, whole(CHUNKING))
        runs["bare sendall"] = (count, lambda: bare_sendall(count))
        runs["relay alone, BDAT"] = (count, lambda: relay_alone(count, relay_on(CHUNKING)))
    if options.tls:
        runs["whole path, STARTTLS"] = (count, whole(SECURE))
    if options.nodemailer:
        runs["nodemailer, pool"] = (few, lambda: by_nodemailer(few, folder, dkim=options.dkim))
    if options.dkim:
        key = new_key(options.dkim)
        runs["bare key"] = (count, in_threads(bare_key, count, key))
        if lanes_of(key):
            runs["bare lanes"] = (count, in_threads(bare_lanes, count, key))
        runs["bare signing"] = (count, in_threads(bare_signing, count, key))
    return runs


@contextmanager
def sinks(options: argparse.Namespace, folder: Path, certificate: Certificate) -> Iterator[None]:
    """The servers that take the mail."""
    sink = folder / "sink"
    subprocess.run(["cc", "-O2", "-o", sink, HERE / "sink.c", "-lssl", "-lcrypto"], check=True)
    commands = [[sink, str(CHUNKING), "chunking"], [sink, str(SECURE), "plain", certificate.chain, certificate.key]]
    if options.sink == "minimal":
        commands.append([sink, str(PLAIN), "plain"])
    else:
        as_user = ["-u", "nobody"] if os.geteuid() == 0 else []
        commands.append(["smtp-sink", *as_user, f"127.0.0.1:{PLAIN}", "100"])
    started = [subprocess.Popen(command, cwd=folder) for command in commands]
    time.sleep(0.5)
    try:
        yield
    finally:
        for process in started:
            process.terminate()
            process.wait()


def install_nodemailer(folder: Path) -> None:
    ran = run_node(NPM, "install", "--no-audit", "--no-fund", "--prefix", str(folder), "nodemailer")
    assert ran.returncode == 0, ran.stderr
    (folder / "nodemailer.js").write_text((HERE / "nodemailer.js").read_text())


def shown(results: dict[str, list[tuple[float, float, float]]]) -> Iterator[str]:
    yield f"{'sender':22}{'msg/s':>10}{'CPU s/10,000':>14}{'user':>8}{'system':>8}{'ratio':>8}{'CPU ratio':>11}"
    base = results["smtp-source"]
    for sender, runs in results.items():
        ratio = statistics.median(mine[0] / theirs[0] for mine, theirs in zip(runs, base, strict=True))
        cpu_ratio = statistics.median(sum(mine[1:]) / sum(theirs[1:]) for mine, theirs in zip(runs, base, strict=True))
        rate, user, system = (statistics.median(column) for column in zip(*runs, strict=True))
        cpu = statistics.median(user + system for _, user, system in runs)
        yield f"{sender:22}{rate:>10,.0f}{cpu:>14.2f}{user:>8.2f}{system:>8.2f}{ratio:>8.2f}{cpu_ratio:>11.2f}"
    bares = [name for name in results if name in ("bare key", "bare lanes", "bare signing")]
    for sender in (name for name in results if name.startswith("whole path") and bares):
        for bare in bares:
            pairs = list(zip(results[sender], results[bare], strict=True))
            rate = statistics.median(mine[0] / theirs[0] for mine, theirs in pairs)
            share = statistics.median(sum(theirs[1:]) / sum(mine[1:]) for mine, theirs in pairs)
            yield f"{sender}: {rate:.0%} of the rate of the {bare}, whose CPU is {share:.0%} of its own"


def tidy_up_when_ended() -> None:
    """Let SIGTERM end what was started, as Ctrl-C does."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))


def main() -> None:
    tidy_up_when_ended()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--database", default="")
    parser.add_argument("--dkim", choices=("", "rsa", "ed25519"), default="")
    parser.add_argument("--sink", choices=("minimal", "smtp-sink"), default="minimal")
    parser.add_argument("--tls", action="store_true", help="also over STARTTLS (smtp-source cannot)")
    parser.add_argument("--nodemailer", action="store_true")
    options = parser.parse_args()
    results: dict[str, list[tuple[float, float, float]]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        certificate = make_certificate(folder)
        if options.nodemailer:
            install_nodemailer(folder)
        with sinks(options, folder, certificate):
            for _ in range(options.rounds):
                for sender, (messages, act) in runs_of(options, folder, certificate).items():
                    if sender.startswith("whole path"):
                        act()  # makes the campaign; sending it is what is timed
                    took, user, system = timed(act)
                    per = 10_000 / messages
                    results.setdefault(sender, []).append((messages / took, user * per, system * per))
    print(
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {options.rounds} rounds of {options.messages:,}, load {os.getloadavg()[0]:.1f}"
    )
    print("\n".join(shown(results)))


if __name__ == "__main__":
    main()
