"""The schema and its migrations, by Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from mailer.base.database import Database
from mailer.base.errors import WrongInput

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"


def upgrade_schema(database: Database, *, to: str = "head") -> None:
    """Bring the schema up to `to`, in one transaction for each migration."""
    with database.engine.connect() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, to)


def schema_revision(database: Database) -> str | None:
    """The revision that the database has; None before the first migration."""
    with database.read() as session:
        return MigrationContext.configure(session.connection()).get_current_revision()


def newest_revision() -> str | None:
    """The revision that this version of the code wants."""
    return ScriptDirectory.from_config(_config()).get_current_head()


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


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
