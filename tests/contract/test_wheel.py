"""`pip install .` in an empty environment gives the whole command, usable from any folder."""

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
QUIET = ["--quiet", "--disable-pip-version-check"]


def _run(*command: str | Path, cwd: Path) -> str:
    # All of it, for pip's own settings stand there too; nothing of ours, and no way to the checkout.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAILER_", "PYTHON"))}
    environment["TMPDIR"] = str(cwd)  # the demo keeps its workspace
    done = subprocess.run(
        [str(part) for part in command], check=False, capture_output=True, text=True, cwd=cwd, env=environment
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as a stranger's pip would."""
    folder = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "pip", "wheel", *QUIET, "--no-deps", "--wheel-dir", folder, PROJECT, cwd=folder)
    (built,) = folder.glob("mailer-*.whl")
    return built


def test_the_wheel_holds_the_templates_and_the_sample_and_nothing_else_of_the_project(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "mailer/_templates/sample/issue.md" in names
    assert "mailer/_templates/email/letter.mjml" in names
    assert "mailer/migrations/versions/0001_first.py" in names
    assert {name.partition("/")[0] for name in names if "dist-info" not in name} == {"mailer", "subscribers"}
    assert not [name for name in names if "__pycache__" in name]


@pytest.mark.timeout(600)
def test_an_empty_environment_gets_a_command_that_works_from_any_folder(wheel: Path, tmp_path: Path) -> None:
    home, elsewhere = tmp_path / "env", tmp_path / "elsewhere"
    elsewhere.mkdir()
    venv.create(home, with_pip=True)
    _run(home / "bin" / "python", "-m", "pip", "install", *QUIET, "--no-compile", wheel, cwd=tmp_path)
    mailer = home / "bin" / "mailer"

    assert _run(mailer, "--version", cwd=elsewhere).strip()
    _run(mailer, "new", "my-issue", cwd=elsewhere)
    assert "<h1" in _run(mailer, "render", "my-issue", "--format", "html", cwd=elsewhere)
    outcome = json.loads(_run(mailer, "demo", "--once", "--json", cwd=elsewhere))
    assert outcome["state"] == "sent"
    assert [person["mails"] for person in outcome["people"]] == [
        1 if person["status"] == "subscribed" else 0 for person in outcome["people"]
    ]
