"""Which workspace a command works in."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from mailer.app import App, open_app
from mailer.base.logs import set_up
from mailer.workspace import SETTINGS_FILE

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        metavar="DIR",
        help="The workspace; default: MAILER_HOME, else the nearest folder upwards with mailer.toml, else ./workspace.",
    ),
]


def find_workspace(given: Path | None) -> Path:
    """The folder of the workspace, whether or not it exists yet."""
    if given is not None:
        return given.absolute()
    if home := os.environ.get("MAILER_HOME"):
        return Path(home).absolute()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "mailer.toml").is_file():
            return folder
    return here / "workspace"


@contextmanager
def opened(workspace: Path | None, *, works: bool = False) -> Iterator[App]:
    """The workspace, open for the time of a command; `works` where this process does the queue's work itself."""
    app = open_app(find_workspace(workspace), works=works)
    set_up(app.settings.log.format)
    try:
        if works and app.settings.is_embedded:
            app.require_keys()
        yield app
    finally:
        app.close()


def workspace_exists(home: Path) -> bool:
    """Whether `mailer init` has been here."""
    return (home / SETTINGS_FILE).is_file()
