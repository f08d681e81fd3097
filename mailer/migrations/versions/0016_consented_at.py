"""When people agreed who came in with others: beside each of them, where a line of consent for each took twice the time.

Revision: 0016_consented_at, after 0015_despite_refusals.
"""

import sqlalchemy as sa
from alembic import op

from mailer.base.tables import UtcDateTime

revision = "0016_consented_at"
down_revision = "0015_despite_refusals"

APPEND_ONLY = "the log of consent is only added to"
POSTGRESQL_RULE = """
    CREATE TRIGGER subscribers_consented_at_stays BEFORE UPDATE OF consented_at ON subscribers FOR EACH ROW
        WHEN (NEW.consented_at IS DISTINCT FROM OLD.consented_at) EXECUTE FUNCTION consents_stay();
"""
SQLITE_RULE = f"""
    CREATE TRIGGER subscribers_consented_at_stays BEFORE UPDATE OF consented_at ON subscribers
    WHEN NEW.consented_at IS NOT OLD.consented_at BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}'); END
"""


def upgrade() -> None:
    """Add the column, and let nothing change it."""
    op.add_column("subscribers", sa.Column("consented_at", UtcDateTime(), nullable=True))
    op.execute(POSTGRESQL_RULE if op.get_bind().dialect.name == "postgresql" else SQLITE_RULE)
