"""Whether a relay answers at all: asked before a release, so that nobody releases into the void."""

import socket
from collections.abc import Sequence

from mailer.base.errors import Unreachable
from mailer.base.relay_url import RelaySettings

PATIENCE_SECONDS = 10.0


def require_relay(relays: Sequence[RelaySettings]) -> None:
    """Open a connection to the first relay that takes one, and close it; without relays there is nothing to ask.

    Raises:
        Unreachable: none of them takes one.
    """
    why = ""
    for relay in relays:
        try:
            socket.create_connection((relay.host, relay.port), timeout=PATIENCE_SECONDS).close()
        except OSError as error:
            why = why or f"{error.strerror or error}"
        else:
            return
    if relays:
        raise Unreachable(f"relay {relays[0].name}", why, do="check MAILER_SMTP_URL and that the relay runs")
