"""DKIM: whether what is published is the key that we sign with (RFC 6376 §3.6.1, 8463)."""

from collections.abc import Iterator
from pathlib import Path

from mailer.base.errors import WrongInput
from mailer.base.sections import DkimSection
from mailer.delivery.message.dkim import Signer, signers
from mailer.delivery.message.keygen import dns_record
from mailer.doctor.finding import Finding, error, ok, warning
from mailer.doctor.names import Names


def check(names: Names, settings: DkimSection, *, home: Path, sender: str) -> Iterator[Finding]:
    """Each key of ours against the record under its selector."""
    try:
        keys = signers(settings, home=home, sender_domain=sender)
    except WrongInput as wrong:
        yield error("DKIM", wrong.message, do=wrong.do)
        return
    if not keys:
        message = "mail is not signed by mailer: without a signature of your domain it is refused, or taken for spam"
        yield warning("DKIM", message, do=f"run `mailer dkim keygen {sender}`, unless your relay signs as your domain")
        return
    for key in keys:
        yield _of_one(names, key)
    if not _are_aligned(keys[0].domain, sender):
        message = f"signs as {keys[0].domain}, which has nothing to do with the sender's {sender}"
        yield error("DKIM", message, do=f"set [dkim] domain to {sender}, and publish the keys there")


def _of_one(names: Names, key: Signer) -> Finding:
    name = f"{key.selector}._domainkey.{key.domain}"
    about = f"DKIM {key.selector}"
    ours = dns_record(key.key)
    published = [record for text in names.texts(name) if (record := _tags(text)).get("p") is not None]
    if not published:
        return error(about, f"nothing is published at {name}", do=f"publish TXT {ours}")
    wanted = _tags(ours)
    if not any(record["p"] == wanted["p"] for record in published):
        what = "the key there was withdrawn" if published[0]["p"] == "" else "another key is published there"
        return error(about, f"{name}: {what}", do=f"publish TXT {ours}")
    if not any(record["p"] == wanted["p"] and record.get("k", "rsa") == wanted["k"] for record in published):
        return error(about, f"{name}: the record names another kind of key", do=f"publish TXT {ours}")
    return ok(about, f"published at {name}" + ("; eight messages are signed at once" if key.lanes else ""))


def _tags(text: str) -> dict[str, str]:
    """The tags of a record; blanks within a key count for nothing."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip(): "".join(value.split()) for name, sign, value in pairs if sign}


def _are_aligned(signed: str, sender: str) -> bool:
    """Whether one is the other, or lies below it."""
    return signed == sender or signed.endswith(f".{sender}") or sender.endswith(f".{signed}")
