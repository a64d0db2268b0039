"""Alembic's entry: runs the migrations over the connection, and in the transaction, that `upgrades` opened."""

from alembic import context

from engine.store.columns import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
