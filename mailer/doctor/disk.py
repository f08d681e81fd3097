"""The disk: whether there is room, and whether secrets are for nobody else."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mailer.app import App
from mailer.doctor.finding import Finding, error, ok, warning
from mailer.doctor.names import Names

LITTLE_BYTES: Final = 1 << 30
TOO_LITTLE_BYTES: Final = 100 << 20


def check(app: App, _names: Names) -> Iterator[Finding]:
    """The workspace's disk, and the rights of its files."""
    home = app.home
    if not os.access(home, os.W_OK):
        yield error("disk", f"{home} cannot be written to", do="give it to the user that mailer runs as")
        return
    free = shutil.disk_usage(home).free
    told = f"{free >> 20:,} MB are free at {home}"
    if free < TOO_LITTLE_BYTES:
        yield error("disk", told, do="make room: a database without room stops everything")
    elif free < LITTLE_BYTES:
        yield warning("disk", told, do="make room before the next issue")
    else:
        yield ok("disk", told)
    yield from _secrets(home / "secrets.toml")


def _secrets(path: Path) -> Iterator[Finding]:
    if path.exists() and path.stat().st_mode & 0o077:
        message = f"{path} can be read by others"
        yield error(
            "secrets", message, do=f"chmod 600 {path}; if somebody may have read it, put new keys before the old"
        )
