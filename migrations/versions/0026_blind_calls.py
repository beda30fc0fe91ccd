"""Calls that are evaluated blind, and the text of uploaded files that is looked through for it."""

import sqlalchemy as sa
from alembic import op

revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('calls', sa.Column('blind', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table('file_texts',
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('pages', sa.JSON(), nullable=False),
    sa.Column('properties', sa.JSON(), nullable=False),
    sa.Column('problem', sa.String(length=300), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_file_texts')),
    sa.UniqueConstraint('sha256', name=op.f('uq_file_texts_sha256'))
    )


def downgrade() -> None:
    op.drop_table('file_texts')
    with op.batch_alter_table('calls') as table:
        table.drop_column('blind')
