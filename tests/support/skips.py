"""In CI a skipped test is a failed one: the only excuse is a file outside the project that is not there."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared"
"""Real input lies there, beside the project: it is not ours to give away."""
EXCUSE = "needs the folder ../shared"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip without our excuse into a failure, where CI is set."""
    report = yield
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if EXCUSE not in reason:
            report.outcome = "failed"
            report.longrepr = f"skipped in CI, where everything is there: {reason}"
    return report
