"""How often the work on an import was begun, so that a file that kills its worker is not tried for ever.

Revision: 0010_import_tries, after 0009_summary.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010_import_tries"
down_revision = "0009_summary"


def upgrade() -> None:
    """Add the column."""
    with op.batch_alter_table("imports") as batch_op:
        batch_op.add_column(sa.Column("tries", sa.Integer(), nullable=False, server_default="0"))
