"""Experts and reports in full."""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("assignments") as batch_op:
        batch_op.add_column(sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("consensus_reports") as batch_op:
        batch_op.add_column(sa.Column("saved_tab", sa.String(length=32), nullable=False, server_default=""))

    with op.batch_alter_table("experts") as batch_op:
        batch_op.add_column(sa.Column("employer_ror", sa.String(length=9), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("ties", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("languages", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("seniority", sa.String(length=12), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("max_load", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("away_from", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("away_until", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("kept_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("reports") as batch_op:
        batch_op.add_column(sa.Column("saved_tab", sa.String(length=32), nullable=False, server_default=""))



def downgrade() -> None:
    with op.batch_alter_table("reports") as batch_op:
        batch_op.drop_column("saved_tab")

    with op.batch_alter_table("experts") as batch_op:
        batch_op.drop_column("kept_at")
        batch_op.drop_column("away_until")
        batch_op.drop_column("away_from")
        batch_op.drop_column("max_load")
        batch_op.drop_column("seniority")
        batch_op.drop_column("languages")
        batch_op.drop_column("ties")
        batch_op.drop_column("employer_ror")

    with op.batch_alter_table("consensus_reports") as batch_op:
        batch_op.drop_column("saved_tab")

    with op.batch_alter_table("assignments") as batch_op:
        batch_op.drop_column("reminded_at")

