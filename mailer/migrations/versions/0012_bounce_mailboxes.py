"""When the bounce mailbox is read next and how it went last, and what was read of one that keeps no marks itself.

Revision: 0012_bounce_mailboxes, after 0010_import_tries.
"""

import sqlalchemy as sa
from alembic import op

import mailer.base.tables

revision = "0012_bounce_mailboxes"
down_revision = "0010_import_tries"

MOMENT = mailer.base.tables.UtcDateTime(timezone=True)


def upgrade() -> None:
    """Add the two tables."""
    op.create_table(
        "bounce_mailboxes",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("not_before", MOMENT, nullable=False),
        sa.Column("read_at", MOMENT, nullable=True),
        sa.Column("failing_since", MOMENT, nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_bounce_mailboxes")),
    )
    op.create_table(
        "bounce_messages_read",
        sa.Column("mailbox", sa.String(length=64), nullable=False),
        sa.Column("uid", sa.String(length=200), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("mailbox", "uid", name=op.f("pk_bounce_messages_read")),
    )
