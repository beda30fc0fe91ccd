"""When the panel of an application was looked through for conflicts of interest."""

import sqlalchemy as sa
from alembic import op

revision = '0033'
down_revision = '0032'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('applications', sa.Column('panel_screened_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('applications') as table:
        table.drop_column('panel_screened_at')
