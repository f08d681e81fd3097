"""Sockets: where a relay is, a socket on its way there, and what we call ourselves."""

import os
import socket
from errno import EINPROGRESS

from mailer.base.relay_url import RelaySettings

SEND_BUFFER_BYTES = 1 << 20

Address = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]


def addresses_of(settings: RelaySettings) -> list[Address]:
    """Where the relay can be dialled, in the resolver's order.

    Raises:
        OSError: its name is not known.
    """
    found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in found]


def dial(address: Address) -> socket.socket:
    """A socket on its way to an address, without waiting for it to arrive.

    Raises:
        OSError: the network refuses at once.
    """
    dialled = socket.socket(address[0], socket.SOCK_STREAM)
    dialled.setblocking(False)
    dialled.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    dialled.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    error = dialled.connect_ex(address[1])
    if error not in (0, EINPROGRESS):
        dialled.close()
        raise OSError(error, os.strerror(error))
    return dialled


def own_name(connected: socket.socket) -> str:
    """The name to introduce ourselves with: ours where it is a full one, else our address (RFC 5321 §4.1.3)."""
    name = socket.gethostname()
    if "." in name.strip("."):
        return name
    address = str(connected.getsockname()[0])
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"
