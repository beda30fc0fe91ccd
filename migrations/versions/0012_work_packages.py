"""Work packages, and costs of each partner by work package."""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("applications") as batch_op:
        batch_op.add_column(sa.Column("work_packages", sa.JSON(), nullable=False, server_default="[]"))

    with op.batch_alter_table("partners") as batch_op:
        batch_op.add_column(sa.Column("shares", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    with op.batch_alter_table("partners") as batch_op:
        batch_op.drop_column("shares")

    with op.batch_alter_table("applications") as batch_op:
        batch_op.drop_column("work_packages")
