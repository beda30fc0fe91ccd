"""What one member of a redress committee proposes and another confirms."""

import sqlalchemy as sa
from alembic import op

revision = '0037'
down_revision = '0036'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('redress_requests') as table:
        table.add_column(sa.Column('proposed_outcome', sa.String(length=24), nullable=False, server_default=''))
        table.add_column(sa.Column('proposed_opinion', sa.Text(), nullable=False, server_default=''))
        id_of = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
        table.add_column(sa.Column('proposed_by_id', id_of, nullable=True))
        table.add_column(sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=True))
        table.create_foreign_key(op.f('fk_redress_requests_proposed_by_id_users'), 'users', ['proposed_by_id'], ['id'])


def downgrade() -> None:
    with op.batch_alter_table('redress_requests') as table:
        table.drop_constraint(op.f('fk_redress_requests_proposed_by_id_users'), type_='foreignkey')
        table.drop_column('proposed_at')
        table.drop_column('proposed_by_id')
        table.drop_column('proposed_opinion')
        table.drop_column('proposed_outcome')
