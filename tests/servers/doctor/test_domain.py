"""`mailer doctor` on the sender's domain: what is published right is left alone, each fault is named with what to do."""

from pathlib import Path

import pytest

from mailer.delivery.message.keygen import make_keys
from tests.servers.doctor.conftest import DOMAIN, RELAY_ADDRESS, Look
from tests.support.name_server import NameServer

SPF, DMARC, MX = f"SPF of {DOMAIN}", f"DMARC of {DOMAIN}", f"MX of {DOMAIN}"


def test_what_is_published_right_is_well(look: Look) -> None:
    found = look()
    wanted = (MX, SPF, "DKIM more-rsa", "DKIM more-ed25519", "DMARC of lab.ac.uk")
    assert {about: found[about].level for about in wanted} == dict.fromkeys(wanted, "ok")


@pytest.mark.parametrize(
    ("records", "level", "message"),
    [
        (["something else"], "error", "there is none"),
        (["v=spf1 a -all", "v=spf1 mx -all"], "error", "there are 2"),
        (["v=spf1 +all"], "error", "everybody"),
        (["v=spf1 include:nobody.net -all"], "error", "nobody.net"),
        (["v=spf1 " + " ".join(f"a:h{n}.net" for n in range(11)) + " -all"], "error", "11 lookups"),
        (["v=spf1 " + " ".join(f"a:h{n}.net" for n in range(10)) + " -all"], "ok", "v=spf1"),
        (["v=spf1 a/24 mx//64 ip4:192.0.2.0/24 exists:%{i}.x.net ~all"], "ok", "v=spf1"),
        (["v=spf1 redirect=_spf.relay.net"], "ok", "v=spf1"),
        (["v=spf1 ip4:192.0.2.1"], "warning", "all others"),
        (["V=SPF1 include:_spf.relay.net -ALL"], "ok", "V=SPF1"),
    ],
)
def test_spf(look: Look, published: NameServer, records: list[str], level: str, message: str) -> None:
    published.publish(DOMAIN, "TXT", *records)
    finding = look()[SPF]
    assert finding.level == level
    assert message in finding.message
    assert (finding.do != "") == (level != "ok")


def test_spf_counts_the_lookups_of_what_it_includes(look: Look, published: NameServer) -> None:
    published.publish(DOMAIN, "TXT", "v=spf1 include:one.net include:two.net -all")
    published.publish("one.net", "TXT", "v=spf1 a mx a:x.net mx:x.net include:three.net -all")
    published.publish("two.net", "TXT", "v=spf1 a mx include:one.net -all")
    published.publish("three.net", "TXT", "v=spf1 ip4:192.0.2.1 include:one.net -all")
    assert "takes 11 lookups" in look()[SPF].message


def test_the_envelopes_domain_is_the_one_that_spf_is_asked_of(look: Look) -> None:
    found = look(BOUNCE_ADDRESS="bounces@b.lab.ac.uk")
    assert SPF not in found
    assert found["SPF of b.lab.ac.uk"].level == "error"
    assert "bounces are lost" in found["MX of b.lab.ac.uk"].message


def test_another_key_under_our_selector_is_an_error_that_tells_ours(
    look: Look, published: NameServer, home: Path
) -> None:
    (other, _) = make_keys(home, DOMAIN, selector="other")
    published.publish(f"more-rsa._domainkey.{DOMAIN}", "TXT", other.record)
    finding = look()["DKIM more-rsa"]
    assert (finding.level, "another key" in finding.message, "p=MII" in finding.do) == ("error", True, True)


@pytest.mark.parametrize(("record", "message"), [("v=DKIM1; k=rsa; p=", "withdrawn"), ("text", "nothing is published")])
def test_a_key_that_is_not_there(look: Look, published: NameServer, record: str, message: str) -> None:
    published.publish(f"more-rsa._domainkey.{DOMAIN}", "TXT", record)
    finding = look()["DKIM more-rsa"]
    assert (finding.level, message in finding.message) == ("error", True)


