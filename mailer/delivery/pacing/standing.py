"""How a recipient domain stands to us: what its answers teach about the pace that it bears. Pure.

A domain that takes everything has no standing and no limit. One that defers is asked at half the pace that it was asked at
(additive increase, multiplicative decrease: Chiu and Jain, 1989). One that takes nothing at all is closed for a minute, twice
as long each time in a row; then a few messages try whether it has opened again, and nothing more goes until one is taken.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

from mailer.delivery.outcomes import Deferred

LOWEST_RATE, FREE_RATE = 0.1, 100.0
"""Messages a second: no slower than the first, and without a limit above the second."""
STEP, STEP_PART = 1.0, 0.1
"""By how much a clean second raises the rate: so many messages a second, or this part of it if that is more."""
PROBE_RATE = 0.5
ENOUGH = 5
"""So many answers before anything is learned of them: one or two deferrals are a mailbox's affair."""
BEARABLE = 0.05
"""A domain that defers no more than this part of what it gets is not slowed down."""
FIRST_CLOSING, LONGEST_CLOSING = timedelta(minutes=1), timedelta(minutes=30)
FORGIVEN_AFTER = timedelta(minutes=30)
_GREYLISTING = ("greylist", "graylist", "grey-list", "gray-list", "grey list", "gray list")


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a domain that has deferred us; see `models.DomainStanding`."""

    rate: float
    deferred_at: datetime
    trips: int = 0
    closed_until: datetime | None = None
    closed_since: datetime | None = None
    reason: str = ""

    def is_closed(self, now: datetime) -> bool:
        """Whether nothing is to be sent there now."""
        return self.closed_until is not None and now < self.closed_until

    def is_lost(self, now: datetime, *, deadline: timedelta) -> bool:
        """Whether it has taken nothing for so long that its mail is given up."""
        return self.closed_since is not None and now - self.closed_since > deadline

    @property
    def concurrency(self) -> int:
        """How many of its messages a process has under way at once: what it bears in two seconds."""
        return max(1, ceil(2 * self.rate))


@dataclass(slots=True)
class Seen:
    """What a domain answered since `began`, on the monotonic clock."""

    began: float
    accepted: int = 0
    deferred: int = 0
    reason: str = ""

    @property
    def is_enough(self) -> bool:
        """Whether something can be learned of it."""
        return self.accepted + self.deferred >= ENOUGH


def is_about_domain(deferred: Deferred) -> bool:
    """Whether a deferral is the domain's and not one mailbox's, the connection's, the relay's, or greylisting's (RFC 6647).

    Greylisting defers each first attempt and takes the second: to send less would only make it longer.
    """
    if not deferred.code or deferred.stage == "mail" or deferred.enhanced.startswith(("4.1.", "4.2.")):
        return False
    said = deferred.text.lower()
    return not any(word in said for word in _GREYLISTING)


def after(standing: Standing | None, seen: Seen, *, seconds: float, now: datetime) -> Standing | None:
    """How the domain stands after what was seen in `seconds`; None is without a limit."""
    if not seen.deferred:
        return _better(standing, now) if standing is not None and seen.accepted else standing
    if not seen.accepted:
        on_probation = standing is not None and standing.trips > 0
        return _closed(standing, seen.reason, now) if seen.is_enough or on_probation else standing
    if seen.deferred <= BEARABLE * (seen.accepted + seen.deferred):
        return standing
    asked_at = (seen.accepted + seen.deferred) / max(1.0, seconds)
    rate = asked_at if standing is None else min(standing.rate, asked_at)
    return Standing(max(LOWEST_RATE, rate / 2), now, reason=seen.reason)


def _better(standing: Standing, now: datetime) -> Standing | None:
    rate = standing.rate + max(STEP, STEP_PART * standing.rate)
    if rate > FREE_RATE or now - standing.deferred_at > FORGIVEN_AFTER:
        return None
    return replace(standing, rate=rate, trips=0, closed_until=None, closed_since=None)


def _closed(standing: Standing | None, reason: str, now: datetime) -> Standing:
    if standing is not None and standing.is_closed(now):
        return standing  # these were under way when it was closed
    trips = 1 if standing is None else standing.trips + 1
    closing = min(FIRST_CLOSING * 2 ** min(trips - 1, 10), LONGEST_CLOSING)
    since = standing.closed_since if standing is not None and standing.closed_since else now
    return Standing(PROBE_RATE, now, trips, now + closing, since, reason)
