"""MX: whether answers and bounces can come back (RFC 5321 §5.1, 7505). PTR: whether a relay's address is called by its name."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_address

from mailer.doctor.finding import Finding, error, ok, warning
from mailer.doctor.names import Names


def check(names: Names, sender: str, *, bounces: str) -> Iterator[Finding]:
    """The domain of the From address, and that of the envelope."""
    for domain in dict.fromkeys((sender, bounces)):
        about = f"MX of {domain}"
        servers = names.mail_servers(domain)
        if servers == [""]:
            message = "it says that it takes no mail (a null MX): receivers refuse mail that cannot be answered"
            yield error(about, message, do="publish the host that takes its mail")
        elif servers:
            yield ok(about, ", ".join(servers))
        elif names.addresses(domain):
            yield warning(about, "none; mail goes to the host of that name", do="publish an MX record")
        else:
            what = "bounces" if domain == bounces != sender else "answers"
            message = f"the domain takes no mail: {what} are lost, and receivers refuse such a sender"
            yield error(about, message, do="publish an MX record, or use another domain")


def check_reverse(names: Names, hosts: Sequence[str]) -> Iterator[Finding]:
    """The relays' public addresses, each called by a name that leads back to it (RFC 1912 §2.1)."""
    for host in dict.fromkeys(hosts):
        for address in names.addresses(host):
            if not ip_address(address).is_global:
                continue
            about = f"PTR of {address}"
            called = names.hosts(address)
            back = [name for name in called if address in names.addresses(name)]
            if back:
                yield ok(about, ", ".join(back))
            elif called:
                message = f"it is called {', '.join(called)}, which does not lead back to it"
                yield warning(about, message, do=f"ask whoever runs {host} to make both agree")
            else:
                message = f"the address of {host} has no name: receivers distrust it if mail leaves from there"
                yield warning(about, message, do=f"ask whoever runs {host} for a PTR record")
