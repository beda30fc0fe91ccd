"""Questions about calls."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from grants.calls.models import Call, Programme, Question
from grants.db import db
from grants.people.models import Appointment


def by_reference(reference: str) -> Call | None:
    """One call with its programme and questions."""
    return db.session.scalars(
        select(Call)
        .options(joinedload(Call.programme), selectinload(Call.questions))
        .where(Call.reference == reference)
    ).first()


def question(public_id: str) -> Question | None:
    return db.session.scalars(
        select(Question)
        .options(joinedload(Question.call).selectinload(Call.questions))
        .where(Question.public_id == public_id)
    ).first()


def programmes() -> Sequence[Programme]:
    return db.session.scalars(select(Programme).order_by(Programme.name)).all()


def programmes_of(user: Any) -> list[Programme]:
    """Programmes in which the person may set up calls."""
    ids = [a.programme_id for a in user.appointments if a.role == "officer" and a.programme_id]
    return list(db.session.scalars(select(Programme).where(Programme.id.in_(ids)).order_by(Programme.name)))


def published(at: datetime) -> Select[tuple[Call]]:
    """What the public sees: open calls by deadline, then forthcoming, then closed ones, latest first."""
    is_open = and_(Call.opens_on <= at, Call.deadline_at >= at)
    forthcoming = Call.opens_on > at
    return (
        select(Call)
        .where(Call.state != "draft")
        .order_by(case((is_open, 0), (forthcoming, 1), else_=2), Call.deadline_at.desc(), Call.id)
    )


def count_published() -> int:
    return db.session.scalar(select(func.count()).select_from(Call).where(Call.state != "draft")) or 0


def run_by(user: Any) -> ColumnElement[bool]:
    """Calls that the person works for as officer, chair or observer."""
    rows: list[Appointment] = [a for a in user.appointments if a.role in ("officer", "chair", "observer")]
    if not rows:
        return false()
    return or_(
        Call.id.in_([a.call_id for a in rows if a.call_id]),
        Call.programme_id.in_([a.programme_id for a in rows if a.programme_id]),
    )


def calls_run_by(user: Any) -> Sequence[Call]:
    """Calls on the person's desk, latest deadline first."""
    return db.session.scalars(select(Call).where(run_by(user)).order_by(Call.deadline_at.desc())).all()
