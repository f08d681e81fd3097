"""How fast and how carefully: allowances, standings of domains, minutes of sending, and the canary.

Revision: 0002_pace, after 0001.
"""

import sqlalchemy as sa
from alembic import op

import mailer.base.tables

revision = "0002_pace"
down_revision = "0001"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables, and the campaigns' first wave."""
    op.create_table(
        "allowances",
        sa.Column("of", sa.String(length=300), nullable=False),
        sa.Column("slice", BIG, autoincrement=False, nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("until", mailer.base.tables.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("of", "slice", name=op.f("pk_allowances")),
    )
    op.create_index(op.f("ix_allowances_until"), "allowances", ["until"])
    op.create_table(
        "domain_standings",
        sa.Column("domain", sa.String(length=255), nullable=False),
        sa.Column("rate", sa.Float(), nullable=False),
        sa.Column("trips", sa.SmallInteger(), nullable=False),
        sa.Column("closed_until", mailer.base.tables.UtcDateTime(timezone=True), nullable=True),
        sa.Column("closed_since", mailer.base.tables.UtcDateTime(timezone=True), nullable=True),
        sa.Column("deferred_at", mailer.base.tables.UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", mailer.base.tables.UtcDateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_domain_standings")),
    )
    op.create_table(
        "sending_minutes",
        sa.Column("campaign_id", BIG, nullable=False),
        sa.Column("minute", BIG, autoincrement=False, nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("deferred", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("uncertain", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_sending_minutes_campaign_id_campaigns"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("campaign_id", "minute", name=op.f("pk_sending_minutes")),
    )
    with op.batch_alter_table("campaigns") as batch_op:
        batch_op.add_column(sa.Column("canary", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("canary_until", mailer.base.tables.UtcDateTime(timezone=True), nullable=True))
