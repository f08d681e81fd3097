"""Backups: whether there is one of late."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from mailer.app import App
from mailer.backup import newest
from mailer.doctor.finding import Finding, ok, warning
from mailer.doctor.names import Names

ABOUT = "backups"
OLD: Final = timedelta(days=7)


def check(app: App, _names: Names) -> Iterator[Finding]:
    """The newest under the workspace's backups/."""
    folder = app.home / "backups"
    path = newest(folder)
    if path is None:
        yield warning(ABOUT, f"there is none in {folder}", do="run `mailer db backup --keep 14` every night")
        return
    made = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    told = f"the newest is of {made:%Y-%m-%d %H:%M} UTC"
    if app.clock() - made > OLD:
        yield warning(ABOUT, told, do="run `mailer db backup --keep 14` every night")
    else:
        yield ok(ABOUT, told)
