"""Signed messages reach a real SMTP server, each its own recipient."""

from datetime import timedelta
from pathlib import Path

import dkim

from mailer.base.database import Database
from mailer.delivery.message.keygen import as_pem, dns_record, new_key
from tests.support.relay import RelayServer
from tests.support.sending import BEGIN, Office, office_settings, relay_to


def test_of_messages_that_threads_sign_each_goes_to_its_own_recipient(
    database: Database, relay_server: RelayServer, tmp_path: Path
) -> None:
    key = new_key("rsa")
    (tmp_path / "key.pem").write_bytes(as_pem(key))
    signing = office_settings(DKIM_SELECTOR="s", DKIM_KEY_FILE=str(tmp_path / "key.pem"))
    office = Office(database, relay_to(relay_server), settings=signing)
    office.now = BEGIN - timedelta(days=365)  # a signature of the future is none
    addresses = office.people(130)
    campaign = office.release()

    office.work()
    office.relay.close()

    assert sorted(relay_server.recipients) == addresses
    assert office.counts(campaign).accepted == 130
    for received in relay_server.messages:
        assert received.message["to"] == received.recipients[0]
        assert dkim.verify(received.data, dnsfunc=lambda _name, **_: dns_record(key).encode())
