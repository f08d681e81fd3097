"""`mailer db backup`, `restore` and `check`: exit codes, what is printed, beside a mailer that runs."""

import json
import shutil
from pathlib import Path

import pytest

from tests.support.mailer_process import Start, run_mailer


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "workspace"
    assert run_mailer("init", home, "--sample").returncode == 0
    return home


def test_a_workspace_is_backed_up_while_it_runs_and_restored_on_another_machine(
    home: Path, start_mailer: Start, tmp_path: Path
) -> None:
    process = start_mailer("run", "--port", "0", home=home)
    process.wait_for(r"http://127\.0\.0\.1:\d+")
    done = run_mailer("db", "backup", home=home)
    assert (done.returncode, done.stderr) == (0, "")
    file = Path(done.stdout.strip())
    assert file.parent == home / "backups"
    assert process.interrupt() == 0

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("mailer.toml", "secrets.toml"):
        shutil.copy(home / name, elsewhere)
    done = run_mailer("db", "restore", file, "--yes", home=elsewhere)
    assert done.returncode == 0, done.stderr
    shown = run_mailer("subscribers", "show", "bela@example.org", "--json", home=elsewhere)
    assert json.loads(shown.stdout)["name"] == "Béla Kovács"


def test_what_is_there_is_replaced_only_by_a_yes(home: Path) -> None:
    file = Path(run_mailer("db", "backup", home=home).stdout.strip())
    assert run_mailer("subscribers", "unsubscribe", "ada@example.org", home=home).returncode == 0
    assert run_mailer("subscribers", "add", "new@example.org", home=home).returncode == 0

    refused = run_mailer("db", "restore", file, home=home)
    assert refused.returncode == 1
    assert run_mailer("subscribers", "show", "new@example.org", home=home).returncode == 0

    done = json.loads(run_mailer("db", "restore", file, "--yes", "--json", home=home).stdout)
    assert (done["paused"], done["stay_away"]) == ([], 1)
    assert Path(done["before"]).is_file()
    assert run_mailer("subscribers", "show", "new@example.org", home=home).returncode == 2
    ada = json.loads(run_mailer("subscribers", "show", "ada@example.org", "--json", home=home).stdout)
    assert ada["status"] == "unsubscribed"


def test_a_database_that_cannot_be_read_is_set_aside_for_the_backup(home: Path) -> None:
    file = Path(run_mailer("db", "backup", home=home).stdout.strip())
    for log in home.glob("mailer.db-*"):
        log.unlink()
    (home / "mailer.db").write_bytes(b"the disk has gone mad" * 1000)
    checked = run_mailer("db", "check", home=home)
    assert (checked.returncode, "damaged" in checked.stdout) == (1, True)

    done = run_mailer("db", "restore", file, "--yes", home=home)

    assert done.returncode == 0, done.stderr
    assert "could not be read" in done.stderr
    assert next(home.glob("mailer.db.damaged-*")).read_bytes().startswith(b"the disk has gone mad")
    assert run_mailer("db", "check", home=home).returncode == 0


@pytest.mark.parametrize("begins", [0, 10_000], ids=["all of it", "all but its beginning"])
def test_that_a_database_is_damaged_is_one_line_that_says_what_to_do(home: Path, begins: int) -> None:
    for log in home.glob("mailer.db-*"):
        log.unlink()
    content = (home / "mailer.db").read_bytes()
    (home / "mailer.db").write_bytes(content[:begins] + b"\xff" * (len(content) - begins))

    for command in ("campaign list", "subscribers export", "audit", "run --port 0", "db upgrade"):
        done = run_mailer(*command.split(), home=home, seconds=60)
        assert (done.returncode, done.stdout) == (1, ""), done.stderr
        assert "is damaged" in done.stderr
        assert "`mailer db restore`" in done.stderr
        assert len(done.stderr.splitlines()) == 1
    looked = run_mailer("doctor", home=home)
    assert "is damaged" in looked.stdout
    assert "Traceback" not in looked.stderr


def test_whoever_works_on_a_database_that_is_damaged_meanwhile_says_so_in_a_line(
    home: Path, start_mailer: Start
) -> None:
    process = start_mailer("run", "--port", "0", home=home)
    process.wait_for("Ctrl-C stops it")
    with (home / "mailer.db").open("r+b") as file:
        for page in range(4096, (home / "mailer.db").stat().st_size, 4096):
            file.seek(page)
            file.write(b"\xff" * 300)

    process.wait_for("job_failed .*is damaged.*`mailer db restore`")

    assert process.interrupt() == 0
    assert "Traceback" not in process.log


def test_old_backups_go_when_it_is_said_how_many_stay(home: Path) -> None:
    first = Path(run_mailer("db", "backup", home=home).stdout.strip())
    elsewhere = home / "mine.db"
    assert run_mailer("db", "backup", elsewhere, home=home).returncode == 0
    (home / "backups" / "mailer-20200101T000000Z.db").write_bytes(b"old")
    done = json.loads(run_mailer("db", "backup", home / "last.db", "--keep", "1", "--json", home=home).stdout)
    assert done["deleted"] == [str(home / "backups" / "mailer-20200101T000000Z.db")]
    assert (first.exists(), elsewhere.exists(), done["file"]) == (True, True, str(home / "last.db"))


def test_check_looks_at_the_database_or_at_a_file(home: Path) -> None:
    file = Path(run_mailer("db", "backup", home=home).stdout.strip())
    for where in ((), (file,)):
        done = run_mailer("db", "check", "--json", *where, home=home)
        assert (done.returncode, json.loads(done.stdout)) == (0, [])


@pytest.mark.parametrize("command", ["restore", "check"])
@pytest.mark.parametrize("name", ["missing.db", "mailer.toml"])
def test_what_is_no_backup_is_one_line(home: Path, command: str, name: str) -> None:
    done = run_mailer("db", command, home / name, *(("--yes",) if command == "restore" else ()), home=home)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert name in done.stderr


def test_where_there_is_no_workspace_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for command in ("backup", "check"):
        done = run_mailer("db", command, home=tmp_path / "empty")
        assert done.returncode in (1, 2), done.stderr
    done = run_mailer("db", "restore", tmp_path / "any.db", "--yes", home=tmp_path / "empty")
    assert (done.returncode, done.stderr.count("\n"), "MAILER_SECRET_KEYS" in done.stderr) == (2, 1, True)
    assert list((tmp_path / "empty").iterdir()) == []
