"""The API is what its description says: schemathesis, all its checks on, finds nothing; with a token and without."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mailer import accounts
from mailer.app import open_app
from tests.support.mailer_process import Start, run_mailer

EXAMPLES = 6
"""For each operation, beside what the phase `coverage` makes of every bound in the schema."""
SEED = "2026"
"""So that a change is judged by the same calls as the one before it; other seeds are for looking further."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A workspace with the sample issue, people and a campaign."""
    home = tmp_path / "workspace"
    assert run_mailer("init", str(home), "--sample").returncode == 0
    issue = next((home / "issues").iterdir())
    made = run_mailer("campaign", "create", issue, "--audience", "academic", "--json", home=home)
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["id"] == 1
    return home


@pytest.mark.timeout(900)
@pytest.mark.parametrize("authenticated", [True, False], ids=["with a token", "without"])
def test_schemathesis_finds_nothing(home: Path, tmp_path: Path, start_mailer: Start, *, authenticated: bool) -> None:
    headers = []
    if authenticated:
        app = open_app(home)
        with app.database.begin() as session:
            account = accounts.add_user(session, "robot@maths.test", now=app.clock())
            secret = accounts.add_token(session, account.id, name="schemathesis", now=app.clock())
        app.close()
        headers = ["--header", f"Authorization: Bearer {secret}"]
    mailer = start_mailer("run", "--port", "0", home=home, env={"MAILER_LIMITS_API": "1000000"})
    address = mailer.wait_for(r"web +(http://127\.0\.0\.1:\d+)")[1]

    # What is really there, so that deeds are done and not only refused for want of their subject.
    (tmp_path / "schemathesis.toml").write_text('[parameters]\ncampaign_id = "1"\naudience = "academic"\n', "utf-8")

    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "schemathesis"), "run", f"{address}/openapi.json", *headers,
            "--checks", "all", "--mode", "all", "--max-examples", str(EXAMPLES), "--continue-on-failure", "--no-color",
            "--suppress-health-check", "all", "--request-timeout", "60", "--generation-database", ":memory:", "--seed", SEED,
        ],
        check=False, capture_output=True, text=True, cwd=tmp_path, timeout=800,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
    assert "Tested: " in done.stdout
    assert mailer.process is not None
    assert mailer.process.poll() is None
