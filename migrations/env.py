"""Runs the migrations on the database that the application names."""

from alembic import context
from sqlalchemy import create_engine, pool

from grants import config, schema

url = context.config.attributes.get("url") or config.from_environment()["DATABASE_URL"]
engine = create_engine(url, poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=schema.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
