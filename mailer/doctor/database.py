"""The database: whether it answers and takes what is written, and whether its schema is this version's."""

from collections.abc import Iterator

from sqlalchemy import text

from mailer.app import App
from mailer.base.errors import Spoilt, Unreachable
from mailer.base.schema import newest_revision, schema_revision
from mailer.doctor.finding import Finding, error, ok, warning
from mailer.doctor.names import Names

ABOUT = "database"
OLDEST_POSTGRESQL = 14

_MEND = {
    "PostgreSQL": "name the primary in MAILER_DATABASE_URL, or let this one be written",
    "SQLite": "give the file and its folder to the user that mailer runs as, and make room on its disk",
}


def check(app: App, _names: Names) -> Iterator[Finding]:
    """Ask it what it is, and for the revision of its schema."""
    if app.database.is_missing:
        yield error(ABOUT, "there is none yet", do="run `mailer init`, or name another --workspace")
        return
    try:
        with app.database.read() as session:
            asked = "SELECT sqlite_version()" if app.database.is_sqlite else "SHOW server_version"
            version = str(session.scalar(text(asked)))
        refuses = app.database.refuses_writes()
        has = schema_revision(app.database)
    except (Spoilt, Unreachable) as trouble:
        yield error(ABOUT, trouble.message, do=trouble.do)
        return
    kind = "SQLite" if app.database.is_sqlite else "PostgreSQL"
    if refuses:
        message = f"{kind} {version} takes nothing new: {refuses}"
        yield error(ABOUT, message, do=_MEND[kind])
    elif has != newest_revision():
        message = f"the schema is at {has or 'nothing'}, this version wants {newest_revision()}"
        yield error(ABOUT, message, do="run `mailer db upgrade`")
    elif not app.database.is_sqlite and int(version.split(".", maxsplit=1)[0]) < OLDEST_POSTGRESQL:
        message = f"PostgreSQL {version} is no longer looked after by its makers"
        yield warning(ABOUT, message, do=f"use PostgreSQL {OLDEST_POSTGRESQL} or newer")
    else:
        yield ok(ABOUT, f"{kind} {version}, schema {has}")
