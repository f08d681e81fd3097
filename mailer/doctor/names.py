"""Looking up names in the DNS: by the machine's own resolver, or by a server that was named."""

from collections.abc import Iterable
from typing import Any, Final

import dns.exception
import dns.resolver
import dns.reversename

from mailer.base.errors import Unreachable, WrongInput

SECONDS: Final = 5.0


class Names:
    """A resolver.

    Args:
        server: `ADDRESS` or `ADDRESS:PORT` of a name server to ask instead of the machine's own.

    Raises:
        WrongInput: that is no address.
    """

    def __init__(self, server: str = "") -> None:
        self._server = server or "the machine's resolver"
        try:
            self._resolver = dns.resolver.Resolver(configure=not server)
            if server:
                host, _, port = server.partition(":") if server.count(":") == 1 else (server, "", "")
                self._resolver.nameservers = [host]
                self._resolver.port = int(port or 53)
        except (ValueError, dns.exception.DNSException) as error:
            raise WrongInput(
                f"{server or 'the resolver of this machine'} cannot be asked: {error}",
                do="give the address of a name server, such as 192.0.2.53",
                place="--nameserver",
            ) from error
        self._resolver.lifetime = SECONDS

    def texts(self, name: str) -> list[str]:
        """The TXT records, the strings of each put together (RFC 7208 §3.3)."""
        return [b"".join(record.strings).decode("utf-8", "replace") for record in self._ask(name, "TXT")]

    def mail_servers(self, name: str) -> list[str]:
        """The MX records' hosts, the preferred first; a null MX (RFC 7505) is the empty name."""
        found = sorted(self._ask(name, "MX"), key=lambda record: record.preference)
        return [record.exchange.to_text(omit_final_dot=True).removesuffix(".") for record in found]

    def addresses(self, name: str) -> list[str]:
        """The addresses of a host, IPv4 and IPv6."""
        return [record.to_text() for kind in ("A", "AAAA") for record in self._ask(name, kind)]

    def hosts(self, address: str) -> list[str]:
        """What an address is called (PTR)."""
        found = self._ask(dns.reversename.from_address(address), "PTR")
        return [record.target.to_text(omit_final_dot=True) for record in found]

    def _ask(self, name: Any, kind: str) -> Iterable[Any]:
        try:
            return list(self._resolver.resolve(name, kind, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException as error:
            raise Unreachable(
                f"DNS ({self._server})", f"{name} {kind}: {error}", do="check the network, or name a --nameserver"
            ) from error
