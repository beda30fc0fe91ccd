"""Which released letter a file tells; drafts are no files that were made"""

import sqlalchemy as sa
from alembic import op

revision = '0038'
down_revision = '0037'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('made_files', sa.Column('letter_sha256', sa.String(length=64), nullable=True))
    # Which letter an earlier file tells is known where it was made for the letter in force.
    op.execute(
        "DELETE FROM made_files WHERE kind = 'letter' AND sha256 IN ("
        "SELECT documents.sha256 FROM documents "
        "JOIN decisions ON decisions.application_id = documents.application_id "
        "WHERE documents.kind = 'letter' AND documents.sha256 IS NOT NULL AND decisions.letter_number = 1 "
        "AND (decisions.released_at IS NULL OR documents.finished_at < decisions.released_at))"
    )
    op.execute(
        "UPDATE made_files SET letter_sha256 = ("
        "SELECT MIN(decisions.sha256) FROM documents "
        "JOIN decisions ON decisions.application_id = documents.application_id "
        "WHERE documents.kind = 'letter' AND documents.sha256 = made_files.sha256 "
        "AND documents.finished_at >= decisions.released_at) "
        "WHERE kind = 'letter'"
    )


def downgrade() -> None:
    with op.batch_alter_table('made_files') as table:
        table.drop_column('letter_sha256')
