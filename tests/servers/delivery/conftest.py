"""An office that sends through a real SMTP server, on both databases."""

from collections.abc import Iterator

import pytest

from mailer.base.database import Database
from mailer.delivery import SmtpRelay
from tests.support.relay import RelayServer
from tests.support.sending import Office, relaying


@pytest.fixture
def relay(relay_server: RelayServer) -> Iterator[SmtpRelay]:
    with relaying(relay_server) as opened:
        yield opened


@pytest.fixture
def office(database: Database, relay: SmtpRelay) -> Office:
    return Office(database, relay)
