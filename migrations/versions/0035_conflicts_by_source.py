"""What an expert declares and what an officer notes are two records, also of one situation."""

from alembic import op

revision = '0035'
down_revision = '0034'
branch_labels = None
depends_on = None

PAIR = ['application_id', 'user_id', 'code', 'rule']


def _constrain(before: list[str], after: list[str]) -> None:
    with op.batch_alter_table('conflicts') as table:
        table.drop_constraint(op.f('uq_conflicts_' + '_'.join(before)), type_='unique')
        table.create_unique_constraint(op.f('uq_conflicts_' + '_'.join(after)), after)


def upgrade() -> None:
    _constrain(PAIR, [*PAIR, 'source'])


def downgrade() -> None:
    # Of two records of one situation the one that bars is kept, else the later one.
    op.execute(
        "DELETE FROM conflicts WHERE EXISTS (SELECT 1 FROM conflicts other "
        "WHERE other.application_id = conflicts.application_id AND other.user_id = conflicts.user_id "
        "AND other.code = conflicts.code AND other.rule = conflicts.rule AND other.id <> conflicts.id "
        "AND (CASE other.status WHEN 'confirmed' THEN 1 ELSE 0 END, other.id) "
        "> (CASE conflicts.status WHEN 'confirmed' THEN 1 ELSE 0 END, conflicts.id))"
    )
    _constrain([*PAIR, 'source'], PAIR)
