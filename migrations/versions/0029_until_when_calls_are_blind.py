"""Until when a call that is evaluated blind does not tell who applies; so far it told at once."""

import sqlalchemy as sa
from alembic import op

revision = '0029'
down_revision = '0028'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('calls', sa.Column('blind_until', sa.String(length=12), nullable=False, server_default=''))
    op.execute(sa.text("UPDATE calls SET blind_until = 'released' WHERE blind"))
    with op.batch_alter_table('calls') as table:
        table.drop_column('blind')


def downgrade() -> None:
    op.add_column('calls', sa.Column('blind', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(sa.text("UPDATE calls SET blind = true WHERE blind_until <> ''"))
    with op.batch_alter_table('calls') as table:
        table.drop_column('blind_until')
