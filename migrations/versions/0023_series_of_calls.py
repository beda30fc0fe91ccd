"""Calls that follow each other: the two stages of one, or its cut-offs; the outline of a full application."""

import sqlalchemy as sa
from alembic import op

revision = '0023'
down_revision = '0018'
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    with op.batch_alter_table('calls') as table:
        table.add_column(sa.Column('first_id', ROW_ID, nullable=True))
        table.add_column(sa.Column('stage', sa.Integer(), nullable=False, server_default='1'))
        table.add_column(sa.Column('cut_off', sa.Integer(), nullable=False, server_default='1'))
        table.create_foreign_key(op.f('fk_calls_first_id_calls'), 'calls', ['first_id'], ['id'])
        table.create_unique_constraint(op.f('uq_calls_first_id_stage_cut_off'), ['first_id', 'stage', 'cut_off'])
    with op.batch_alter_table('applications') as table:
        table.add_column(sa.Column('outline_id', ROW_ID, nullable=True))
        table.create_foreign_key(op.f('fk_applications_outline_id_applications'), 'applications', ['outline_id'], ['id'])
        table.create_unique_constraint(op.f('uq_applications_outline_id'), ['outline_id'])


def downgrade() -> None:
    with op.batch_alter_table('applications') as table:
        table.drop_column('outline_id')
    with op.batch_alter_table('calls') as table:
        table.drop_column('cut_off')
        table.drop_column('stage')
        table.drop_column('first_id')
