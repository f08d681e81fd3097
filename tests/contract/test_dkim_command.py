"""`mailer dkim keygen`: the keys, the records to publish and the settings, as they are used."""

import json
import re
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from mailer.base.settings import read_settings
from mailer.delivery.message.dkim import signers
from tests.support.mailer_process import run_mailer
from tests.support.redis import RedisServer


def test_what_keygen_says_can_be_put_into_the_settings_as_it_is(tmp_path: Path) -> None:
    assert run_mailer("init", str(tmp_path)).returncode == 0
    made = run_mailer("dkim", "keygen", "news.example.org", home=tmp_path)
    assert made.returncode == 0
    names = re.findall(r"^(\S+\._domainkey\.news\.example\.org)  TXT$", made.stdout, re.MULTILINE)
    assert len(names) == 2

    with (tmp_path / "mailer.toml").open("a") as file:
        file.write(made.stdout[made.stdout.index("[dkim]") :])

    settings = read_settings(tmp_path)
    found = signers(settings.dkim, home=tmp_path, sender_domain="other.test")
    assert [f"{each.selector}._domainkey.{each.domain}" for each in found] == names


def test_the_next_keys_are_made_for_a_program(tmp_path: Path) -> None:
    first, second = (
        json.loads(run_mailer("dkim", "keygen", "news.example.org", "--json", home=tmp_path).stdout) for _ in range(2)
    )
    assert first["settings"]["selector"] == "mailer1-rsa mailer1-ed25519"
    assert second["settings"]["selector"] == "mailer2-rsa mailer2-ed25519"
    assert all(key["type"] == "TXT" and key["record"].startswith("v=DKIM1; ") for key in second["keys"])


def test_a_wrong_domain_is_one_line(tmp_path: Path) -> None:
    done = run_mailer("dkim", "keygen", "localhost", home=tmp_path)
    assert (done.returncode, done.stderr.count("\n"), "localhost" in done.stderr) == (2, 1, True)


@pytest.mark.parametrize(
    "command", [("run", "--port", "0"), ("worker",), ("send", "issues/sample", "--audience", "academic", "--yes")]
)
def test_whoever_is_to_send_does_not_begin_with_a_key_that_cannot_be_read(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    with_a_key_that_is_gone(tmp_path)
    told_so(tmp_path, run_mailer(*command, home=tmp_path))


def test_nor_does_a_worker_over_a_broker(tmp_path: Path, redis_server: RedisServer) -> None:
    with_a_key_that_is_gone(tmp_path)
    told_so(tmp_path, run_mailer("worker", home=tmp_path, env={"MAILER_BROKER_URL": redis_server.url}, seconds=60))


def with_a_key_that_is_gone(home: Path) -> None:
    assert run_mailer("init", str(home), "--sample").returncode == 0
    with (home / "mailer.toml").open("a") as file:
        file.write('\n[dkim]\nselector = "a"\nkey_file = "gone.pem"\n')


def told_so(home: Path, done: CompletedProcess[str]) -> None:
    assert done.returncode == 2
    assert f"{home / 'gone.pem'} cannot be read" in done.stderr
    assert "Traceback" not in done.stderr
