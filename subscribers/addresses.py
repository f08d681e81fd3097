"""Addresses: which ones can be mailed, and which two are one person.

`parse_address` is strict and takes a bare address (RFC 5321 §4.1.2 without quoted strings and address literals, RFC 6531
for other scripts, RFC 5890 for domains). `find_address` first takes off what surrounds an address in files and forms.
"""

import re
import unicodedata
from typing import NamedTuple
from urllib.parse import unquote

import idna

from mailer.base.errors import WrongInput

LOCAL_OCTETS = 64  # RFC 5321 §4.5.3.1.1
ADDRESS_OCTETS = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets
_ATEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~\-"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# Possessive, so that a refusal is as quick; a domain that ends in a digit may be a number and is looked at closely.
_PLAIN = re.compile(
    rf"[{_ATEXT}]++(?:\.[{_ATEXT}]++)*+@[A-Za-z0-9]++(?:[.-][A-Za-z0-9]++|-{{2,}}[A-Za-z0-9]++)*+(?<![0-9])"
)
_LOCAL = re.compile(rf"[{_ATEXT}\u0080-\U0010ffff]+(?:\.[{_ATEXT}\u0080-\U0010ffff]+)*")
_IN_BRACKETS = re.compile(r"(.*)<([^<>]*)>\W*", re.DOTALL)
_IN_PARENTHESES = re.compile(r"[^()@]+\(([^()\s@]+@[^()\s@]+)\)")  # as Outlook shows people
# What copying out of a mail program, a web page or a spreadsheet leaves around an address.
_AROUND = " \t\r\n\f\v\u00a0\u00ad\u200b\u200c\u200d\u200e\u200f\u202f\u2060\ufeff\"'<>,;"
HIDDEN = dict.fromkeys(map(ord, "\x00\u00ad\u200b\u2060\ufeff"))
_READ = {**HIDDEN, ord("\uff20"): "@", ord("\ufe6b"): "@"}  # as East Asian keyboards type it


class Address(NamedTuple):
    """An address.

    Args:
        written: as its owner writes it; mail goes there.
        key: equal for two addresses that are one person: case folded in both parts, NFC, the domain in its ASCII form.
            Dots and plus signs mean what they say.
    """

    written: str
    key: str

    @property
    def domain(self) -> str:
        """The domain in its ASCII form."""
        return self.key.rpartition("@")[2]


def parse_address(text: str) -> Address:
    """The address that `text` is, and nothing else around it.

    Raises:
        WrongInput: it cannot be mailed, and why.
    """
    return _quickly(text) or _parse_slowly(unicodedata.normalize("NFC", text))


def find_address(text: str) -> Address:
    """The one address in `text`, out of what surrounds it in files and forms: blanks, `mailto:`, `Name <address>`.

    Raises:
        WrongInput: there is none, or it cannot be mailed.
    """
    return _quickly(text) or parse_address(bare_address(text))


def bare_address(text: str) -> str:
    """What is left of `text` when everything that commonly stands around an address is taken off."""
    text = text.translate(_READ).strip(_AROUND)
    match = _IN_BRACKETS.fullmatch(f"{text}>") if "<" in text else None
    if match is not None:
        text = match[2].strip(_AROUND)
    elif text.endswith(")") and (shown := _IN_PARENTHESES.fullmatch(text)) is not None:
        text = shown[1]
    if text[:7].lower() == "mailto:":
        text = unquote(text[7:].partition("?")[0]).strip(_AROUND)  # RFC 6068 §2
    return text.removesuffix(".")  # of a sentence, or of a domain written out to its root


def written_name(text: str) -> str:
    """The name in `Name <address>`; empty where there is none."""
    if "<" not in text and _IN_PARENTHESES.fullmatch(text.strip()):
        return text.partition("(")[0].strip(_AROUND)
    return text.partition("<")[0].strip(_AROUND) if "<" in text else ""


def parse_domain(text: str) -> str:
    """A domain in its ASCII form, lower case.

    Raises:
        WrongInput: it is none.
    """
    return _ascii_domain(text.strip().removeprefix("@"), text)


def is_plain(text: str) -> bool:
    """Whether it is an address of the plainest kind, as nearly all are: so short that no limit of a part can be passed.

    Its key is itself in lower case.
    """
    return len(text) < LOCAL_OCTETS and _PLAIN.fullmatch(text) is not None


def _quickly(text: str) -> Address | None:
    return Address(text, text.lower()) if is_plain(text) else None


def _parse_slowly(text: str) -> Address:
    local, at, domain = text.rpartition("@")
    if not at:
        raise _refused(text, "has no @")
    if not local:
        raise _refused(text, "has nothing before the @")
    if len(local.encode("utf-8", "replace")) > LOCAL_OCTETS:
        raise _refused(text, f"has more than {LOCAL_OCTETS} octets before the @")
    if not _LOCAL.fullmatch(local) or any(_is_hidden(sign) for sign in local):
        raise _refused(text, "has signs before the @ that are not allowed there")
    ascii_domain = _ascii_domain(domain, text)
    if len(text.encode()) > ADDRESS_OCTETS or len(local.encode()) + 1 + len(ascii_domain) > ADDRESS_OCTETS:
        raise _refused(text, f"is longer than {ADDRESS_OCTETS} octets")
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", local).casefold())
    return Address(text, f"{folded}@{ascii_domain}")


def _ascii_domain(domain: str, text: str) -> str:
    if not domain:
        raise _refused(text, "has no domain after the @")
    if domain.startswith("["):
        raise _refused(text, "names a computer by number")
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except idna.IDNAError as error:
            raise _refused(text, f"has a domain that cannot be ({error})") from error
    labels = domain.lower().split(".")
    if any(not re.fullmatch(_LABEL, label) for label in labels):
        raise _refused(text, "has a domain that cannot be")
    if labels[-1].isdigit():
        raise _refused(text, "has a domain that ends in a number")
    return ".".join(labels)


def _is_hidden(sign: str) -> bool:
    """Control, format, unassigned and blank signs have no place in a name."""
    return unicodedata.category(sign) in {"Cc", "Cf", "Cn", "Co", "Cs", "Zs", "Zl", "Zp"}


def _refused(text: str, why: str) -> WrongInput:
    shown = text if len(text) <= 60 else f"{text[:57]}…"
    return WrongInput(f"{shown!r} is not an address that can be mailed: it {why}", do="correct it or leave it out")


def masked(address: str) -> str:
    """An address so that its owner knows it, and nobody else learns it."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"
