"""The schema and its migrations, by Alembic: loaded for an upgrade only, since it takes 11 MB and a third of a second.

Every command looks whether the schema is this version's; for that the table of Alembic and the names of the files do.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text

from mailer.base.database import Database
from mailer.base.errors import WrongInput

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"


def upgrade_schema(database: Database, *, to: str = "head") -> None:
    """Bring the schema up to `to`, in one transaction for each migration."""
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with _unreferenced(database) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, to)


@contextmanager
def _unreferenced(database: Database) -> Iterator[Connection]:
    """A connection on which SQLite lets a table be made anew, as some migrations do.

    To drop the old one would delete what refers to it: of a campaign its whole ledger. What refers to nothing afterwards is
    a fault of the migration.
    """
    with database.engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            yield connection
            return
        # Of this connection alone, which is not used again; inside a transaction the pragma does nothing (SQLite, "Foreign
        # Key Support" §2).
        driver: Any = connection.connection.driver_connection
        connection.detach()
        driver.execute("PRAGMA foreign_keys=OFF")
        yield connection
        broken = driver.execute("PRAGMA foreign_key_check").fetchall()
        if broken:
            message = f"rows of {broken[0][0]} refer to rows of {broken[0][2]} that are not there"
            raise RuntimeError(message)


def schema_revision(database: Database) -> str | None:
    """The revision that the database has; None before the first migration."""
    with database.read() as session:
        if not inspect(session.connection()).has_table("alembic_version"):
            return None
        return session.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def newest_revision() -> str | None:
    """The revision that this version of the code wants."""
    return max(file.stem for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def require_current_schema(database: Database) -> None:
    """Refuse to work on a schema that is not this version's.

    Raises:
        WrongInput: the schema is older or newer than the code.
    """
    has, wants = schema_revision(database), newest_revision()
    if has != wants:
        shown = database.engine.url.render_as_string(hide_password=True)
        raise WrongInput(
            f"the schema is at {has or 'nothing'}, this version wants {wants}",
            do="run `mailer db upgrade`",
            place=f"database {shown}",
        )
