"""The sender's domain in the DNS: what receivers ask before they take mail that bears its name."""

from collections.abc import Iterator

from mailer.app import App
from mailer.base.domain_names import ascii_domain
from mailer.base.errors import Unreachable
from mailer.base.settings import PLACEHOLDER_DOMAINS
from mailer.doctor import dkim, dmarc, mail_servers, spf
from mailer.doctor.finding import Finding, error, warning
from mailer.doctor.names import Names


def check(app: App, names: Names) -> Iterator[Finding]:
    """SPF, DKIM, DMARC, MX of the From address's domain and of that of the bounces, PTR of the relays."""
    sender = app.settings.sender.domain
    if sender in PLACEHOLDER_DOMAINS:
        message = f"{app.settings.sender.from_} is a placeholder: its domain was not looked up"
        yield warning("DNS", message, do="set [sender] from to your own address")
        return
    bounces = app.settings.bounce.address
    envelope = ascii_domain(bounces.rpartition("@")[2].lower()) if bounces else sender
    try:
        yield from mail_servers.check(names, sender, bounces=envelope)
        yield from spf.check(names, envelope)
        yield from dkim.check(names, app.settings.dkim, home=app.home, sender=sender)
        yield from dmarc.check(names, sender)
        yield from mail_servers.check_reverse(names, [relay.host for relay in app.settings.smtp.relays])
    except Unreachable as trouble:
        yield error("DNS", trouble.message, do=trouble.do)
