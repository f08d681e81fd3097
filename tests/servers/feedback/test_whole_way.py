"""The whole way: a campaign is sent, its bounces and a wish to leave come back by mail, and the mailbox is read."""

import json
import re
from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.certificates import Certificate
from tests.support.mailboxes import PASSWORD, BrokenServer, MailServer
from tests.support.mailer_process import Start, run_mailer, wait_until
from tests.support.redis import RedisServer
from tests.support.relay import Received, RelayServer

CONSENT = ("--audience", "academic", "--status", "subscribed", "--consent", "By letter")
BACK = {"ada@x.test": "suppressed", "bob@x.test": "unsubscribed", "cat@x.test": "subscribed"}
DSN = """\
From: Mail Delivery System <mailer-daemon@mx.x.test>
To: {to}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I could not deliver your message.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.x.test

Final-Recipient: rfc822; {address}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b--
"""


def bounce(received: Received) -> bytes:
    """What a mail server writes to the envelope's sender when there is no such user."""
    return DSN.format(to=received.sender, address=received.recipients[0]).replace("\n", "\r\n").encode()


def wish_to_leave(received: Received) -> bytes:
    """The mail that a program writes by the header List-Unsubscribe (RFC 2369 §3.2)."""
    link = re.search(r"<(mailto:[^>]+)>", str(received.message["List-Unsubscribe"]))
    assert link is not None
    parts = urlsplit(link[1])
    mail = EmailMessage()
    mail["From"] = received.recipients[0]
    mail["To"] = parts.path
    mail["Subject"] = parse_qs(parts.query)["subject"][0]
    mail.set_content("")
    return mail.as_bytes()


def a_workspace(folder: Path, env: Mapping[str, str]) -> Path:
    home = folder / "workspace"
    (folder / "issue.md").write_text("# Hello\n\nNews for everyone.\n", encoding="utf-8")
    assert run_mailer("init", home, env=env).returncode == 0
    people = folder / "people.txt"
    people.write_text("ada@x.test\nbob@x.test\ncat@x.test\n", encoding="utf-8")
    assert run_mailer("subscribers", "import", people, *CONSENT, home=home, env=env).returncode == 0
    return home


def send(home: Path, env: Mapping[str, str], relay_server: RelayServer) -> dict[str, Received]:
    sent = run_mailer(
        "send", "issue.md", "--audience", "academic", "--at", "now", "--yes", home=home, cwd=home.parent, env=env
    )
    assert sent.returncode == 0, sent.stderr
    return {received.recipients[0]: received for received in relay_server.wait_for(3)}


def statuses(home: Path, env: Mapping[str, str]) -> dict[str, str]:
    exported = run_mailer("subscribers", "export", "--format", "jsonl", home=home, env=env)
    return {row["email"]: row["status"] for row in map(json.loads, exported.stdout.splitlines())}


@pytest.mark.parametrize("scheme", ["imap", "maildir"])
def test_what_came_back_is_acted_upon_and_counted(
    tmp_path: Path, relay_server: RelayServer, dovecot: MailServer, certificate: Certificate, scheme: str
) -> None:
    user = f"way-{scheme}"
    url = "maildir:bounces" if scheme == "maildir" else dovecot.url(scheme, user)
    env = {"MAILER_SMTP_URL": relay_server.url, "MAILER_BOUNCE_ADDRESS": "bounces@news.test", "MAILER_BOUNCE_URL": url}
    env["SSL_CERT_FILE"] = str(certificate.authority)
    home = a_workspace(tmp_path, env)
    received = send(home, env, relay_server)
    came_back = [bounce(received["ada@x.test"]), wish_to_leave(received["bob@x.test"])]
    if scheme == "maildir":
        for name in ("new", "cur", "tmp"):
            (home / "bounces" / name).mkdir(parents=True)
        for number, message in enumerate(came_back):
            (home / "bounces" / "new" / f"{number}.x.host").write_bytes(message)
    else:
        dovecot.deliver(user, *came_back)

    polled = run_mailer("feedback", "poll", "--json", home=home, env=env)
    again = run_mailer("feedback", "poll", "--json", home=home, env=env)

    assert polled.returncode == again.returncode == 0, polled.stderr
    assert json.loads(polled.stdout) == {"read": 2, "bounce": 1, "unsubscribe": 1}
    assert json.loads(again.stdout) == {"read": 0}
    assert statuses(home, env) == BACK
    report = run_mailer("campaign", "report", "1", "--json", home=home, env=env)
    counts = json.loads(report.stdout)["events"]
    assert (counts["bounced"], counts["unsubscribed"]) == (1, 1)
    assert PASSWORD not in polled.stderr + again.stderr