def test_blanks_and_order_of_a_record_count_for_nothing(look: Look, published: NameServer, home: Path) -> None:
    key = make_keys(home, DOMAIN, selector="blank")[0]
    value = key.record.rpartition("p=")[2]
    published.publish(key.name, "TXT", f"p={value[:100]} {value[100:]};v=DKIM1 ; t=s")
    found = look(DKIM_SELECTOR="blank-rsa", DKIM_KEY_FILE="dkim/blank-rsa.pem")
    assert found["DKIM blank-rsa"].level == "ok"


def test_a_signature_of_another_domain_is_an_error(look: Look) -> None:
    assert look(DKIM_DOMAIN="elsewhere.net")["DKIM"].level == "error"
    assert "DKIM" not in look(DKIM_DOMAIN="lab.ac.uk")


def test_without_keys_and_with_a_missing_file(look: Look) -> None:
    assert look(DKIM_SELECTOR="", DKIM_KEY_FILE="")["DKIM"].do.startswith(f"run `mailer dkim keygen {DOMAIN}`")
    assert "cannot be read" in look(DKIM_SELECTOR="x", DKIM_KEY_FILE="x.pem")["DKIM"].message


@pytest.mark.parametrize(
    ("records", "level", "message"),
    [
        (["v=DMARC1; p=reject"], "ok", "p=reject"),
        (["v=DMARC1; p=none"], "warning", "asks for nothing"),
        (["v=DMARC1; p=none; rua=mailto:a@b.net"], "ok", "rua"),
        (["v=DMARC1; p=maybe"], "error", "no policy"),
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], "error", "there are 2"),
    ],
)
def test_dmarc(look: Look, published: NameServer, records: list[str], level: str, message: str) -> None:
    published.publish(f"_dmarc.{DOMAIN}", "TXT", *records)
    finding = look()[DMARC]
    assert (finding.level, message in finding.message) == (level, True)


def test_no_dmarc_anywhere_above(look: Look, published: NameServer) -> None:
    del published.zone["_dmarc.lab.ac.uk", "TXT"]
    assert look()[DMARC].level == "error"


def test_a_domain_that_takes_no_mail(look: Look, published: NameServer) -> None:
    published.publish(DOMAIN, "MX", "0 .")
    assert "null MX" in look()[MX].message
    del published.zone[DOMAIN, "MX"]
    assert look()[MX].level == "error"
    published.publish(DOMAIN, "A", RELAY_ADDRESS)
    assert look()[MX].level == "warning"


def test_the_address_of_a_relay_has_a_name_that_leads_back(look: Look, published: NameServer) -> None:
    # The relay itself cannot be reached from a test; its address is looked up.
    relay = {"SMTP_URL": "smtp://relay.invalid:2525?starttls=no"}
    about = f"PTR of {RELAY_ADDRESS}"
    published.publish("relay.invalid", "A", RELAY_ADDRESS, "10.0.0.1")
    assert look(**relay)[about].level == "warning"
    published.publish("9.9.9.9.in-addr.arpa", "PTR", "mx.relay.net.")
    assert "does not lead back" in look(**relay)[about].message
    published.publish("mx.relay.net", "A", RELAY_ADDRESS)
    found = look(**relay)
    assert (found[about].level, found[about].message) == ("ok", "mx.relay.net")
    assert "PTR of 10.0.0.1" not in found


def test_a_name_server_that_is_silent_is_one_error(look: Look, published: NameServer) -> None:
    published.is_silent = True
    found = look()
    assert found["DNS"].level == "error"
    assert not any(about.startswith(("SPF", "DMARC", "MX")) for about in found)


def test_a_placeholder_is_not_looked_up(look: Look) -> None:
    found = look(SENDER_FROM="newsletter@example.org")
    assert (found["DNS"].level, SPF in found) == ("warning", False)
