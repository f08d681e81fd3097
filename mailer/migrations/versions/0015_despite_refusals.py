"""Whether a campaign goes on however many of its recipients the relay refuses; none that is there does.

Revision: 0015_despite_refusals, after 0014_range_references.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015_despite_refusals"
down_revision = "0014_range_references"


def upgrade() -> None:
    """Add the column."""
    with op.batch_alter_table("campaigns") as batch_op:
        batch_op.add_column(sa.Column("despite_refusals", sa.Boolean(), nullable=False, server_default=sa.false()))
