"""What applicants reply to the comments of the experts before the consensus."""

import sqlalchemy as sa
from alembic import op

revision = '0027'
down_revision = '0026'
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('reactions',
    sa.Column('application_id', ROW_ID, nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('shown', sa.JSON(), nullable=False),
    sa.Column('asked_by_id', ROW_ID, nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('answered_by_id', ROW_ID, nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', ROW_ID, nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.ForeignKeyConstraint(['application_id'], ['applications.id'], name=op.f('fk_reactions_application_id_applications')),
    sa.ForeignKeyConstraint(['answered_by_id'], ['users.id'], name=op.f('fk_reactions_answered_by_id_users')),
    sa.ForeignKeyConstraint(['asked_by_id'], ['users.id'], name=op.f('fk_reactions_asked_by_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reactions')),
    sa.UniqueConstraint('application_id', name=op.f('uq_reactions_application_id')),
    sa.UniqueConstraint('public_id', name=op.f('uq_reactions_public_id'))
    )


def downgrade() -> None:
    op.drop_table('reactions')
