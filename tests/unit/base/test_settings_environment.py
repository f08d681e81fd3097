"""The environment: secrets by file, and the workspace that was named."""

from pathlib import Path

import pytest

from mailer.base.settings import read_settings


def test_a_secret_may_lie_in_a_file_that_a_variable_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys, url = tmp_path / "keys", tmp_path / "url"
    keys.write_text(f"{'o' * 20}\n{'k' * 20}\n", encoding="utf-8")
    url.write_text("postgresql+psycopg://mailer:pass@postgres/mailer\n", encoding="utf-8")
    monkeypatch.setenv("MAILER_SECRET_KEYS_FILE", str(keys))
    monkeypatch.setenv("MAILER_DATABASE_URL_FILE", str(url))
    settings = read_settings(tmp_path)
    assert [key.get_secret_value() for key in settings.secret.keys] == ["o" * 20, "k" * 20]
    assert settings.database_url == "postgresql+psycopg://mailer:pass@postgres/mailer"


def test_the_workspace_that_was_named_wins_over_mailer_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILER_HOME", "/somewhere/else")
    assert read_settings(tmp_path).home == tmp_path


def test_the_environment_that_is_given_is_the_one_that_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILER_SENDER_NAME", "Process")
    assert read_settings(tmp_path, {"MAILER_SENDER_NAME": "Given"}).sender.name == "Given"


def test_the_key_file_of_dkim_is_a_setting_and_no_secret_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILER_DKIM_KEY_FILE", "dkim.pem")
    assert read_settings(tmp_path).dkim.key_file == "dkim.pem"
