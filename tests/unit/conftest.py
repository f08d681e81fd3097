"""Unit tests speak to nothing: no socket connects."""

import socket
from typing import NoReturn

import pytest


def _refuse(*_arguments: object, **_options: object) -> NoReturn:
    message = "a unit test opened a connection: it belongs into tests/servers or tests/faces"
    raise AssertionError(message)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("connect", "connect_ex", "sendto", "listen"):
        monkeypatch.setattr(socket.socket, name, _refuse)
    monkeypatch.setattr(socket, "getaddrinfo", _refuse)
