"""Sign-ups that wait to be carried out, limits that all processes share, and notices to addresses that are nobody's own.

Revision: 0005_pages, after 0004_api.
"""

import sqlalchemy as sa
from alembic import op

import mailer.base.tables

revision = "0005_pages"
down_revision = "0004_api"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the two tables, and what a notice is about."""
    op.create_table(
        "sign_ups",
        sa.Column("id", BIG, nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("audiences", sa.JSON(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("at", mailer.base.tables.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ups")),
    )
    op.create_table(
        "limits",
        sa.Column("who", sa.String(length=64), nullable=False),
        sa.Column("used_until", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("who", name=op.f("pk_limits")),
    )
    op.create_index(op.f("ix_limits_used_until"), "limits", ["used_until"])
    with op.batch_alter_table("notices") as batch_op:
        batch_op.add_column(sa.Column("change_id", BIG, server_default="0", nullable=False))
        batch_op.add_column(sa.Column("address", sa.String(length=320), server_default="", nullable=False))
