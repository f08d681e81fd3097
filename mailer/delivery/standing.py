"""How a campaign stands: told alike by its page, the command line and the API."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from mailer.base.relay_url import RelaySettings
from mailer.campaigns import CampaignRow
from mailer.delivery.held import HeldBack, held_back
from mailer.delivery.progress import Counts, progress
from mailer.delivery.throughput import Throughput, throughput


@dataclass(frozen=True, slots=True)
class Standing:
    """A campaign's recipients by what became of them, its pace, and whom the pace of their domains holds back."""

    counts: Counts
    pace: Throughput
    held: HeldBack | None

    def as_dict(self) -> dict[str, object]:
        """What scripts are told of it, beside the campaign itself."""
        return {
            "counts": self.counts.as_dict(),
            "might_have_got_it_twice": self.counts.might_have_got_it_twice,
            **asdict(self.pace),
            "held_back": asdict(self.held) if self.held else None,
        }


def standing(session: Session, campaign: CampaignRow, *, relays: Sequence[RelaySettings], now: datetime) -> Standing:
    """How a campaign stands now that these relays carry."""
    counts = progress(session, campaign.id)
    pace = throughput(session, campaign, counts, relays=relays, now=now)
    return Standing(counts, pace, held_back(session, campaign, now=now))
