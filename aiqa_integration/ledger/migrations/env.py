"""Alembic's entry: runs the migrations on the connection that ``ledger.schema`` hands over."""

from alembic import context

from aiqa_integration.ledger.columns import render_item
from aiqa_integration.ledger.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=render_item,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
