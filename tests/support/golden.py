"""Golden files: what was made, as it was last read and agreed to; `make golden` writes them anew."""

import difflib
from collections.abc import Callable
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "data" / "golden"
Golden = Callable[[str, str | bytes], str]


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--golden` writes the golden files instead of comparing with them."""
    parser.addoption("--golden", action="store_true", help="write the golden files anew")


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known that `make golden` selects by."""
    config.addinivalue_line("markers", "golden: compares with a file under tests/data/golden")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever uses the fixture needs no mark of its own."""
    for item in items:
        if "golden" in getattr(item, "fixturenames", ()):
            item.add_marker("golden")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """`golden(name, made)`: how what was made differs from the file `tests/data/golden/NAME`; empty where it does not."""

    def compare(name: str, made: str | bytes) -> str:
        path, content = FOLDER / name, made.encode() if isinstance(made, str) else made
        if request.config.getoption("golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        before = path.read_bytes() if path.exists() else b""
        if before == content:
            return ""
        agreed, now = (part.decode("utf-8", "backslashreplace").splitlines() for part in (before, content))
        shown = list(difflib.unified_diff(agreed, now, "agreed", "made", lineterm="", n=1))[:60]
        return "\n".join([f"{name} differs; if that is meant: make golden", *shown])

    return compare
