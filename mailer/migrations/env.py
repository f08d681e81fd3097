"""Run by Alembic: gathers every table, so that a migration can be compared with the models."""

from alembic import context

import mailer.base.limits
import subscribers.models
from mailer.base.tables import Base

target_metadata = Base.metadata

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
