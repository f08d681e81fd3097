"""The segments that narrow a campaign; campaigns that are there go to all of their audiences.

Revision: 0013_segments, after 0012_bounce_mailboxes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013_segments"
down_revision = "0012_bounce_mailboxes"


def upgrade() -> None:
    """Add the columns."""
    with op.batch_alter_table("campaigns") as batch_op:
        batch_op.add_column(sa.Column("segments", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("excluded", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("filters", sa.JSON(), nullable=False, server_default="{}"))
