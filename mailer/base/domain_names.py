"""Domain names as mail and the DNS take them: in ASCII."""

import idna

from mailer.base.errors import WrongInput

LABEL_OCTETS = 63


def ascii_domain(domain: str) -> str:
    """The domain in ASCII, by the rules that registries follow (RFC 5891).

    Older ones, those of Python's codec `idna`, make another domain of some names: `strasse.test` of `straße.test`.

    Raises:
        WrongInput: no domain can be written so.
    """
    if domain.isascii():
        if all(0 < len(label) <= LABEL_OCTETS for label in domain.split(".")):
            return domain
        raise WrongInput(f"{domain!r} is no domain", do="correct the domain")
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise WrongInput(f"{domain!r} is no domain ({error})", do="correct the domain") from error


def ascii_address(address: str) -> str:
    """The address with its domain in ASCII.

    Raises:
        WrongInput: its domain cannot be written so.
    """
    if address.isascii():
        return address
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{ascii_domain(domain)}"
