"""The broker over TLS: believed where its certificate is trusted, and given nothing where it is not."""

import selectors
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

import pytest
import redis

from tests.support.certificates import Certificate
from tests.support.mailer_process import Start, run_mailer
from tests.support.redis import RedisServer
from tests.support.relay import RelayServer

PASSWORD = "p%@:/?#&é"


class TlsDoor:
    """TLS before a Redis that speaks none itself, as stunnel would be."""

    def __init__(self, context: ssl.SSLContext, behind: int) -> None:
        self._context, self._behind = context, behind
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):  # it is closed
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with (
            suppress(OSError),  # one of the two has gone
            closing(self._context.wrap_socket(connection, server_side=True)) as outside,
            socket.create_connection(("127.0.0.1", self._behind)) as inside,
            selectors.DefaultSelector() as both,
        ):
            both.register(outside, selectors.EVENT_READ, inside)
            both.register(inside, selectors.EVENT_READ, outside)
            while True:
                for key, _ in both.select():
                    said = key.fileobj.recv(1 << 20)  # type: ignore[union-attr]
                    if not said:
                        return
                    key.data.sendall(said)

    def close(self) -> None:
        """Be gone."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def broker_url(redis_server: RedisServer, certificate: Certificate) -> Iterator[str]:
    """The address of a Redis behind TLS, with a password of all signs that an address has for itself."""
    with redis.Redis(port=redis_server.port) as client:
        client.config_set("requirepass", PASSWORD)
        door = TlsDoor(certificate.server_context(), redis_server.port)
        yield f"rediss://:{quote(PASSWORD, safe='')}@localhost:{door.port}/0"
        door.close()
        client.config_set("requirepass", "")


def test_work_goes_through_a_broker_whose_certificate_is_trusted_and_through_no_other(
    tmp_path: Path, relay_server: RelayServer, broker_url: str, certificate: Certificate, start_mailer: Start
) -> None:
    home = tmp_path / "workspace"
    strange = {"MAILER_BROKER_URL": broker_url, "MAILER_SMTP_URL": relay_server.url}
    trusted = {**strange, "SSL_CERT_FILE": str(certificate.authority)}
    assert run_mailer("init", home).returncode == 0
    (tmp_path / "issue.md").write_text("# Winter\n\nHello.\n", encoding="utf-8")
    consent = ("--consent", "a test", "--status", "subscribed")
    added = run_mailer("subscribers", "add", "ada@x.test", "--audience", "academic", *consent, home=home)
    assert added.returncode == 0, added.stderr

    worker = start_mailer("worker", home=home, env=trusted)
    beat = start_mailer("beat", home=home, env=trusted)
    sent = run_mailer(
        *("send", tmp_path / "issue.md", "--audience", "academic", "--at", "now", "--yes"), home=home, env=trusted
    )
    doubted = run_mailer("doctor", home=home, env=strange)

    assert sent.returncode == 0, sent.stderr
    assert relay_server.recipients == ["ada@x.test"]
    assert "insecure" not in worker.log + beat.log + sent.stderr
    assert "the broker does not answer" in doubted.stdout
    assert "certificate verify failed" in doubted.stdout
