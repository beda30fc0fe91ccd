"""What the experts of a group say to each other before they agree."""

import sqlalchemy as sa
from alembic import op

revision = '0036'
down_revision = '0035'
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('consensus_remarks',
    sa.Column('consensus_id', ID, nullable=False),
    sa.Column('assignment_id', ID, nullable=False),
    sa.Column('criterion', sa.String(length=20), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', ID, nullable=False),
    sa.ForeignKeyConstraint(['assignment_id'], ['assignments.id'],
                            name=op.f('fk_consensus_remarks_assignment_id_assignments')),
    sa.ForeignKeyConstraint(['consensus_id'], ['consensus_reports.id'],
                            name=op.f('fk_consensus_remarks_consensus_id_consensus_reports')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consensus_remarks'))
    )
    with op.batch_alter_table('consensus_remarks', schema=None) as batch_op:
        batch_op.create_index('ix_consensus_remarks_consensus', ['consensus_id'], unique=False)


def downgrade() -> None:
    op.drop_table('consensus_remarks')
