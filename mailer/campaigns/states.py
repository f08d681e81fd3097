"""Which move is allowed from where: one table, pure.

draft → scheduled → preparing → sending → sent
          │   ↑         │          │
          │   └──── paused ←───────┘     (scheduled, preparing and sending pause; a pause goes back to what it interrupted)
          └→ draft (recalled)            everything that is not over can be cancelled
                                         as long as nobody is enlisted, what is preparing, or was paused before it sent,
                                         can be recalled too, by way of scheduled

Nothing makes a campaign `failed` by itself: what cannot go on is paused with a reason, for whoever mends that can let it go on.
"""

from typing import Final

MOVES: Final[dict[str, tuple[str, ...]]] = {
    "change": ("draft",),
    "schedule": ("draft",),
    "recall": ("scheduled",),
    "prepare": ("scheduled",),
    "send": ("preparing",),
    "finish": ("sending",),
    "pause": ("scheduled", "preparing", "sending"),
    "resume": ("paused",),
    "cancel": ("draft", "scheduled", "preparing", "sending", "paused"),
}
"""From which states a move may start."""

NOT_LEFT: Final = ("scheduled", "preparing")
"""The states of a release in which, or paused from which, it may be that nobody is enlisted yet."""
AT_WORK: Final = ("preparing", "sending")
OVER: Final = ("sent", "cancelled", "failed")
