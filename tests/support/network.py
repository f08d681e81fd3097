"""Hosts of one machine: network namespaces, each joined to this one by a cable for every service, which can be pulled."""

import itertools
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

numbers = itertools.count(1)


@dataclass
class Host:
    """A namespace; `cables` tells for each service under which address this host finds it."""

    name: str
    cables: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)

    def command(self, *words: str) -> list[str]:
        """A command, to be run there."""
        return ["ip", "netns", "exec", self.name, *words]

    def cut(self, service: str) -> None:
        """Pull the cable to a service: what is under way is lost without a word."""
        _ip("link", "set", self.links[service], "down")

    def heal(self, service: str) -> None:
        """Plug it in again."""
        _ip("link", "set", self.links[service], "up")


class Network:
    """Makes hosts."""

    def __init__(self) -> None:
        self.hosts: list[Host] = []
        self._tag = f"{os.getpid() % 100_000}"

    def host(self, *services: str) -> Host:
        """A host with a cable to each of these services."""
        host = Host(f"mailer-{self._tag}-{len(self.hosts)}")
        _ip("netns", "add", host.name)
        self.hosts.append(host)
        _ip("-n", host.name, "link", "set", "lo", "up")
        for service in services:
            number = next(numbers)
            near, far = f"m{self._tag}n{number}", f"m{self._tag}f{number}"
            subnet = f"10.77.{number}"
            _ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", host.name)
            _ip("addr", "add", f"{subnet}.1/30", "dev", near)
            _ip("link", "set", near, "up")
            _ip("-n", host.name, "addr", "add", f"{subnet}.2/30", "dev", far)
            _ip("-n", host.name, "link", "set", far, "up")
            host.cables[service], host.links[service] = f"{subnet}.1", near
        return host

    def close(self) -> None:
        """Take everything away; the cables go with their hosts."""
        for host in self.hosts:
            _ip("netns", "del", host.name)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


@pytest.fixture
def network() -> Iterator[Network]:
    """Hosts that are taken away after the test."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces are made by root only")
    made = Network()
    yield made
    made.close()
