"""What has to be done before a grant agreement is signed, each with its day"""

import sqlalchemy as sa
from alembic import op

revision = '0039'
down_revision = '0038'
branch_labels = None
depends_on = None

DAYS = ('capacity_on', 'plans_on', 'conditions_on', 'coordinator_signed_on')


def upgrade() -> None:
    with op.batch_alter_table('preparations') as table:
        for day in DAYS:
            table.add_column(sa.Column(day, sa.Date(), nullable=True))
        table.add_column(sa.Column('findings', sa.JSON(), nullable=False, server_default='[]'))


def downgrade() -> None:
    with op.batch_alter_table('preparations') as table:
        table.drop_column('findings')
        for day in DAYS:
            table.drop_column(day)
