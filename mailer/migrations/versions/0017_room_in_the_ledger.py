"""Pages of the ledger are left half empty on PostgreSQL: a delivery that is marked and recorded then stays on its page.

Revision: 0017_room_in_the_ledger, after 0016_consented_at.
"""

from alembic import op

revision = "0017_room_in_the_ledger"
down_revision = "0016_consented_at"


def upgrade() -> None:
    """Of pages that are written from now on; SQLite changes a row where it stands."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE deliveries SET (fillfactor = 50)")
