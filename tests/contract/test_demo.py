"""`mailer demo`: what it serves works, and Ctrl-C ends it at any time."""

import json
from pathlib import Path

from tests.support.mailer_process import Start, run_mailer, wait_until


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
