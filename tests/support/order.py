"""The fast levels run first, each in random order: a plain mistake is told within seconds."""

from pathlib import Path

import pytest

LEVELS = ("unit", "house", "database", "servers", "faces", "contract")
TESTS = Path(__file__).parents[1]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort by level; what is random within one stays so."""
    items.sort(key=_level)


def _level(item: pytest.Item) -> int:
    folder = item.path.relative_to(TESTS).parts[0]
    return LEVELS.index(folder) if folder in LEVELS else len(LEVELS)
