"""A document that nobody has asked for: the house makes it by itself."""

import sqlalchemy as sa
from alembic import op

revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('documents') as table:
        table.alter_column('wanted_by_id', existing_type=sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True)


def downgrade() -> None:
    op.execute("DELETE FROM documents WHERE wanted_by_id IS NULL")
    with op.batch_alter_table('documents') as table:
        table.alter_column('wanted_by_id', existing_type=sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False)
