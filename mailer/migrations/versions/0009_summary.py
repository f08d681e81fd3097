"""What an issue is about in a sentence, for the feed; issues that are kept already have none.

Revision: 0009_summary, after 0008_freezing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009_summary"
down_revision = "0008_freezing"


def upgrade() -> None:
    """Add the column."""
    with op.batch_alter_table("issue_revisions") as batch_op:
        batch_op.add_column(sa.Column("summary", sa.Text(), nullable=False, server_default=""))
