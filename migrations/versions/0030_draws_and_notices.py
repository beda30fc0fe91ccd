"""Draws of lots, places when money is given, and letters that tell no decision."""

import sqlalchemy as sa
from alembic import op

revision = '0030'
down_revision = '0029'
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('draws',
    sa.Column('call_id', ID, nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('fixed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('fixed_by_id', ID, nullable=False),
    sa.Column('draws_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('snapshot', sa.Text(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('value', sa.String(length=300), nullable=False),
    sa.Column('seed', sa.String(length=64), nullable=False),
    sa.Column('order', sa.JSON(), nullable=False),
    sa.Column('drawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('drawn_by_id', ID, nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_by_id', ID, nullable=True),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('id', ID, nullable=False),
    sa.ForeignKeyConstraint(['call_id'], ['calls.id'], name=op.f('fk_draws_call_id_calls')),
    sa.ForeignKeyConstraint(['fixed_by_id'], ['users.id'], name=op.f('fk_draws_fixed_by_id_users')),
    sa.ForeignKeyConstraint(['drawn_by_id'], ['users.id'], name=op.f('fk_draws_drawn_by_id_users')),
    sa.ForeignKeyConstraint(['closed_by_id'], ['users.id'], name=op.f('fk_draws_closed_by_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_draws')),
    sa.UniqueConstraint('call_id', 'number', name=op.f('uq_draws_call_id')),
    sa.UniqueConstraint('public_id', name=op.f('uq_draws_public_id'))
    )
    op.create_table('notices',
    sa.Column('application_id', ID, nullable=False),
    sa.Column('outcome', sa.String(length=20), nullable=False),
    sa.Column('occasion', sa.String(length=60), nullable=False),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('snapshot', sa.Text(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('id', ID, nullable=False),
    sa.ForeignKeyConstraint(['application_id'], ['applications.id'], name=op.f('fk_notices_application_id_applications')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notices')),
    sa.UniqueConstraint('application_id', 'occasion', name=op.f('uq_notices_application_id')),
    sa.UniqueConstraint('public_id', name=op.f('uq_notices_public_id'))
    )
    with op.batch_alter_table('panel_findings', schema=None) as batch_op:
        batch_op.add_column(sa.Column('funding_order', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('funding_reason', sa.Text(), server_default='', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('panel_findings', schema=None) as batch_op:
        batch_op.drop_column('funding_reason')
        batch_op.drop_column('funding_order')
    op.drop_table('notices')
    op.drop_table('draws')
