"""Experts are engaged for a call by accepting its terms; conflicts of interest know the dates of the tie."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = '0031'
down_revision = '0030'
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
APPOINTMENTS = sa.table('appointments', sa.column('id'), sa.column('user_id'), sa.column('role'), sa.column('call_id'),
                        sa.column('given_at', sa.DateTime(timezone=True)), sa.column('given_by_id'))
ENGAGEMENTS = sa.table('engagements', sa.column('public_id'), sa.column('user_id'), sa.column('call_id'),
                       sa.column('state'), sa.column('invited_at', sa.DateTime(timezone=True)),
                       sa.column('invited_by_id'), sa.column('reason'))


def upgrade() -> None:
    op.add_column('calls', sa.Column('terms_json', sa.JSON(), server_default='{}', nullable=False))
    op.create_table('engagements',
    sa.Column('call_id', ROW_ID, nullable=False),
    sa.Column('user_id', ROW_ID, nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('invited_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('invited_by_id', ROW_ID, nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reminded_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('terms', sa.Text(), nullable=True),
    sa.Column('sha256', sa.String(length=64), nullable=True),
    sa.Column('id', ROW_ID, nullable=False),
    sa.Column('public_id', sa.String(length=16), nullable=False),
    sa.ForeignKeyConstraint(['call_id'], ['calls.id'], name=op.f('fk_engagements_call_id_calls')),
    sa.ForeignKeyConstraint(['invited_by_id'], ['users.id'], name=op.f('fk_engagements_invited_by_id_users')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_engagements_user_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_engagements')),
    sa.UniqueConstraint('call_id', 'user_id', name=op.f('uq_engagements_call_id_user_id')),
    sa.UniqueConstraint('public_id', name=op.f('uq_engagements_public_id'))
    )
    op.create_index('ix_engagements_user', 'engagements', ['user_id', 'state'], unique=False)
    # Nobody has agreed to these terms yet: whoever belongs to a pool is asked, and is appointed again by agreeing.
    connection = op.get_bind()
    experts = sa.and_(APPOINTMENTS.c.role == 'expert', APPOINTMENTS.c.call_id.is_not(None))
    rows = connection.execute(sa.select(APPOINTMENTS).where(experts)).mappings().all()
    if rows:
        connection.execute(sa.insert(ENGAGEMENTS), [
            {'public_id': secrets.token_hex(8), 'user_id': row['user_id'], 'call_id': row['call_id'],
             'state': 'invited', 'invited_at': row['given_at'], 'invited_by_id': row['given_by_id'], 'reason': ''}
            for row in rows
        ])
        connection.execute(sa.delete(APPOINTMENTS).where(experts))
    op.add_column('conflicts', sa.Column('since', sa.Date(), nullable=True))
    op.add_column('conflicts', sa.Column('until', sa.Date(), nullable=True))
    # How many competing applications there are, without their numbers: not everybody who reads this may see those.
    for row in connection.execute(sa.text("SELECT id, reason FROM conflicts WHERE rule = 'competing'")).all():
        connection.execute(sa.text("UPDATE conflicts SET reason = :count WHERE id = :id"),
                           {'id': row.id, 'count': str(row.reason.count(',') + 1)})
    op.add_column('assignments', sa.Column('screened_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('experts', sa.Column('changed_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('experts', 'changed_at')
    op.drop_column('assignments', 'screened_at')
    op.drop_column('conflicts', 'until')
    op.drop_column('conflicts', 'since')
    connection = op.get_bind()
    rows = connection.execute(sa.text(
        "SELECT user_id, call_id, invited_at, invited_by_id FROM engagements WHERE state <> 'ended'"
    )).all()
    connection.execute(sa.delete(APPOINTMENTS).where(APPOINTMENTS.c.role == 'expert'))
    for row in rows:
        connection.execute(sa.text(
            "INSERT INTO appointments (user_id, role, call_id, given_at, given_by_id) "
            "VALUES (:user_id, 'expert', :call_id, :invited_at, :invited_by_id)"
        ), dict(row._mapping))
    op.drop_table('engagements')
    op.drop_column('calls', 'terms_json')
