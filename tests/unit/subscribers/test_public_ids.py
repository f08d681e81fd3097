"""The public ids of people: unguessable, and in the order in which people came."""

import re
from datetime import UTC, datetime, timedelta

from subscribers.public_ids import new_public_ids

NOW = datetime(2027, 1, 5, 9, tzinfo=UTC)


def test_ids_are_unlike_and_in_their_order() -> None:
    ids = list(new_public_ids(70_000, NOW))
    assert len(set(ids)) == 70_000
    assert ids == sorted(ids)
    assert all(re.fullmatch(r"A[A-Za-z0-9_-]{21}", one) for one in ids)


def test_who_comes_later_has_a_greater_id() -> None:
    ids = [next(new_public_ids(1, NOW + timedelta(milliseconds=7 * step))) for step in range(200)]
    assert ids == sorted(ids)
