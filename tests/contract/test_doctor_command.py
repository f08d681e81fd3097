"""`mailer doctor`: a table with what to do, and what a program reads."""

import json
from pathlib import Path

from tests.support.mailer_process import run_mailer


def test_a_fresh_workspace_is_well_but_for_what_a_trial_lacks(tmp_path: Path) -> None:
    assert run_mailer("init", tmp_path).returncode == 0
    done = run_mailer("doctor", home=tmp_path)
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[0].split() == ["level", "about", "what", "is", "found", "→", "what", "to", "do"]
    assert "0 errors" in done.stderr
    found = json.loads(run_mailer("doctor", "--json", home=tmp_path).stdout)
    assert {finding["about"] for finding in found} >= {"database", "queue", "relay", "clock", "DNS", "disk", "backups"}
    assert all(finding["do"] for finding in found if finding["level"] != "ok")


def test_where_there_is_no_workspace_it_says_so(tmp_path: Path) -> None:
    done = run_mailer("doctor", home=tmp_path / "nowhere")
    assert (done.returncode, done.stderr.count("\n"), "mailer init" in done.stderr) == (2, 1, True)
    assert not (tmp_path / "nowhere").exists()


def test_a_wrong_name_server_is_one_line(tmp_path: Path) -> None:
    assert run_mailer("init", tmp_path).returncode == 0
    done = run_mailer("doctor", "--nameserver", "nonsense", home=tmp_path)
    assert (done.returncode, done.stderr.count("\n"), "--nameserver" in done.stderr) == (2, 1, True)
