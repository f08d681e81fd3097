"""Scopes, end and last use of API tokens; answers that are kept for a day; uploaded files that wait for a worker.

Revision: 0004_api, after 0003_people. Tokens that there are keep the right to everything.
"""

import sqlalchemy as sa
from alembic import op

from mailer.base.tables import UtcDateTime

revision = "0004_api"
down_revision = "0003_people"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
EVERYTHING = (
    "audiences:read audiences:write campaigns:read campaigns:write campaigns:send imports:read imports:write"
    " subscribers:read subscribers:write subscribers:erase subscriptions:read subscriptions:write"
    " suppressions:read suppressions:write"
)


def upgrade() -> None:
    with op.batch_alter_table("api_tokens") as batch_op:
        batch_op.add_column(sa.Column("scopes", sa.Text(), nullable=False, server_default=EVERYTHING))
        batch_op.add_column(sa.Column("expires_at", UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("used_at", UtcDateTime(timezone=True), nullable=True))
    op.create_table(
        "kept_answers",
        sa.Column("token_id", ID, nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("begun_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("subscriber_id", ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name=op.f("fk_kept_answers_subscriber_id_subscribers"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["token_id"], ["api_tokens.id"], name=op.f("fk_kept_answers_token_id_api_tokens"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_id", "key", name=op.f("pk_kept_answers")),
    )
    op.create_index("ix_kept_answers_begun_at", "kept_answers", ["begun_at"])
    op.create_index("ix_kept_answers_subscriber_id", "kept_answers", ["subscriber_id"])
    op.create_table(
        "imports",
        sa.Column("id", ID, nullable=False),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("audiences", sa.JSON(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("consent", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("is_dry_run", sa.Boolean(), nullable=False),
        sa.Column("rows_read", sa.Integer(), nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("leased_until", UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('uploaded', 'waiting', 'running', 'looked', 'done', 'failed')", name=op.f("ck_imports_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
        sa.UniqueConstraint("public_id", name=op.f("uq_imports_public_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_imports_state", "imports", ["state"])
    op.create_table(
        "import_parts",
        sa.Column("import_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("kind IN ('file', 'rejected')", name=op.f("ck_import_parts_kind")),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_import_parts_import_id_imports"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "kind", "number", name=op.f("pk_import_parts")),
    )
