"""How far groups are composed and how that ended; what experts would like to evaluate."""

import sqlalchemy as sa
from alembic import op

revision = '0032'
down_revision = '0031'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('group_proposals', sa.Column('progress', sa.JSON(), nullable=False, server_default='{}'))
    op.add_column('group_proposals', sa.Column('ended', sa.String(length=10), nullable=False, server_default=''))
    op.add_column('group_proposals', sa.Column('attempts', sa.Integer(), nullable=False, server_default='0'))
    op.add_column('calls', sa.Column('bids_until', sa.Date(), nullable=True))
    op.create_table('bids',
    sa.Column('application_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('user_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('answer', sa.String(length=5), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['application_id'], ['applications.id'], name=op.f('fk_bids_application_id_applications')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_bids_user_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bids')),
    sa.UniqueConstraint('application_id', 'user_id', name=op.f('uq_bids_application_id'))
    )
    with op.batch_alter_table('bids', schema=None) as batch_op:
        batch_op.create_index('ix_bids_user', ['user_id'], unique=False)


def downgrade() -> None:
    op.drop_table('bids')
    with op.batch_alter_table('calls') as table:
        table.drop_column('bids_until')
    with op.batch_alter_table('group_proposals') as table:
        table.drop_column('attempts')
        table.drop_column('ended')
        table.drop_column('progress')
