"""Signed messages reach a real SMTP server, each its own recipient."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import dkim
import pytest

from mailer.base.database import Database
from mailer.base.settings import Settings
from mailer.delivery import SmtpRelay
from mailer.delivery.message.dkim import PrivateKey
from mailer.delivery.message.keygen import as_pem, dns_record, new_key
from tests.support.relay import RelayServer
from tests.support.sending import BEGIN, HASTY, Office, office_settings, relay_to


@pytest.fixture(scope="module")
def key() -> PrivateKey:
    return new_key("rsa")


@pytest.fixture
def signing(key: PrivateKey, tmp_path: Path) -> Settings:
    (tmp_path / "key.pem").write_bytes(as_pem(key))
    return office_settings(DKIM_SELECTOR="s", DKIM_KEY_FILE=str(tmp_path / "key.pem"))


def test_of_messages_that_threads_sign_each_goes_to_its_own_recipient(
    database: Database, relay_server: RelayServer, signing: Settings, key: PrivateKey
) -> None:
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


def test_who_leaves_when_his_message_was_signed_already_gets_none(
    database: Database, relay_server: RelayServer, signing: Settings
) -> None:
    """They are signed all at once, and go four a second: who was not handed out is put back and looked up again."""
    slow = replace(relay_server.settings(), rate=4)
    office = Office(database, SmtpRelay([slow], patience=HASTY), settings=signing)
    first, *others = office.people(12)

    def all_leave() -> None:
        for address in others:
            office.leave(address)

    relay_server.before_answer(to=first, do=all_leave)
    campaign = office.release()

    office.work()
    office.relay.close()

    assert len(relay_server.recipients) <= 4
    assert office.counts(campaign).skipped >= 8
