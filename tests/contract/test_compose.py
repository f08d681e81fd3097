"""The compose file is valid, safe by default, and its services carry a campaign from end to end."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from mailer.base.settings import read_settings
from tests.support.compose import PROJECT, Native, interpolated, read_compose
from tests.support.mailer_process import SECRET, Start, clean_environment, run_mailer, wait_until
from tests.support.redis import RedisServer, free_port, redis_binary
from tests.support.relay import RelayServer

OURS = ("migrate", "web", "worker", "beat")


def test_the_file_is_valid_by_the_schema_of_the_specification() -> None:
    services = read_compose({})["services"]
    assert set(services) == {*OURS, "postgres", "redis"}


def test_variables_are_filled_in_and_two_dollars_are_one() -> None:
    assert interpolated("${A:-x} ${A} ${B:-y z} $$C $${D}", {"A": "1"}) == "1 1 y z $C ${D}"


def test_every_service_is_pinned_confined_and_comes_back() -> None:
    services: dict[str, dict[str, Any]] = read_compose({})["services"]
    for name, service in services.items():
        tag = service["image"].partition(":")[2]
        assert tag[:1].isdigit(), f"{name} is not pinned by a version"
        assert service["user"] not in ("root", "0"), name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["restart"] == ("no" if name == "migrate" else "unless-stopped"), name
        assert "healthcheck" in service, name


def test_secrets_come_by_file_and_none_stands_in_the_file() -> None:
    compose = read_compose({})
    for name, service in compose["services"].items():
        for variable, value in service.get("environment", {}).items():
            if variable.endswith("_FILE"):
                assert Path(value).name in service["secrets"], f"{name}: {variable}"
            assert not any(word in variable for word in ("PASSWORD", "SECRET", "TOKEN")) or variable.endswith("_FILE")
            assert "@" not in value.replace("newsletter@example.org", ""), f"{name}: {variable}"
    ignored = (PROJECT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "/secrets/" in ignored
    assert {secret["file"] for secret in compose["secrets"].values()} <= {
        f"./secrets/{name}" for name in compose["secrets"]
    }


def test_a_proxy_on_the_host_is_believed_and_only_the_host_reaches_the_web_part(tmp_path: Path) -> None:
    web = read_compose({})["services"]["web"]
    environ = {name: value for name, value in web["environment"].items() if not name.endswith("_FILE")}
    trusted = read_settings(tmp_path, environ).base.trusted_proxies
    for gateway in ("172.17.0.1", "172.31.0.1", "192.168.16.1"):  # from the engine's own pools
        assert any(ip_address(gateway) in network for network in trusted), gateway
    assert [port.startswith("127.0.0.1:") for port in web["ports"]] == [True]


def test_whatever_is_migrated_waits_for_the_migration() -> None:
    services = read_compose({})["services"]
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in ("web", "worker", "beat"):
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_the_image_carries_what_the_wheel_is_made_of() -> None:
    dockerfile = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
    ignore = (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = {"pyproject.toml", "README.md", "LICENSE", "mailer", "subscribers", "templates"}
    assert {line.removeprefix("!") for line in ignore if line.startswith("!")} == copied
    assert all(name in dockerfile for name in copied)
    assert "USER mailer" in dockerfile


@pytest.fixture
def native(tmp_path: Path, postgresql_url: str, redis_server: RedisServer, relay_server: RelayServer) -> Native:
    """The places of the services, and their secrets."""
    for folder in ("secrets", "data"):
        (tmp_path / folder).mkdir()
    secrets = {"database_url": postgresql_url, "secret_keys": SECRET, "smtp_url": relay_server.url}
    for name, value in secrets.items():
        (tmp_path / "secrets" / name).write_text(f"{value}\n", encoding="utf-8")
    return Native(tmp_path, redis_server.port, free_port())


@pytest.fixture
def services(native: Native, start_mailer: Start) -> Iterator[Mapping[str, Any]]:
    """All services of ours, started in the order of the file, each with its own command and environment."""
    found: dict[str, Any] = read_compose({})["services"]
    command, *arguments = native.command(found["migrate"])
    assert command == "mailer"
    assert run_mailer(*arguments, env=native.environment(found["migrate"])).returncode == 0
    processes = {}
    for name in ("web", "worker", "beat"):
        command, *arguments = native.command(found[name])
        assert command == "mailer"
        processes[name] = start_mailer(*arguments, env=native.environment(found[name]))
    for name, process in processes.items():
        process.wait_for({"web": r"web http", "worker": "worker ready", "beat": "beat ready"}[name])
    yield found
    for name, process in processes.items():
        assert process.terminate() == 0, f"{name}: {process.log}"


def _is_healthy(native: Native, service: Mapping[str, Any]) -> Callable[[], bool]:
    def ask() -> bool:
        environment = clean_environment(**native.environment(service))
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
        done = subprocess.run(
            native.health_command(service), check=False, capture_output=True, env=environment, cwd=native.folder
        )
        return done.returncode == 0

    return ask


def test_the_services_carry_a_campaign_from_end_to_end(
    native: Native, services: Mapping[str, Any], relay_server: RelayServer
) -> None:
    for name in ("web", "worker"):
        wait_until(_is_healthy(native, services[name]), what=f"{name} healthy")
    issue, people = native.folder / "issue.md", native.folder / "people.csv"
    issue.write_text("# Hello\n\nNews for everyone.\n", encoding="utf-8")
    lines = [f"person{number}@x.test,Person {number}" for number in range(25)]
    people.write_text("\n".join(["email,name", *lines]) + "\n", encoding="utf-8")

    def run(*arguments: str) -> str:
        done = run_mailer(*arguments, env=native.environment(services["web"]), cwd=native.folder)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("audiences", "add", "academic", "--name", "Academic")
    consent = ("--status", "subscribed", "--consent", "Asked at the conference")
    run("subscribers", "import", "people.csv", "--audience", "academic", *consent)
    run("send", "issue.md", "--audience", "academic", "--at", "now", "--yes")

    assert sorted(relay_server.recipients) == sorted(line.partition(",")[0] for line in lines)


def test_the_broker_runs_by_the_command_of_the_file(native: Native) -> None:
    command = native.command(read_compose({})["services"]["redis"])
    assert command[0] == "redis-server"
    port = free_port()
    with subprocess.Popen([redis_binary(), *command[1:], "--port", str(port)], cwd=native.folder) as server:
        try:
            ours = RedisServer(folder=native.folder, port=port, process=server)
            wait_until(ours.answers, what="Redis")
        finally:
            server.terminate()
    assert server.returncode == 0
