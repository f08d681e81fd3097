"""Moments are aware, and come back in UTC."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.dialects import sqlite

from mailer.base.tables import UtcDateTime

DIALECT = sqlite.dialect()


def test_a_naive_moment_is_not_stored() -> None:
    with pytest.raises(ValueError, match="naive"):
        UtcDateTime().process_bind_param(datetime(2027, 1, 5, 9), DIALECT)  # noqa: DTZ001 - the very fault


def test_a_moment_of_another_zone_is_stored_in_utc() -> None:
    given = datetime(2027, 1, 5, 9, tzinfo=timezone(timedelta(hours=2)))
    assert UtcDateTime().process_bind_param(given, DIALECT) == datetime(2027, 1, 5, 7, tzinfo=UTC)
    assert UtcDateTime().process_bind_param(None, DIALECT) is None


def test_a_moment_comes_back_aware() -> None:
    naive = datetime(2027, 1, 5, 9)  # noqa: DTZ001 - as SQLite gives it
    assert UtcDateTime().process_result_value(naive, DIALECT) == datetime(2027, 1, 5, 9, tzinfo=UTC)
    assert UtcDateTime().process_result_value(None, DIALECT) is None
