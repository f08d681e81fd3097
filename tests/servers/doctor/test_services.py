"""`mailer doctor` on what mailer speaks to: database, broker, relay, public address, bounces, disk, backups."""

import http.server
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis

from mailer.app import App
from mailer.backup import back_up_into
from mailer.base.database import Database
from mailer.base.schema import upgrade_schema
from mailer.base.settings import read_settings
from mailer.doctor import Names, clock
from tests.servers.doctor.conftest import Look
from tests.support.certificates import Certificate
from tests.support.mailer_process import SECRET, Start, wait_until
from tests.support.redis import RedisServer, free_port
from tests.support.relay import RelayServer
from tests.support.sending import BEGIN

NO_TLS = "?starttls=no"


# --- relay -----------------------------------------------------------------------------------------------------------


def relay_finding(look: Look, server: RelayServer, url: str) -> tuple[str, str]:
    finding = look(SMTP_URL=url)[f"relay {server.host}:{server.port}"]
    return finding.level, finding.message


def test_a_relay_that_lets_us_in(look: Look, relay_server: RelayServer) -> None:
    level, message = relay_finding(look, relay_server, relay_server.url)
    assert level == "ok"
    assert "up to 26,214,400 bytes" in message
    assert "PIPELINING SMTPUTF8" in message
    assert relay_server.messages == []


def test_a_relay_that_takes_small_messages_only(look: Look, relay_server: RelayServer) -> None:
    relay_server.features = ("PIPELINING", "SIZE 100000")
    assert relay_finding(look, relay_server, relay_server.url)[0] == "warning"


@pytest.mark.parametrize("is_tls", [True, False])
def test_tls_and_a_password(
    look: Look, certificate: Certificate, monkeypatch: pytest.MonkeyPatch, *, is_tls: bool
) -> None:
    server = RelayServer(context=certificate.server_context(), is_tls=is_tls, user="news", password="open")
    server.start()
    try:
        level, message = relay_finding(look, server, server.url)
        assert (level, "certificate is not trusted" in message) == ("error", True)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))
        level, message = relay_finding(look, server, server.url)
        assert (level, "over TLS, as news" in message) == ("ok", True)
        level, message = relay_finding(look, server, server.url.replace("open", "shut"))
        assert (level, "sign-in" in message) == ("error", True)
        assert "shut" not in message
    finally:
        server.stop()


def test_a_relay_without_starttls_one_that_refuses_and_one_that_is_not_there(
    look: Look, relay_server: RelayServer
) -> None:
    level, message = relay_finding(look, relay_server, relay_server.url.removesuffix(NO_TLS))
    assert (level, "STARTTLS" in message) == ("error", True)
    relay_server.fault("greeting", "554 5.7.1 go away")
    level, message = relay_finding(look, relay_server, relay_server.url)
    assert (level, "go away" in message) == ("error", True)
    relay_server.stop()
    level, message = relay_finding(look, relay_server, relay_server.url)
    assert (level, "refused" in message) == ("error", True)
    relay_server.start(relay_server.port)


def test_the_local_mailbox_is_a_warning(look: Look) -> None:
    assert look()["relay"].level == "warning"


# --- database, broker, clock -------------------------------------------------------------------------------------------


def test_sqlite_without_a_broker(look: Look) -> None:
    found = look()
    assert (found["database"].level, found["queue"].level, found["clock"].level) == ("ok", "ok", "ok")


def test_postgresql_and_redis(look: Look, postgresql_url: str, redis_server: RedisServer) -> None:
    found = look(DATABASE_URL=postgresql_url, BROKER_URL=redis_server.url)
    assert found["database"].message.startswith("PostgreSQL ")
    assert (found["queue"].level, "no worker" in found["queue"].message) == ("warning", True)
    assert "the database and the broker" in found["clock"].message


def test_a_database_that_takes_nothing_new(look: Look, postgresql_url: str) -> None:
    found = look(DATABASE_URL=f"{postgresql_url}&options=-c%20default_transaction_read_only%3Don")
    assert (found["database"].level, "read-only" in found["database"].message) == ("error", True)


def test_a_broker_that_is_full(look: Look, redis_server: RedisServer) -> None:
    with redis.Redis(port=redis_server.port) as client:
        client.config_set("maxmemory", 1)
        try:
            found = look(BROKER_URL=redis_server.url)["queue"]
        finally:
            client.config_set("maxmemory", 0)
    assert (found.level, "takes nothing" in found.message) == ("error", True)


