"""Which secret key a campaign's Message-IDs are made with, so that a new key changes none between attempts.

Revision: 0006_message_key, after 0005_pages.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006_message_key"
down_revision = "0005_pages"


def upgrade() -> None:
    """Add the column; a campaign that is being sent takes the newest key at its next batch."""
    with op.batch_alter_table("campaigns") as batch_op:
        batch_op.add_column(sa.Column("key_id", sa.SmallInteger(), nullable=True))
