"""Whether a relay takes mail at all just now. One that puts off whoever asks, at MAIL, is left alone for a while.

4xx at MAIL is the relay's word about itself or about us (RFC 5321 §4.2.3: 451, 452 "insufficient system storage"), the same for
every recipient. After some in a row it rests, for all threads of the process; then one message tries whether it takes mail again.
"""

from dataclasses import dataclass
from time import monotonic

from mailer.delivery.outcomes import Accepted, Deferred, Outcome, reason_of

MOST_PUT_OFF = 5
"""So many messages in a row put off at MAIL, and none taken in between: it is the relay that takes nothing now."""
FIRST_SECONDS, LONGEST_SECONDS = 5.0, 300.0


@dataclass(slots=True)
class Rest:
    """The rest of one relay.

    `why` is what it said last; `is_on_trial`: since it was let rest it has taken nothing, and gets one message at a time.
    """

    until: float = 0.0
    why: str = ""
    is_on_trial: bool = False
    _put_off: int = 0
    _times: int = 0

    @property
    def is_on(self) -> bool:
        """Whether it is to be left alone now."""
        return self.until > monotonic()

    def begins_with(self, outcome: Outcome) -> bool:
        """Learn from an answer; True where it makes the relay rest."""
        if isinstance(outcome, Accepted):
            self._put_off, self._times, self.is_on_trial = 0, 0, False
            return False
        if not (isinstance(outcome, Deferred) and outcome.stage == "mail"):
            return False
        self._put_off += 1
        if self._put_off < MOST_PUT_OFF or self.is_on:  # of those that were under way when it began nothing is learned
            return False
        self._times += 1
        seconds = min(FIRST_SECONDS * (1 << min(self._times - 1, 10)), LONGEST_SECONDS)
        self.until, self.why = monotonic() + seconds, reason_of(outcome)
        self.is_on_trial = True
        return True
