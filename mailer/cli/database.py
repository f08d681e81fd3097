"""db …: the schema, backups, and whether the database is sound."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from mailer import backup
from mailer.app import App, settings_of
from mailer.base.database import Database
from mailer.base.schema import newest_revision, schema_revision, upgrade_schema
from mailer.base.settings import Settings, read_settings
from mailer.cli.exits import DONE, FAULTS
from mailer.cli.output import JsonOption, is_yes, say, show, show_json
from mailer.cli.workspace import WorkspaceOption, find_workspace

database = typer.Typer(
    help="The schema, backups, and whether the database is sound.", rich_markup_mode=None, no_args_is_help=True
)


def add_to(app: typer.Typer) -> None:
    """Give `mailer` the commands of this module."""
    app.add_typer(database, name="db", epilog="Example: mailer db backup")


@database.command("upgrade", epilog="Example: mailer db upgrade")
def db_upgrade(workspace: WorkspaceOption = None) -> None:
    """Bring the schema up to this version."""
    with _opened(workspace) as (_, opened):
        before = schema_revision(opened)
        upgrade_schema(opened)
    say(f"schema {before or 'new'} → {newest_revision()}")


@database.command("backup", epilog="Example: mailer db backup --keep 14")
def db_backup(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="Where; default: by the time, under backups/ in the workspace."),
    ] = None,
    keep: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Delete all but the newest N backups under backups/.")
    ] = None,
    workspace: WorkspaceOption = None,
    json_: JsonOption = False,
) -> None:
    """Write everything in the database into one SQLite file, while mailer runs, and print its path.

    secrets.toml and mailer.toml are not in it: keep a copy of them elsewhere, for without the keys no link of a sent
    letter works.
    """
    with _opened(workspace) as (settings, opened):
        folder = settings.home / "backups"
        if file is None:
            path = backup.back_up_into(folder, opened, now=App.clock())
        else:
            path = file.absolute()
            backup.back_up(opened, path)
        deleted = backup.keep_newest(folder, keep) if keep is not None else ()
    if json_:
        show_json({"file": path, "bytes": path.stat().st_size, "deleted": deleted})
        return
    show(str(path))
    for old in deleted:
        say(f"deleted {old}")


@database.command("restore", epilog="Example: mailer db restore backups/mailer-20270105T031500Z.db")
def db_restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup, of SQLite or PostgreSQL alike.")],
    yes: Annotated[bool, typer.Option("--yes", help="Answer every question with yes.")] = False,
    workspace: WorkspaceOption = None,
    json_: JsonOption = False,
) -> int:
    """Make the database what a backup holds. Stop mailer first.

    What is there now is kept as a backup of its own. Whoever has left since stays away, and campaigns that were on their
    way are paused, for the backup does not know whom they have reached since.
    """
    app = App(settings_of(find_workspace(workspace)), queue=None)
    try:
        shown = app.database.engine.url.render_as_string(hide_password=True)
        if not is_yes(f"Replace everything in {shown} by {file}?", yes=yes):
            return FAULTS
        done = backup.restore(
            file, app.database, kept_in=app.home / "backups", keys=app.keys, now=app.clock(), actor="restore"
        )
    finally:
        app.close()
    if json_:
        show_json({"paused": done.held, "stay_away": done.stay_away, "before": done.before})
        return DONE
    say(f"restored {file}")
    if done.before is not None:
        say(f"what was there before is in {done.before}")
    if done.stay_away is not None:
        say(f"{done.stay_away} people had left since and stay away")
    elif done.before is not None:
        say("what was there could not be read: who has left since the backup is not known")
    for slug in done.held:
        say(f"paused {slug}: look whom it reached, then resume or cancel it")
    return DONE


@database.command("check", epilog="Example: mailer db check backups/mailer-20270105T031500Z.db")
def db_check(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A backup; default: the workspace's database.")
    ] = None,
    workspace: WorkspaceOption = None,
    json_: JsonOption = False,
) -> int:
    """Look whether the database, or a backup, is sound: its file, its schema, what rows point at, the ledger."""
    if file is not None:
        with backup.opened_copy(file) as opened:
            found = backup.faults(opened)
    else:
        with _opened(workspace) as (_, opened):
            found = backup.faults(opened)
    if json_:
        show_json([{"message": line} for line in found])
    else:
        for line in found:
            show(line)
        say(f"{len(found)} faults" if found else "sound")
    return FAULTS if found else DONE


@contextmanager
def _opened(workspace: Path | None) -> Iterator[tuple[Settings, Database]]:
    """The database as it is, whatever its schema."""
    settings = read_settings(find_workspace(workspace))
    opened = Database(settings.database_url)
    try:
        yield settings, opened
    finally:
        opened.close()
