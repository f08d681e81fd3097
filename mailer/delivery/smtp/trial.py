"""Opening one connection to a relay and closing it again, exactly as a sender does: does it let us in, what does it offer?"""

import ssl
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from time import monotonic
from typing import Final

from mailer.base.errors import Unreachable
from mailer.base.relay_url import RelaySettings
from mailer.delivery.smtp.connection import Connection
from mailer.delivery.smtp.dialling import Address, addresses_of
from mailer.delivery.smtp.exchange import Patience
from mailer.delivery.smtp.features import Features

PATIENCE: Final = Patience(connect=10, greeting=15, command=15)


def try_relay(settings: RelaySettings, *, context: ssl.SSLContext) -> Features:
    """What the relay offers once it has let us in; of several addresses the first that does counts.

    Raises:
        Unreachable: it cannot be reached, is not trusted, or does not let us in.
    """
    why = "its name has no address"
    try:
        for address in addresses_of(settings):
            offered = _tried(settings, address, context)
            if isinstance(offered, Features):
                return offered
            why = offered
    except OSError as error:
        why = error.strerror or str(error)
    raise Unreachable(f"relay {settings.name}", why, do="check MAILER_SMTP_URL")


def _tried(settings: RelaySettings, address: Address, context: ssl.SSLContext) -> Features | str:
    """What is offered at one address, or why nothing is."""
    try:
        connection = Connection(settings, address, context=context, patience=PATIENCE)
    except OSError as error:
        return error.strerror or str(error)
    while not connection.is_ready and connection.closed is None:
        with DefaultSelector() as selector:  # a new one each time: TLS exchanges the socket
            selector.register(connection.socket, EVENT_READ | (EVENT_WRITE if connection.wants_write else 0))
            selector.select(max(0.0, connection.deadline - monotonic()))
        if monotonic() >= connection.deadline:
            connection.expire()
        connection.step()
        connection.push()
    if not connection.is_ready:
        return connection.failure
    connection.quit()
    return connection.features