def test_workers_that_answer(look: Look, postgresql_url: str, redis_server: RedisServer, start_mailer: Start) -> None:
    where = {"DATABASE_URL": postgresql_url, "BROKER_URL": redis_server.url}
    environ = {f"MAILER_{name}": value for name, value in where.items()}
    start_mailer("beat", env={**environ, "MAILER_SECRET_KEYS": SECRET}).wait_for("ready")  # sends nothing, so is none
    start_mailer("worker", env={**environ, "MAILER_SECRET_KEYS": SECRET}).wait_for("ready")
    # It listens to such questions a moment later than to work.
    wait_until(lambda: look(**where)["queue"].level == "ok", what="an answer of the worker")
    assert "1 worker answers" in look(**where)["queue"].message

    start_mailer("worker", env={**environ, "MAILER_SECRET_KEYS": SECRET}).wait_for("ready")
    wait_until(lambda: "2 workers answer" in look(**where)["queue"].message, what="an answer of both workers")


@pytest.mark.parametrize(("hours", "which"), [(1, "ahead of"), (-1, "behind")])
def test_a_clock_that_is_wrong(
    home: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch, hours: int, which: str
) -> None:
    monkeypatch.setattr(App, "clock", staticmethod(lambda: datetime.now(UTC) + timedelta(hours=hours)))
    environ = {"MAILER_DATABASE_URL": postgresql_url, "MAILER_SECRET_KEYS": SECRET}
    app = App(read_settings(home, environ), queue=None)
    (finding,) = clock.check(app, Names("127.0.0.1"))
    app.close()
    assert (finding.level, f"{which} the database" in finding.message) == ("error", True)


def test_a_database_and_a_broker_that_are_not_there(look: Look) -> None:
    port = free_port()
    found = look(
        DATABASE_URL=f"postgresql+psycopg://me:hidden@127.0.0.1:{port}/x",
        BROKER_URL=f"redis://:hidden@127.0.0.1:{port}",
    )
    assert (found["database"].level, found["queue"].level) == ("error", "error")
    assert not any("hidden" in finding.message for finding in found.values())


def test_no_database_and_a_schema_that_is_not_ours(look: Look, empty_database_url: str) -> None:
    assert look()["database"].level == "ok"
    database = Database(empty_database_url)
    upgrade_schema(database, to="0009_summary")
    database.close()
    finding = look(DATABASE_URL=empty_database_url)["database"]
    assert (finding.level, finding.do) == ("error", "run `mailer db upgrade`")


# --- public address ---------------------------------------------------------------------------------------------------


@contextmanager
def web(certificate: Certificate, *, status: int = 200) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Location", "https://elsewhere.test/")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    server.socket = certificate.server_context().wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"https://localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "level", "message"),
    [(200, "warning", "this machine only"), (301, "error", "elsewhere.test"), (502, "error", "answers 502")],
)
def test_what_the_public_address_answers(
    look: Look, certificate: Certificate, monkeypatch: pytest.MonkeyPatch, *, status: int, level: str, message: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))
    with web(certificate, status=status) as url:
        finding = look(BASE_URL=url)["public address"]
    assert (finding.level, message in finding.message) == (level, True)


def test_a_public_address_that_is_not_trusted_or_not_there(look: Look, certificate: Certificate) -> None:
    with web(certificate) as url:
        assert "not trusted" in look(BASE_URL=url)["public address"].message
    assert look(BASE_URL=f"http://127.0.0.1:{free_port()}")["public address"].level == "warning"
    assert look(BASE_URL="https://nowhere.invalid")["public address"].level == "error"
    assert "not known" not in look(BASE_URL="https://[::1]")["public address"].message


# --- bounces, disk, backups ---------------------------------------------------------------------------------------------


def test_bounces(look: Look, home: Path) -> None:
    assert look()["bounces"].level == "warning"
    where = {"BOUNCE_ADDRESS": "bounces@news.lab.ac.uk"}
    assert look(**where)["bounces"].level == "warning"
    for name in ("cur", "new", "tmp"):
        (home / "bounces" / name).mkdir(parents=True)
    assert look(**where, BOUNCE_URL="maildir:bounces")["bounces"].level == "ok"
    assert look(**where, BOUNCE_URL="maildir:nowhere")["bounces"].level == "error"
    assert look(**where, BOUNCE_URL=f"imap://me:hidden@127.0.0.1:{free_port()}/INBOX")["bounces"].level == "error"


def test_secrets_that_others_can_read(look: Look, home: Path) -> None:
    (home / "secrets.toml").touch(mode=0o600)
    assert "secrets" not in look()
    (home / "secrets.toml").chmod(0o644)
    assert look()["secrets"].level == "error"


def test_a_backup_of_late(look: Look, home: Path, database: Database) -> None:
    found = look()
    assert (found["disk"].level, found["backups"].level) == ("ok", "warning")
    path = back_up_into(home / "backups", database, now=BEGIN)
    assert look()["backups"].level == "ok"
    os.utime(path, (0, 0))
    assert look()["backups"].level == "warning"
