"""A small form of benchmarks/chaos: everything that can happen happens once during a campaign, and everybody gets it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
PEOPLE = 2_000
THINGS = 13


@pytest.mark.timeout(900)
def test_whatever_dies_nobody_is_lost_and_second_copies_are_known_and_few() -> None:
    done = subprocess.run(
        [
            sys.executable, PROJECT / "benchmarks" / "chaos" / "run.py", "--json", "--seed", "7",
            "--people", str(PEOPLE), "--kills", str(THINGS), "--group", "20", "--patience", "200",
            # Slow enough that the campaign is not over before everything has happened.
            "--connections", "1", "--answer-after", "0.1",
        ],
        check=False, capture_output=True, text=True, timeout=850,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    told = json.loads(done.stdout)
    assert told["faults"] == []
    assert sum(told["happened"].values()) == THINGS
    assert len(told["happened"]) >= 10, "not everything happened"
    assert 0 < told["states"]["failed"] <= PEOPLE // 100
    assert told["received"] >= told["states"]["sent"]
    assert told["second_copies"] <= told["bound"]
