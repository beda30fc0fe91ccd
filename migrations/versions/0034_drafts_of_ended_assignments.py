"""A draft whose assignment has ended is void with it; until now it stayed a draft that nobody could write or end."""

from alembic import op

revision = '0034'
down_revision = '0033'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "UPDATE reports SET state = 'void' WHERE state = 'draft' "
        "AND assignment_id IN (SELECT id FROM assignments WHERE state = 'void')"
    )


def downgrade() -> None:
    """Which of them were drafts before is not known; a void report does no harm."""
