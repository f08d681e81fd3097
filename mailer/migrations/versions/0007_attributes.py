"""Declared attributes: which names there are, and the type of their values.

Revision: 0007_attributes, after 0006_message_key. What people have already is declared as text.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007_attributes"
down_revision = "0006_message_key"

NAMES = {
    "sqlite": "SELECT DISTINCT key FROM subscribers, json_each(subscribers.attributes)",
    "postgresql": "SELECT DISTINCT key FROM subscribers, json_object_keys(subscribers.attributes) AS key",
}


def upgrade() -> None:
    """Make the table and fill it; `tags` is a list of its own, and a longer name is no name."""
    op.create_table(
        "attributes",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=6), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.CheckConstraint("kind IN ('text', 'number', 'date', 'yes-no')", name=op.f("ck_attributes_kind")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_attributes")),
    )
    names = NAMES[op.get_bind().dialect.name]
    op.execute(
        "INSERT INTO attributes (name, kind, label) SELECT key, 'text', ''"  # noqa: S608 - no value of anyone's
        f" FROM ({names}) AS found WHERE key <> 'tags' AND length(key) <= 200"
    )
