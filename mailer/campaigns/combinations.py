"""The combinations of a campaign's audiences: each is a letter of its own; some of them have readers now."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from subscribers import audience_ids, recipients
from subscribers.narrowing import EVERYBODY, Narrowing


def masks_of(audiences: Sequence[str]) -> dict[int, frozenset[str]]:
    """Every combination of a campaign's audiences, by its mask: bit i is audience i."""
    return {
        mask: frozenset(slug for bit, slug in enumerate(audiences) if mask >> bit & 1)
        for mask in range(1, 1 << len(audiences))
    }


def readers_by_mask(
    session: Session, audiences: Sequence[str], *, now: datetime, narrowing: Narrowing = EVERYBODY
) -> dict[int, int]:
    """How many would get the letter of each combination now; those that nobody is in are left out.

    Raises:
        NotAllowed: one of the audiences is gone.
    """
    asked = recipients(audience_ids(session, audiences), now=now, narrowing=narrowing).subquery()
    counted = session.execute(select(asked.c.mask, func.count().label("people")).group_by(asked.c.mask)).all()
    return {found.mask: found.people for found in counted}


def checked_masks(audiences: Sequence[str], by_mask: Mapping[int, int]) -> frozenset[int]:
    """The combinations whose letters are checked before a release: those with readers, and all audiences together.

    Six audiences make 63 letters, and a list seldom holds a dozen of them. The one for all audiences holds
    every block, so that whoever comes into a combination later gets no letter that Gmail cuts off. Where nobody is in any, each audience
    alone stands for its readers to come.
    """
    alone = {1 << bit for bit in range(len(audiences))}
    return frozenset((set(by_mask) or alone) | {(1 << len(audiences)) - 1})
