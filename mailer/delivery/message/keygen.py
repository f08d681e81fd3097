"""New DKIM keys: a file for each, and what to publish of it (RFC 6376 §3.6.1, RFC 8463 §4)."""

import os
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from mailer.base.domain_names import ascii_domain
from mailer.base.errors import WrongInput
from mailer.delivery.message.dkim import PrivateKey

Kind = Literal["rsa", "ed25519"]
KINDS: Final[tuple[Kind, ...]] = ("rsa", "ed25519")
FOLDER: Final = "dkim"
STRING: Final = 255
"""So much one string of a TXT record holds; a longer value is several of them (RFC 6376 §3.6.2.2)."""

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was made: its selector, its file as the settings name it, and the TXT record to publish."""

    selector: str
    file: str
    name: str
    record: str

    @property
    def zone_line(self) -> str:
        """The record as a zone file has it."""
        strings = [f'"{self.record[start : start + STRING]}"' for start in range(0, len(self.record), STRING)]
        return f"{self.name}. IN TXT ({' '.join(strings)})"


def make_keys(home: Path, domain: str, *, selector: str = "") -> tuple[NewKey, ...]:
    """An RSA-2048 key, which everybody verifies, and an Ed25519 key for the future, in files of mode 600 in the workspace.

    Args:
        selector: what both selectors begin with; without it the first of `mailer1`, `mailer2`, … that is free.

    Raises:
        WrongInput: no domain or selector can be called so, or the selector has a key already.
    """
    ascii_domain = _ascii(domain)
    folder = home / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    stem = selector or next(each for each in _stems() if not _is_taken(folder, each))
    if not _LABEL.fullmatch(stem):
        raise WrongInput(f"{stem!r} is no selector", do="use lower case letters, digits and hyphens")
    if _is_taken(folder, stem):
        raise WrongInput(f"the selector {stem} has keys already, in {folder}", do="choose another --selector")
    return tuple(_make(kind, f"{stem}-{kind}", folder, ascii_domain) for kind in KINDS)


def _stems() -> Iterator[str]:
    return (f"mailer{number}" for number in count(1))


def _is_taken(folder: Path, stem: str) -> bool:
    return any(_path(folder, f"{stem}-{kind}").exists() for kind in KINDS)


def _path(folder: Path, selector: str) -> Path:
    return folder / f"{selector}.pem"


def _make(kind: Kind, selector: str, folder: Path, domain: str) -> NewKey:
    key = new_key(kind)
    path = _path(folder, selector)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(as_pem(key))
    return NewKey(selector, f"{FOLDER}/{path.name}", f"{selector}._domainkey.{domain}", dns_record(key))


def _ascii(domain: str) -> str:
    try:
        found = ascii_domain(domain.strip().rstrip(".").lower())
    except WrongInput:
        found = ""
    if "." not in found or not all(map(_LABEL.fullmatch, found.split("."))):
        raise WrongInput(
            f"{domain!r} is no domain", do="name the domain of your From address, such as news.example.org"
        )
    return found


def new_key(kind: Kind = "rsa") -> PrivateKey:
    """A fresh key: RSA-2048 or Ed25519."""
    return generate_private_key(65537, 2048) if kind == "rsa" else Ed25519PrivateKey.generate()


def as_pem(key: PrivateKey) -> bytes:
    """The private key as it is kept in a file of mode 600."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def dns_record(key: PrivateKey) -> str:
    """What to publish as TXT at `SELECTOR._domainkey.DOMAIN`."""
    if isinstance(key, RSAPrivateKey):
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return f"v=DKIM1; k=rsa; p={b64encode(public).decode('ascii')}"
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return f"v=DKIM1; k=ed25519; p={b64encode(raw).decode('ascii')}"
