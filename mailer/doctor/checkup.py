"""The checks, in the order in which they are told."""

from collections.abc import Callable, Iterator
from typing import Final

from mailer.app import App
from mailer.doctor import address, backups, bounces, broker, clock, database, disk, domain, relay
from mailer.doctor.finding import Finding
from mailer.doctor.names import Names

Check = Callable[[App, Names], Iterator[Finding]]
CHECKS: Final[tuple[Check, ...]] = (
    database.check,
    broker.check,
    relay.check,
    clock.check,
    domain.check,
    address.check,
    bounces.check,
    disk.check,
    backups.check,
)


def examine(app: App, names: Names) -> Iterator[Finding]:
    """Everything that is found, check by check."""
    for check in CHECKS:
        yield from check(app, names)
