"""Groups of experts that were proposed for a whole call."""

import sqlalchemy as sa
from alembic import op

revision = '0028'
down_revision = '0027'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('group_proposals',
    sa.Column('call_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('wishes', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('step', sa.String(length=10), nullable=False),
    sa.Column('wanted_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('wanted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('inputs', sa.String(length=64), nullable=True),
    sa.Column('result', sa.JSON(), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['call_id'], ['calls.id'], name=op.f('fk_group_proposals_call_id_calls')),
    sa.ForeignKeyConstraint(['wanted_by_id'], ['users.id'], name=op.f('fk_group_proposals_wanted_by_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_group_proposals')),
    sa.UniqueConstraint('public_id', name=op.f('uq_group_proposals_public_id'))
    )
    with op.batch_alter_table('group_proposals', schema=None) as batch_op:
        batch_op.create_index('ix_group_proposals_call', ['call_id', 'state'], unique=False)


def downgrade() -> None:
    op.drop_table('group_proposals')
