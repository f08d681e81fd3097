"""A hint to the queue: told after the commit, and allowed to be lost, because the sweep finds the work in SQL."""

from sqlalchemy.orm import Session

HINTS = "hints"
Hint = tuple[str, int]
"""A job's name and the id of what it is to be done to."""


def wake(session: Session, job: str, subject_id: int) -> None:
    """Ask for `job` to be run on `subject_id` once this transaction has been committed.

    `Database.begin()` hands the hints to the queue; a rolled-back transaction drops them.
    """
    hints: list[Hint] = session.info.setdefault(HINTS, [])
    if (job, subject_id) not in hints:
        hints.append((job, subject_id))