@pytest.mark.parametrize("mode", ["embedded", "distributed"])
def test_the_mailbox_is_read_without_being_told_to(  # noqa: PLR0917 - fixtures
    tmp_path: Path,
    relay_server: RelayServer,
    dovecot: MailServer,
    certificate: Certificate,
    start_mailer: Start,
    mode: str,
    request: pytest.FixtureRequest,
) -> None:
    user = f"scheduled-{mode}"
    env = {
        "MAILER_SMTP_URL": relay_server.url,
        "MAILER_BOUNCE_ADDRESS": "bounces@news.test",
        "MAILER_BOUNCE_URL": dovecot.url("imaps", user),
        "MAILER_BOUNCE_EVERY": "1 s",
        "SSL_CERT_FILE": str(certificate.authority),
    }
    if mode == "distributed":
        env["MAILER_DATABASE_URL"] = request.getfixturevalue("postgresql_url")
    home = a_workspace(tmp_path, env)
    received = send(home, env, relay_server)
    if mode == "distributed":
        redis_server: RedisServer = request.getfixturevalue("redis_server")
        env["MAILER_BROKER_URL"] = redis_server.url
        started = [start_mailer("worker", home=home, env=env) for _ in range(2)]
        started.append(start_mailer("beat", home=home, env=env))
    else:
        started = [start_mailer("run", "--port", "0", home=home, env=env)]

    dovecot.deliver(user, bounce(received["ada@x.test"]), wish_to_leave(received["bob@x.test"]))

    wait_until(lambda: statuses(home, env) == BACK, seconds=90, what="the reading of the mailbox")
    assert not any(PASSWORD in process.log or user in process.log for process in started)


def test_a_mail_server_that_hangs_holds_no_letter_up(
    tmp_path: Path, relay_server: RelayServer, start_mailer: Start
) -> None:
    server = BrokenServer([])
    env = {
        "MAILER_SMTP_URL": relay_server.url,
        "MAILER_BOUNCE_ADDRESS": "bounces@news.test",
        "MAILER_BOUNCE_URL": f"imap://ada:{PASSWORD}@127.0.0.1:{server.port}?timeout=60",
        "MAILER_RELEASE_COOLING_OFF": "0",
    }
    home = a_workspace(tmp_path, env)
    start_mailer("run", "--port", "0", home=home, env=env)
    try:
        wait_until(lambda: server.is_spoken_to, what="the reading of the mailbox")
        sent = run_mailer(
            *("campaign", "create", "issue.md", "--audience", "academic", "--json"), home=home, cwd=home.parent, env=env
        )
        number = str(json.loads(sent.stdout)["id"])
        scheduled = run_mailer("campaign", "schedule", number, "--at", "now", "--yes", home=home, env=env)
        assert scheduled.returncode == 0, scheduled.stderr

        assert len(relay_server.wait_for(3, seconds=20)) == 3
    finally:
        server.close()


@pytest.mark.parametrize(
    ("url", "code", "said"),
    [
        ("imap://ada:hunter2@127.0.0.1:1", 3, "Connection refused"),
        ("imap://ada:hunter2@127.0.0.1:1?speed=5", 2, "is not allowed"),
        ("smtp://ada:hunter2@127.0.0.1", 2, "is not allowed"),
        ("imaps://ada:hunter2@nowhere.invalid", 3, "nowhere.invalid"),
        ("maildir:nowhere", 2, "no Maildir"),
        ("", 2, "no bounce mailbox is set"),
    ],
)
def test_what_is_wrong_with_the_mailbox_is_told_in_one_line_without_the_password(
    tmp_path: Path, url: str, code: int, said: str
) -> None:
    assert run_mailer("init", tmp_path / "w").returncode == 0
    polled = run_mailer("feedback", "poll", home=tmp_path / "w", env={"MAILER_BOUNCE_URL": url})

    assert polled.returncode == code
    assert said in polled.stderr
    assert len(polled.stderr.splitlines()) == 1
    assert "hunter2" not in polled.stderr
    assert "MAILER_BOUNCE_URL" in polled.stderr or "[bounce] url" in polled.stderr
