"""`mailer demo`: what it serves works, and Ctrl-C ends it at any time."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.mailer_process import Start, clean_environment, run_mailer, wait_until
from tests.support.relay import RelayServer

POISONED = """
import queue, sys
from kombu.transport.memory import Channel
from mailer.cli import main
from mailer.queues import SHORT

Channel.queues[SHORT] = queue.Queue()
Channel.queues[SHORT].put("this is no message")
main()
"""


def test_what_a_manager_releases_in_it_is_sent(tmp_path: Path, start_mailer: Start) -> None:
    demo = start_mailer("demo", "--port", "0", env={"TMPDIR": str(tmp_path)})
    demo.wait_for("Ctrl-C stops it")
    (home,) = tmp_path.glob("mailer-demo-*")

    def run(*arguments: str | Path) -> dict[str, object]:
        done = run_mailer("campaign", *arguments, "--json", home=home)
        assert done.returncode == 0, done.stderr
        shown: dict[str, object] = json.loads(done.stdout)
        return shown

    number = str(run("create", home / "issues" / "sample", "--audience", "industry")["id"])
    run("schedule", number, "--at", "now", "--yes")

    wait_until(lambda: run("show", number)["state"] == "sent", what="the end of the campaign")
    assert demo.interrupt() == 0


def test_ctrl_c_ends_it_while_it_sends(tmp_path: Path, start_mailer: Start) -> None:
    demo = start_mailer("demo", "--once", "--people", "1000", env={"TMPDIR": str(tmp_path)})
    demo.wait_for("campaign_enlisted")

    assert demo.interrupt() == 130
    assert "The mail lies in" not in demo.log
    assert "Traceback" not in demo.log


@pytest.mark.parametrize("more", [("--once",), ("--port", "0")])
def test_it_ends_with_an_error_where_its_worker_cannot_go_on(tmp_path: Path, more: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", POISONED, "demo", *more],
        check=False,
        capture_output=True,
        text=True,
        env=clean_environment(TMPDIR=str(tmp_path)),
        timeout=100,
    )

    assert done.returncode == 3, done.stderr
    assert "it ended because of what the log says above" in done.stderr


def test_it_writes_to_nobody_of_the_workspace_that_is_set_around_it(tmp_path: Path, relay_server: RelayServer) -> None:
    home = tmp_path / "workspace"
    assert run_mailer("init", home).returncode == 0
    env = {
        "TMPDIR": str(tmp_path),
        "MAILER_DATABASE_URL": f"sqlite:///{home / 'mailer.db'}",
        "MAILER_SMTP_URL": relay_server.url,
    }
    consent = ("--audience", "academic", "--consent", "a test", "--status", "subscribed")
    assert run_mailer("subscribers", "add", "real@x.test", *consent, home=home).returncode == 0

    done = run_mailer("demo", "--once", "--people", "1", env=env)

    assert done.returncode == 0, done.stderr
    assert relay_server.recipients == []
    people = run_mailer("subscribers", "export", "--format", "jsonl", home=home).stdout
    assert [line for line in people.splitlines() if "real@x.test" not in line] == []
    assert run_mailer("campaign", "list", "--json", home=home).stdout.strip() == "[]"
