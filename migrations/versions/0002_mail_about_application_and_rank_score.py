"""mails say which application they are about; no score for ranking below a threshold"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('mails', schema=None) as batch_op:
        batch_op.add_column(sa.Column('application_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_mails_application_id'), 'applications', ['application_id'], ['id'])
    with op.batch_alter_table('ranked_rows', schema=None) as batch_op:
        batch_op.alter_column('rank_score', existing_type=sa.INTEGER(), nullable=True)
    op.execute('UPDATE ranked_rows SET rank_score = NULL WHERE rank IS NULL')


def downgrade() -> None:
    op.execute('UPDATE ranked_rows SET rank_score = 0 WHERE rank_score IS NULL')
    with op.batch_alter_table('ranked_rows', schema=None) as batch_op:
        batch_op.alter_column('rank_score', existing_type=sa.INTEGER(), nullable=False)
    with op.batch_alter_table('mails', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_mails_application_id'), type_='foreignkey')
        batch_op.drop_column('application_id')
