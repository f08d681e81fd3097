"""Narrowing: whom segments leave over of those who may receive. It takes people away and never adds one.

A person is wanted who matches at least one of the segments that are asked for, where any are, and none of those excluded.
What is not known of somebody (an attribute that nobody set) matches nothing, on either side.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, literal, not_, or_

OUTSIDE = "outside"
EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Conditions over people: one of `only` must hold, where there are any, and none of `never`."""

    only: tuple[ColumnElement[bool], ...] = ()
    never: tuple[ColumnElement[bool], ...] = ()

    def conditions(self) -> tuple[ColumnElement[bool], ...]:
        """What a wanted person fulfils; nothing where no segment narrows, so that the statement stays as it was."""
        inside = (self._inside(),) if self.only else ()
        return (*inside, *(not_(func.coalesce(matches, False)) for matches in self.never))

    def reason(self) -> ColumnElement[str]:
        """Why a person is taken away: outside of every segment that was asked for, or else excluded by one; empty if wanted."""
        outside = [(not_(func.coalesce(self._inside(), False)), OUTSIDE)] if self.only else []
        excluded = [(or_(*(func.coalesce(matches, False) for matches in self.never)), EXCLUDED)] if self.never else []
        return case(*outside, *excluded, else_="") if outside or excluded else literal("")

    def _inside(self) -> ColumnElement[bool]:
        if len(self.only) == 1:
            return self.only[0]
        # Each apart: as one long chain of OR they would be deeper than SQLite reads (1,000).
        return or_(*(func.coalesce(matches, False) for matches in self.only))


EVERYBODY = Narrowing()
