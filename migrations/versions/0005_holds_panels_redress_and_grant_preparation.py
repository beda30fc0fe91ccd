"""holds panels redress and grant preparation"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('preparations',
    sa.Column('application_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('data_on', sa.Date(), nullable=True),
    sa.Column('declaration_on', sa.Date(), nullable=True),
    sa.Column('checks', sa.JSON(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('signed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('signed_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['application_id'], ['applications.id'], name=op.f('fk_preparations_application_id')),
    sa.ForeignKeyConstraint(['signed_by_id'], ['users.id'], name=op.f('fk_preparations_signed_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_preparations')),
    sa.UniqueConstraint('application_id', name=op.f('uq_preparations_application_id')),
    sa.UniqueConstraint('public_id', name=op.f('uq_preparations_public_id'))
    )
    op.create_table('redress_requests',
    sa.Column('application_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('grounds', sa.JSON(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('filed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_day', sa.Date(), nullable=False),
    sa.Column('opinion', sa.Text(), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['application_id'], ['applications.id'], name=op.f('fk_redress_requests_application_id')),
    sa.ForeignKeyConstraint(['closed_by_id'], ['users.id'], name=op.f('fk_redress_requests_closed_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_redress_requests')),
    sa.UniqueConstraint('application_id', name=op.f('uq_redress_requests_application_id')),
    sa.UniqueConstraint('public_id', name=op.f('uq_redress_requests_public_id'))
    )
    op.create_table('decision_changes',
    sa.Column('decision_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('outcome', sa.String(length=20), nullable=False),
    sa.Column('max_grant', sa.BigInteger(), nullable=True),
    sa.Column('conditions', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('proposed_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('approved_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('approved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('superseded', sa.Text(), nullable=True),
    sa.Column('superseded_sha256', sa.String(length=64), nullable=True),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['approved_by_id'], ['users.id'], name=op.f('fk_decision_changes_approved_by_id')),
    sa.ForeignKeyConstraint(['decision_id'], ['decisions.id'], name=op.f('fk_decision_changes_decision_id')),
    sa.ForeignKeyConstraint(['proposed_by_id'], ['users.id'], name=op.f('fk_decision_changes_proposed_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_decision_changes')),
    sa.UniqueConstraint('public_id', name=op.f('uq_decision_changes_public_id'))
    )
    with op.batch_alter_table('decision_changes', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_decision_changes_decision_id'), ['decision_id'], unique=False)

    op.create_table('redress_members',
    sa.Column('redress_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('user_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['redress_id'], ['redress_requests.id'], name=op.f('fk_redress_members_redress_id')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_redress_members_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_redress_members')),
    sa.UniqueConstraint('redress_id', 'user_id', name=op.f('uq_redress_members_redress_id_user_id'))
    )
    with op.batch_alter_table('calls', schema=None) as batch_op:
        batch_op.add_column(sa.Column('held_until', sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table('decisions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('ethics', sa.String(length=12), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('security', sa.String(length=12), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('release_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.add_column(sa.Column('letter_number', sa.Integer(), nullable=False, server_default='0'))
        batch_op.create_foreign_key(batch_op.f('fk_decisions_release_id'), 'releases', ['release_id'], ['id'])

    with op.batch_alter_table('panel_findings', schema=None) as batch_op:
        batch_op.add_column(sa.Column('minutes', sa.Text(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('motion', sa.String(length=300), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('votes', sa.JSON(), nullable=False, server_default='{}'))

    with op.batch_alter_table('ranked_rows', schema=None) as batch_op:
        batch_op.add_column(sa.Column('trace', sa.JSON(), nullable=False, server_default='[]'))

    with op.batch_alter_table('releases', schema=None) as batch_op:
        batch_op.add_column(sa.Column('state', sa.String(length=10), nullable=False, server_default='released'))
        batch_op.add_column(sa.Column('ordered_at', sa.DateTime(timezone=True), nullable=False, server_default=sa.text('CURRENT_TIMESTAMP')))
        batch_op.add_column(sa.Column('due_at', sa.DateTime(timezone=True), nullable=False, server_default=sa.text('CURRENT_TIMESTAMP')))
        batch_op.add_column(sa.Column('seen', sa.String(length=64), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('note', sa.Text(), nullable=False, server_default=''))
        batch_op.alter_column('released_at',
               existing_type=sa.DATETIME(),
               nullable=True)
        batch_op.create_index('ix_releases_due', ['state', 'due_at'], unique=False)

    # Releases of before the hold were carried out at once.
    op.execute("UPDATE releases SET ordered_at = released_at, due_at = released_at")


def downgrade() -> None:
    with op.batch_alter_table('releases', schema=None) as batch_op:
        batch_op.drop_index('ix_releases_due')
        batch_op.alter_column('released_at',
               existing_type=sa.DATETIME(),
               nullable=False)
        batch_op.drop_column('note')
        batch_op.drop_column('seen')
        batch_op.drop_column('due_at')
        batch_op.drop_column('ordered_at')
        batch_op.drop_column('state')

    with op.batch_alter_table('ranked_rows', schema=None) as batch_op:
        batch_op.drop_column('trace')

    with op.batch_alter_table('panel_findings', schema=None) as batch_op:
        batch_op.drop_column('votes')
        batch_op.drop_column('motion')
        batch_op.drop_column('minutes')

    with op.batch_alter_table('decisions', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_decisions_release_id'), type_='foreignkey')
        batch_op.drop_column('letter_number')
        batch_op.drop_column('release_id')
        batch_op.drop_column('security')
        batch_op.drop_column('ethics')

    with op.batch_alter_table('calls', schema=None) as batch_op:
        batch_op.drop_column('held_until')

    op.drop_table('redress_members')
    with op.batch_alter_table('decision_changes', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_decision_changes_decision_id'))

    op.drop_table('decision_changes')
    op.drop_table('redress_requests')
    op.drop_table('preparations')
