"""The fast levels run first, each in random order: a plain mistake is told within seconds.

The few tests that take as long as a level are begun before the slow levels, so that no worker is left alone with one.
"""

from pathlib import Path

import pytest

LEVELS = ("unit", "house", "database", "servers", "faces", "contract")
LONG = {"test_wheel.py", "test_compose.py"}
TESTS = Path(__file__).parents[1]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort by level; what is random within one stays so."""
    items.sort(key=_level)


def _level(item: pytest.Item) -> tuple[int, bool]:
    folder = "servers" if item.path.name in LONG else item.path.relative_to(TESTS).parts[0]
    return LEVELS.index(folder) if folder in LEVELS else len(LEVELS), item.path.name not in LONG
