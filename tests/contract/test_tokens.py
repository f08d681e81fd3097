"""`mailer token`: add with scopes and an end, list without secrets, revoke."""

import json
from pathlib import Path

import pytest

from tests.support.mailer_process import run_mailer


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "workspace"
    assert run_mailer("init", str(home)).returncode == 0
    return home


def test_a_token_is_added_with_scopes_listed_without_its_secret_and_revoked(home: Path) -> None:
    nobody = run_mailer("token", "add", "export", home=home)
    assert nobody.returncode == 2
    assert "mailer user add" in nobody.stderr
    assert run_mailer("user", "add", "helena@example.org", home=home).returncode == 0

    options = ("--scope", "subscribers:read", "--scope", "audiences:read", "--expires", "2099-01-01", "--json")
    made = json.loads(run_mailer("token", "add", "export", *options, home=home).stdout)
    assert made["scopes"] == ["subscribers:read", "audiences:read"]
    assert run_mailer("token", "add", "all", "--user", "helena@example.org", home=home).stdout.startswith("mlr_")

    listed = run_mailer("token", "list", "--json", home=home)
    assert made["token"] not in listed.stdout
    first, second = json.loads(listed.stdout)
    assert sorted(first["scopes"]) == ["audiences:read", "subscribers:read"]
    assert first["expires_at"].startswith(("2098-12-31", "2099-01-01"))
    assert first["used_at"] == ""
    assert "campaigns:send" in second["scopes"]
    assert run_mailer("token", "revoke", str(first["id"]), home=home).returncode == 0
    assert json.loads(run_mailer("token", "list", "--json", home=home).stdout)[0]["revoked_at"]


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--scope", "subscribers:fly", "subscribers:fly"),
        ("--expires", "2001-01-01", "past"),
        ("--expires", "soon", "--expires"),
        ("--user", "nobody@example.org", "nobody@example.org"),
    ],
)
def test_what_a_token_cannot_be_is_said(home: Path, option: str, value: str, says: str) -> None:
    assert run_mailer("user", "add", "helena@example.org", home=home).returncode == 0
    done = run_mailer("token", "add", "x", option, value, home=home)
    assert (done.returncode, says in done.stderr, "Traceback" in done.stderr) == (2, True, False)
