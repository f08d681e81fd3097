"""Domains in other scripts, the readers' and ours: each is written in ASCII, by the rules of today."""

from mailer.base.database import Database
from tests.support.relay import RelayServer
from tests.support.sending import Office, office_settings, relaying


def test_mail_goes_to_the_domain_that_was_written_and_not_to_one_that_looks_alike(
    database: Database, relay_server: RelayServer
) -> None:
    """Older rules (IDNA 2003) made `strasse.test` of it, which may be somebody else's (RFC 5891, 5894 §7.2)."""
    with relaying(relay_server) as relay:
        office = Office(database, relay)
        office.add("ada@straße.test")
        office.release()
        office.work()

    assert relay_server.recipients == ["ada@xn--strae-oqa.test"]
    (received,) = relay_server.messages
    assert received.message["To"] == "ada@xn--strae-oqa.test"


def test_a_sender_in_another_script_needs_nothing_of_the_relay(database: Database, relay_server: RelayServer) -> None:
    relay_server.features = ("PIPELINING",)
    settings = office_settings(SENDER_FROM="news@müller.test")
    with relaying(relay_server) as relay:
        office = Office(database, relay, settings=settings)
        office.add("ada@x.test")
        campaign = office.release()
        office.work()

    assert office.counts(campaign).accepted == 1
    (received,) = relay_server.messages
    assert received.sender == "news@xn--mller-kva.test"
    assert received.data.partition(b"\r\n\r\n")[0].isascii()
    assert str(received.message["Message-ID"]).endswith("@xn--mller-kva.test>")
    assert received.message["List-ID"] == "<newsletter.xn--mller-kva.test>"
