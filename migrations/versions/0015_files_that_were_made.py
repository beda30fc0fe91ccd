"""Files that were made"""

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('made_files',
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('input_digest', sa.String(length=64), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_made_files')),
    sa.UniqueConstraint('sha256', name=op.f('uq_made_files_sha256'))
    )
    with op.batch_alter_table('made_files', schema=None) as batch_op:
        batch_op.create_index('ix_made_files_same', ['kind', 'input_digest'], unique=False)

    # What was made so far stays known; its input is told in another way from now on, so it is made again when wanted.
    op.execute(
        "INSERT INTO made_files (sha256, kind, input_digest, size, made_at) "
        "SELECT sha256, MIN(kind), MIN(input_digest), MIN(size), MIN(finished_at) FROM documents "
        "WHERE state = 'done' AND sha256 IS NOT NULL GROUP BY sha256"
    )
    with op.batch_alter_table('documents', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_documents_same'))
        batch_op.drop_column('input_digest')



def downgrade() -> None:
    with op.batch_alter_table('documents', schema=None) as batch_op:
        batch_op.add_column(sa.Column('input_digest', sa.String(length=64), server_default='', nullable=False))
        batch_op.create_index(batch_op.f('ix_documents_same'), ['kind', 'input_digest'], unique=False)

    with op.batch_alter_table('made_files', schema=None) as batch_op:
        batch_op.drop_index('ix_made_files_same')

    op.drop_table('made_files')
