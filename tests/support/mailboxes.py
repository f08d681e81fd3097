"""Mailboxes on real servers: Dovecot, which speaks IMAP and POP3; pymap, whose IMAP keeps no keywords; and one that is broken."""

import grp
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from imapclient import IMAPClient

from tests.support.certificates import Certificate
from tests.support.redis import free_port

DOVECOT = shutil.which("dovecot", path="/usr/sbin:/usr/bin") or ""
PASSWORD = "hunter2-é"
PATIENCE_SECONDS = 30
SETTINGS = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols = imap pop3
listen = 127.0.0.1
ssl = yes
ssl_cert = <{folder}/chain.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
auth_failure_delay = 0
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 0
mail_location = maildir:{folder}/mail/%n
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%n
}}
service anvil {{
  chroot =
  # Else whoever has failed to log in waits ever longer the next time.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
"""


@dataclass
class MailServer:
    """A server that keeps mail; whoever logs in with the password has a mailbox there, empty at first."""

    ports: dict[str, int]
    process: subprocess.Popen[bytes]
    folder: Path
    certificate: Certificate

    def url(self, scheme: str, user: str, *, password: str = PASSWORD, options: str = "", path: str = "") -> str:
        """The mailbox as MAILER_BOUNCE_URL names it."""
        return f"{scheme}://{user}:{password}@localhost:{self.ports[scheme]}{path}{options}"

    def deliver(self, user: str, *messages: bytes) -> None:
        """Put messages into a mailbox."""
        with self.client(user) as client:
            for message in messages:
                client.append("INBOX", message)

    def client(self, user: str) -> IMAPClient:
        """Somebody at the mailbox with a mail program of their own."""
        if "imaps" in self.ports:
            client = IMAPClient("localhost", self.ports["imaps"], ssl_context=self.certificate.client_context())
        else:
            client = IMAPClient("localhost", self.ports["imap"], ssl=False)
        client.plain_login(user, PASSWORD)
        client.select_folder("INBOX")
        return client

    def flags(self, user: str) -> list[set[bytes]]:
        """The flags of each message that is there, the oldest first."""
        with self.client(user) as client:
            found = client.get_flags(client.search("ALL"))
        return [set(found[uid]) - {b"\\Recent"} for uid in sorted(found)]


def _wait_for(server: MailServer) -> MailServer:
    give_up = time.monotonic() + PATIENCE_SECONDS
    for port in server.ports.values():
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if time.monotonic() > give_up or server.process.poll() is not None:
                message = f"the mail server did not start: {(server.folder / 'log').read_text('utf-8', 'replace')}"
                raise RuntimeError(message)
            time.sleep(0.02)
    return server


@pytest.fixture(scope="session")
def dovecot(certificate: Certificate) -> Iterator[MailServer]:
    """Dovecot, started by anybody: as root it is run by `nobody`."""
    if not DOVECOT:
        pytest.skip("needs Dovecot (Debian: apt-get install dovecot-imapd dovecot-pop3d)")
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    folder = Path(tempfile.mkdtemp(prefix="mailer-dovecot-"))
    ports = {scheme: free_port() for scheme in ("imap", "imaps", "pop3", "pop3s")}
    for name, file in (("chain.pem", certificate.chain), ("key.pem", certificate.key)):
        shutil.copyfile(file, folder / name)
    text = SETTINGS.format(
        folder=folder,
        user=user.pw_name,
        group=grp.getgrgid(user.pw_gid).gr_name,
        uid=user.pw_uid,
        gid=user.pw_gid,
        password=PASSWORD,
        **ports,
    )
    (folder / "dovecot.conf").write_text(text, encoding="utf-8")
    if os.geteuid() == 0:
        for path in (folder, *folder.iterdir()):
            os.chown(path, user.pw_uid, user.pw_gid)
    user_id, group_id = (user.pw_uid, user.pw_gid) if os.geteuid() == 0 else (None, None)
    process = subprocess.Popen([DOVECOT, "-F", "-c", folder / "dovecot.conf"], user=user_id, group=group_id)
    try:
        yield _wait_for(MailServer(ports, process, folder, certificate))
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_SECONDS)
        shutil.rmtree(folder)


@pytest.fixture
def pymap(certificate: Certificate, tmp_path: Path) -> Iterator[MailServer]:
    """pymap, for the one user `ada`: an IMAP server that keeps no keywords, only the flags of RFC 3501."""
    port = free_port()
    command = [str(Path(sys.executable).parent / "pymap"), "--no-service", "admin", "--no-service", "managesieve"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--no-tls"]
    command += ["dict", "--demo-data", "--demo-user", "ada", "--demo-password", PASSWORD]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        server = _wait_for(MailServer({"imap": port}, process, tmp_path, certificate))
        with server.client("ada") as client:  # what it comes with
            client.delete_messages(client.search("ALL"))
            client.expunge()
        yield server
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_SECONDS)


@dataclass
class BrokenServer:
    """A server that says what it was told to, line by line as it is spoken to, and then is silent or hangs up."""

    says: Sequence[bytes]
    hangs_up: bool = False
    heard: list[bytes] = field(default_factory=list)
    is_spoken_to: bool = False

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        self.is_spoken_to = True
        with closing(connection), connection.makefile("rb") as lines, suppress(ConnectionError):
            for number, answer in enumerate(self.says):
                if number:
                    self.heard.append(lines.readline())
                tag = self.heard[-1].partition(b" ")[0] if self.heard else b""
                connection.sendall(answer.replace(b"TAG", tag))
            if not self.hangs_up:
                self._over.wait(PATIENCE_SECONDS)

    def close(self) -> None:
        """End it."""
        self._over.set()
        self._listener.close()
        self._thread.join(timeout=PATIENCE_SECONDS)
