"""Everything a distributed mailer needs, as real processes on one machine, and everything that can happen to it."""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import redis

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.support.mailer_process import clean_environment, mailer_command
from tests.support.postgres import PostgresServer
from tests.support.redis import RedisServer, free_port

COMPILER = shutil.which("cc")
CLOCK = Path(__file__).parent / "clock.c"
SINK = Path(__file__).parent / "sink.py"
UNREACHABLE = 3
STEPS = (-75, -20, 20, 75, 300)
"""Seconds by which the machine's clock jumps; some of them are longer than a lease."""


class World:
    """PostgreSQL, Redis, the sink, workers, scheduler and web; `strike` lets something happen to one of them.

    Args:
        concurrency: jobs at a time of each worker.
        group: results in one commit.
        answer_after: seconds that the sink takes for each message.
    """

    def __init__(self, *, workers: int, concurrency: int, group: int, connections: int, answer_after: float) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mailer-chaos-"))
        self.home = self.folder / "workspace"
        self.received = self.folder / "received"
        self.received.touch()
        self.workers, self.concurrency, self.group, self.connections = workers, concurrency, group, connections
        self.answer_after = answer_after
        # A crash of the server must lose no commit that was confirmed; one of the machine's is not played here.
        self.database = PostgresServer(settings={"synchronous_commit": "on"})
        self.broker = RedisServer()
        self.sink_port = free_port()
        self.clock, self.shim = self.folder / "clock", self.folder / "clock.so"
        self.offset = 0
        self.parts: dict[str, subprocess.Popen[bytes]] = {}
        self.environment = {
            "MAILER_HOME": str(self.home),
            "MAILER_LIMITS_GROUP": str(group),
            "MAILER_LIMITS_BATCH": str(max(100, group * 10)),
            "MAILER_LOG_FORMAT": "json",
            "MAILER_SMTP_URL": f"smtp://127.0.0.1:{self.sink_port}?starttls=no&connections={connections}",
        }

    # --- up and down -------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Start the servers; the database is empty."""
        self._turn_clock(0)
        if COMPILER is not None:
            subprocess.run([COMPILER, "-shared", "-fPIC", "-O2", "-o", self.shim, CLOCK], check=True)
        self.database.open()
        self.broker.start()
        self.environment["MAILER_DATABASE_URL"] = self.database.create("chaos")
        self.environment["MAILER_BROKER_URL"] = self.broker.url
        self.start("sink")

    def start_all(self) -> None:
        """Start workers, scheduler and web."""
        for name in (*(f"worker-{number}" for number in range(1, self.workers + 1)), "beat", "web"):
            self.start(name)

    def start(self, name: str) -> None:
        """Start one part; its log goes on."""
        kind = name.partition("-")[0]
        commands = {
            "sink": [sys.executable, str(SINK), str(self.sink_port), str(self.received)],
            "worker": [*mailer_command(), "worker", "--concurrency", str(self.concurrency)],
            "beat": [*mailer_command(), "beat"],
            "web": [*mailer_command(), "web", "--port", str(self.web_port)],
        }
        command = commands[kind]
        if kind == "sink" and self.answer_after:
            command += ["--answer-after", str(self.answer_after)]
        variables = dict(self.environment)
        if COMPILER is not None and kind != "sink":
            variables |= {"LD_PRELOAD": str(self.shim), "CHAOS_CLOCK": str(self.clock)}
        with (self.folder / f"{name}.log").open("ab") as log:
            self.parts[name] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=clean_environment(**variables),
                start_new_session=True,
            )

    @property
    def web_port(self) -> int:
        """The web part's; it stays the same over kills."""
        if not hasattr(self, "_web_port"):
            self._web_port = free_port()
        return self._web_port

    def run(self, *arguments: str) -> str:
        """Run a command of `mailer` to its end."""
        done = subprocess.run(
            [*mailer_command(), *arguments],
            check=False,
            capture_output=True,
            text=True,
            env=clean_environment(**self.environment),
        )
        if done.returncode:
            message = f"mailer {' '.join(arguments)}: {done.stderr}"
            raise RuntimeError(message)
        return done.stdout

    def close(self, *, keep: bool) -> None:
        """End everything; with `keep` the folder with the logs stays."""
        for name in list(self.parts):
            self._kill(name)
        self.broker.stop()
        self.database.stop()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    # --- what can happen ---------------------------------------------------------------------------------------------

    def watch(self) -> None:
        """Start again what could not start, as any supervisor does: exit 3 says that a service was not there yet."""
        for name, part in list(self.parts.items()):
            if part.poll() == UNREACHABLE:
                self.start(name)

    def dead(self) -> list[str]:
        """Parts that ended by themselves for another reason, which nothing that happens may make them do."""
        return [name for name, part in self.parts.items() if part.poll() not in (None, UNREACHABLE)]

    def count(self) -> int:
        """How many messages the sink has received."""
        with self.received.open("rb") as file:
            return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))

    def misfortunes(self) -> dict[str, tuple[int, int, Callable[[random.Random], None]]]:
        """What can happen: how often (weight), how many second copies it can make at most, and the deed.

        A process of this machine that dies leaves notes of what left it: one message a connection is uncertain. A job whose
        process lives on, and whose batch is taken over all the same, leaves what was marked: two groups.
        """
        jobs = self.workers * self.concurrency
        in_flight, marked = jobs * self.connections, jobs * 2 * self.group
        found: dict[str, tuple[int, int, Callable[[random.Random], None]]] = {
            "worker killed": (36, self.concurrency * self.connections, self._kill_worker),
            "one job's process killed": (10, self.connections, self._kill_child),
            "scheduler killed": (8, 0, lambda chance: self._restart("beat", chance)),
            "web killed": (8, 0, lambda chance: self._restart("web", chance)),
            "broker flushed": (8, 0, lambda _: self._flush()),
            "broker killed": (6, 0, self._kill_broker),
            "database crashed": (5, marked, lambda chance: self._restart_database(signal.SIGQUIT, chance)),
            "database restarted": (4, marked, lambda chance: self._restart_database(signal.SIGINT, chance)),
            "relay cut": (6, in_flight, lambda chance: self._restart("sink", chance)),
            "relay stalled": (3, in_flight, self._stall_relay),
        }
        if COMPILER is not None:
            found["clock stepped"] = (6, marked, self._step_clock)
        return found

    def _kill(self, name: str) -> None:
        part = self.parts[name]
        with suppress(ProcessLookupError):  # it had ended by itself
            os.killpg(part.pid, signal.SIGKILL)
        part.wait()

    def _restart(self, name: str, chance: random.Random) -> None:
        self._kill(name)
        time.sleep(chance.uniform(0, 1.5))
        self.start(name)

    def _kill_worker(self, chance: random.Random) -> None:
        self._restart(f"worker-{chance.randint(1, self.workers)}", chance)

    def _kill_child(self, chance: random.Random) -> None:
        """One process of a worker's pool; Celery starts another."""
        part = self.parts[f"worker-{chance.randint(1, self.workers)}"]
        with suppress(FileNotFoundError, ProcessLookupError):  # it could not start, or the process has just ended
            children = Path(f"/proc/{part.pid}/task/{part.pid}/children").read_text(encoding="ascii").split()
            if children:
                os.kill(int(chance.choice(children)), signal.SIGKILL)

    def _flush(self) -> None:
        with redis.Redis(port=self.broker.port) as client:
            client.flushall()

    def _kill_broker(self, chance: random.Random) -> None:
        self.broker.kill()
        time.sleep(chance.uniform(0, 3))
        self.broker.start()

    def _restart_database(self, number: signal.Signals, chance: random.Random) -> None:
        self.database.halt(number)
        time.sleep(chance.uniform(0, 2))
        self.database.begin()

    def _stall_relay(self, chance: random.Random) -> None:
        sink = self.parts["sink"]
        sink.send_signal(signal.SIGSTOP)
        time.sleep(chance.uniform(1, 4))
        sink.send_signal(signal.SIGCONT)

    def _step_clock(self, chance: random.Random) -> None:
        self._turn_clock(self.offset + chance.choice(STEPS))

    def _turn_clock(self, offset: int) -> None:
        self.offset = offset
        aside = self.clock.with_suffix(".new")
        aside.write_text(f"{offset:+d}", encoding="ascii")
        aside.replace(self.clock)  # nobody reads half a number
