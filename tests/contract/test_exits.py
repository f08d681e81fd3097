"""Exit codes, and one line on standard error for whatever a person has done wrong."""

import os
from pathlib import Path

import pytest

from tests.support.mailer_process import run_mailer

WRONG = [
    (["frobnicate"], "frobnicate"),
    (["render"], "ISSUE"),
    (["render", "no-such-folder"], "no-such-folder"),
    (["render", "--format", "pdf", "issue.md"], "pdf"),
    (["render", "--to", "nobody@", "issue.md"], "nobody@"),
    (["check", "no-such-folder"], "no-such-folder"),
    (["campaign", "list", "--workspace", "nowhere"], "nowhere"),
]


@pytest.mark.parametrize(("arguments", "named"), WRONG, ids=lambda it: " ".join(it) if isinstance(it, list) else "")
def test_wrong_use_is_one_line_and_exit_2(tmp_path: Path, arguments: list[str], named: str) -> None:
    (tmp_path / "issue.md").write_text("# Hello\n", encoding="utf-8")
    done = run_mailer(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert named in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_an_argument_of_a_terminal_that_does_not_speak_utf_8_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "workspace"
    assert run_mailer("init", home).returncode == 0
    done = run_mailer("audiences", "add", "city", os.fsdecode("Zürich".encode("latin-1")), home=home)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "mailer: Z\ufffdrich is not written in UTF-8; set your terminal to UTF-8\n"


def test_a_wrong_setting_stops_the_start_with_its_name(tmp_path: Path) -> None:
    done = run_mailer("campaign", "list", home=tmp_path, env={"MAILER_SMTP_URL": "carrier-pigeon"})
    assert done.returncode == 2
    assert done.stderr.startswith("mailer: MAILER_SMTP_URL: ")
    assert "carrier-pigeon" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "setting",
    [
        {"MAILER_DATABASE_URL": "postgresql+psycopg://mailer:hunter2@127.0.0.1:1/mailer"},
        {"MAILER_BROKER_URL": "redis://:hunter2@127.0.0.1:1/0"},
    ],
    ids=["database", "broker"],
)
def test_a_service_that_does_not_answer_is_exit_3(tmp_path: Path, setting: dict[str, str]) -> None:
    home = tmp_path / "workspace"
    assert run_mailer("init", home).returncode == 0
    done = run_mailer("worker", home=home, env=setting)
    assert done.returncode == 3, done.stderr
    assert "127.0.0.1:1" in done.stderr
    assert "hunter2" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_relay_that_does_not_answer_is_exit_3_for_test_copies_too_and_a_placeholder_2(tmp_path: Path) -> None:
    home = tmp_path / "workspace"
    assert run_mailer("init", home).returncode == 0
    (tmp_path / "issue.md").write_text("# Hello\n\nNews.\n", encoding="utf-8")
    command = ("test-send", tmp_path / "issue.md", "--to", "ada@x.test")

    away = run_mailer(*command, home=home, env={"MAILER_SMTP_URL": "smtp://127.0.0.1:1?starttls=no"})
    nowhere = run_mailer(*command, home=home, env={"MAILER_SMTP_URL": "smtp://relay.invalid:587"})

    assert (away.returncode, nowhere.returncode) == (3, 2)
    assert (away.stdout, nowhere.stdout) == ("", "")
    assert "relay 127.0.0.1:1: Connection refused" in away.stderr
    assert "placeholder" in nowhere.stderr
    assert len(away.stderr.splitlines()) == len(nowhere.stderr.splitlines()) == 1


def test_run_beside_a_broker_is_refused_before_anything_of_it_serves(tmp_path: Path) -> None:
    home = tmp_path / "workspace"
    assert run_mailer("init", home).returncode == 0
    bound = home / "web.address"
    bound.write_text("http://127.0.0.1:8123", encoding="utf-8")  # where `mailer web` serves, and links lead

    done = run_mailer("run", "--port", "0", home=home, env={"MAILER_BROKER_URL": "redis://127.0.0.1:1/0"})

    assert done.returncode == 2
    assert "mailer worker" in done.stderr
    assert bound.read_text(encoding="utf-8") == "http://127.0.0.1:8123"
