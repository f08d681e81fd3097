"""Tests against the originals on npm: official MJML and caniemail's data.

The project needs no Node and no npm, so these run only where they are asked for: `MAILER_PEERS=1 pytest tests/peers`, with
`npm` on the path. What they install is kept in pytest's cache.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

MJML, CANIEMAIL = "mjml@5.4.1", "caniemail@2.0.2"
collect_ignore_glob = [] if os.environ.get("MAILER_PEERS") and shutil.which("npm") else ["test_*.py"]


@pytest.fixture(scope="session")
def peers(pytestconfig: pytest.Config) -> Path:
    """A folder whose `node_modules` holds the originals."""
    folder = pytestconfig.cache.mkdir("peers")
    wanted = f"{MJML}\n{CANIEMAIL}"
    mark = folder / "installed.txt"
    if not mark.exists() or mark.read_text() != wanted:
        install = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), MJML, CANIEMAIL]
        subprocess.run(install, check=True, capture_output=True, text=True, timeout=240)
        mark.write_text(wanted)
    return folder
