"""What follows from an answer: when to try again, and what a refusal is about. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from mailer.delivery.outcomes import Accepted, Deferred, NotTried, Outcome, Refused, Scope, Stage
from mailer.delivery.replies import Reply

FIRST_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(hours=4)
DEADLINE = timedelta(hours=48)
UNKNOWN_ATTEMPTS = 3
"""A message cut off after its final dot may have arrived each time: after so many attempts it is left alone."""

SUSPICIOUS_REFUSALS = 20
"""So many refusals of sender or content for one reason, and nobody accepted, are not about the recipients."""

SUSPICIOUS_ABSENTEES = 50
"""So many mailboxes in a row that do not exist, and not one that does: it is the relay that has lost its list."""

FIRST_GROUP = 20
LEAST_GROUP = 10
GROUP_SECONDS = 0.5

_ACCEPTED = Accepted()
_SENDER_STATUS = ("5.1.7", "5.1.8")
"""Bad sender's mailbox, bad sender's system (RFC 3463 §3.2): many relays say so only after RCPT."""
_SIGN_IN = (530, 534, 535, 538)
"""Sign in first, or in another way, or by TLS (RFC 4954 §6, 3207 §4): any command may be answered so."""


def retry_at(attempts: int, *, now: datetime, seed: int, deadline: timedelta = DEADLINE) -> datetime | None:
    """When to try again after `attempts` of them; None once the next would come after the deadline (RFC 5321 §4.5.4.1).

    The delays double from one minute to four hours. The jitter, up to a fifth more, is made from `seed` (the recipient's
    number), so that a crowd that was deferred together does not come back together, and a second look gives the same.
    """
    delays = [_delay(attempt, seed) for attempt in range(1, attempts + 1)]
    if sum(delays, timedelta()) > deadline:
        return None
    return now + delays[-1]


def _delay(attempt: int, seed: int) -> timedelta:
    return min(FIRST_DELAY * (1 << min(attempt - 1, 20)), LONGEST_DELAY) * (1 + _fraction(seed, attempt) / 5)


def _fraction(seed: int, attempt: int) -> float:
    digest = blake2b(f"{seed} {attempt}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32


def relay_retry_at(failures: int, *, until: datetime | None = None, now: datetime) -> datetime:
    """When to knock again at a relay that did not open, `failures` times in a row: from 5 seconds to 5 minutes.

    At the latest when it opens, where that is known and still to come: `until`. A day's plan that has opened meanwhile does not
    let a relay take anything that stays away for another reason.
    """
    retry = now + min(timedelta(seconds=5) * (1 << min(failures - 1, 10)), timedelta(minutes=5))
    return retry if until is None or until <= now else min(retry, until)


def meaning(reply: Reply, stage: Stage) -> Outcome:
    """What a reply says of the message, by the command that it answers."""
    if stage == "dot" and reply.kind == 2:
        return _ACCEPTED
    code = reply.code
    enhanced, text = reply.parts()
    if reply.kind == 5:
        return Refused(code, enhanced, text, _scope(code, enhanced, stage), stage)
    return Deferred(code, enhanced, text, stage)


def _scope(code: int, enhanced: str, stage: Stage) -> Scope:
    """A refused sender or sign-in is about all of us. A refused content may be one recipient's filter: see `Suspicion`."""
    about_us = stage in ("connect", "mail") or code in _SIGN_IN or enhanced in _SENDER_STATUS
    return "campaign" if about_us else "recipient"


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Whether a batch's refusals are about us and not about its recipients.

    A relay that does not let us send, or does not like the content, tells every recipient the same; some say so at RCPT.
    One that refuses this one and that one has accepted others meanwhile.
    """

    accepted: int = 0
    absent: int = 0
    refusals: tuple[tuple[str, int], ...] = ()

    def after(self, outcomes: Iterable[Outcome]) -> "Suspicion":
        """With these outcomes counted in."""
        accepted, absent, refusals = self.accepted, self.absent, dict(self.refusals)
        for outcome in outcomes:
            if isinstance(outcome, Accepted):
                accepted += 1
            elif isinstance(outcome, Refused) and not _may_be_about_us(outcome):
                absent += 1
            elif isinstance(outcome, Refused):
                kind = f"{outcome.stage} {outcome.code} {outcome.enhanced}"
                refusals[kind] = refusals.get(kind, 0) + 1
        return Suspicion(accepted, absent, tuple(refusals.items()))

    @property
    def refused(self) -> int:
        """How many were refused."""
        return self.absent + sum(count for _, count in self.refusals)

    @property
    def is_about_us(self) -> bool:
        """Whether to stop and ask the manager."""
        alike = any(count >= SUSPICIOUS_REFUSALS for _, count in self.refusals)
        return self.accepted == 0 and (alike or self.absent >= SUSPICIOUS_ABSENTEES)


def _may_be_about_us(refused: Refused) -> bool:
    """No such mailbox and full mailbox (X.1, X.2) are the recipient's; policy, security, content and system may be ours."""
    if refused.stage in ("data", "dot"):
        return True
    return not refused.enhanced or refused.enhanced.startswith(("5.7", "5.5", "5.3", "5.6"))


class GroupSize:
    """How many deliveries are taken at once: as many as are sent in half a second, so that leaving takes effect at once.

    A group costs as much as sending thirty messages, whatever its size; a slow relay gets small ones.
    """

    def __init__(self, most: int, *, ahead: int) -> None:
        self.most = most
        self.now = min(FIRST_GROUP, most)
        self.is_for_quick_relay = False
        """Whether what is made ahead (`ahead` messages) leaves in less than a quarter of a second."""
        self._ahead = ahead

    def took(self, count: int, *, seconds: float) -> None:
        """Learn from a group that was sent; grows fourfold at most."""
        wanted = int(GROUP_SECONDS * count / max(seconds, 1e-6))
        self.now = max(min(LEAST_GROUP, self.most), min(self.most, wanted, 4 * self.now))
        self.is_for_quick_relay = wanted > 2 * self._ahead


def stops_campaign(outcomes: Iterable[Outcome]) -> Refused | None:
    """The refusal among these that is about all of us, if there is one."""
    return next((o for o in outcomes if isinstance(o, Refused) and o.scope == "campaign"), None)


def relay_is_away(outcomes: Iterable[Outcome]) -> NotTried | None:
    """What the relay that could not be reached gave as its reason, if that is so; what we kept back ourselves has none."""
    return next((o for o in outcomes if isinstance(o, NotTried) and o.text), None)
