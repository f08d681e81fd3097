"""Run by Alembic, which can compare a migration with what the tables' descriptions say."""

from alembic import context

from mailer.every_table import EVERY_TABLE

target_metadata = EVERY_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=target_metadata,
    render_as_batch=True,  # SQLite alters a table by making it anew
    compare_type=True,
    compare_server_default=False,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
